using ILGPU.Runtime.Cuda;

namespace Gpu.Kernels.Convolution.TensorCore;

/// <summary>Slot 0 of the first operand.</summary>
internal readonly struct FirstSlot0 : ISlot
{
    /// <inheritdoc/>
    public static int Number => 0;

    /// <inheritdoc/>
    public static void Four(long address, int index, int valid) => CudaAsm.Emit(SlotText.Four0, address, index, valid);

    /// <inheritdoc/>
    public static void Some(long address, int index, int count) => CudaAsm.Emit(SlotText.Some0, address, index, count);

    /// <inheritdoc/>
    public static void Settle(int place) => CudaAsm.Emit(SlotText.Settle0, place);

    /// <inheritdoc/>
    public static void AddUp() => CudaAsm.Emit(SlotText.AddUp0);
}

/// <summary>Slot 1 of the first operand.</summary>
internal readonly struct FirstSlot1 : ISlot
{
    /// <inheritdoc/>
    public static int Number => 1;

    /// <inheritdoc/>
    public static void Four(long address, int index, int valid) => CudaAsm.Emit(SlotText.Four1, address, index, valid);

    /// <inheritdoc/>
    public static void Some(long address, int index, int count) => CudaAsm.Emit(SlotText.Some1, address, index, count);

    /// <inheritdoc/>
    public static void Settle(int place) => CudaAsm.Emit(SlotText.Settle1, place);

    /// <inheritdoc/>
    public static void AddUp() => CudaAsm.Emit(SlotText.AddUp1);
}

/// <summary>Slot 2 of the first operand.</summary>
internal readonly struct FirstSlot2 : ISlot
{
    /// <inheritdoc/>
    public static int Number => 2;

    /// <inheritdoc/>
    public static void Four(long address, int index, int valid) => CudaAsm.Emit(SlotText.Four2, address, index, valid);

    /// <inheritdoc/>
    public static void Some(long address, int index, int count) => CudaAsm.Emit(SlotText.Some2, address, index, count);

    /// <inheritdoc/>
    public static void Settle(int place) => CudaAsm.Emit(SlotText.Settle2, place);

    /// <inheritdoc/>
    public static void AddUp() => CudaAsm.Emit(SlotText.AddUp2);
}

/// <summary>Slot 3 of the first operand.</summary>
internal readonly struct FirstSlot3 : ISlot
{
    /// <inheritdoc/>
    public static int Number => 3;

    /// <inheritdoc/>
    public static void Four(long address, int index, int valid) => CudaAsm.Emit(SlotText.Four3, address, index, valid);

    /// <inheritdoc/>
    public static void Some(long address, int index, int count) => CudaAsm.Emit(SlotText.Some3, address, index, count);

    /// <inheritdoc/>
    public static void Settle(int place) => CudaAsm.Emit(SlotText.Settle3, place);

    /// <inheritdoc/>
    public static void AddUp() => CudaAsm.Emit(SlotText.AddUp3);
}

/// <summary>Slot 4 of the first operand.</summary>
internal readonly struct FirstSlot4 : ISlot
{
    /// <inheritdoc/>
    public static int Number => 4;

    /// <inheritdoc/>
    public static void Four(long address, int index, int valid) => CudaAsm.Emit(SlotText.Four4, address, index, valid);

    /// <inheritdoc/>
    public static void Some(long address, int index, int count) => CudaAsm.Emit(SlotText.Some4, address, index, count);

    /// <inheritdoc/>
    public static void Settle(int place) => CudaAsm.Emit(SlotText.Settle4, place);

    /// <inheritdoc/>
    public static void AddUp() => CudaAsm.Emit(SlotText.AddUp4);
}

/// <summary>Slot 5 of the first operand.</summary>
internal readonly struct FirstSlot5 : ISlot
{
    /// <inheritdoc/>
    public static int Number => 5;

    /// <inheritdoc/>
    public static void Four(long address, int index, int valid) => CudaAsm.Emit(SlotText.Four5, address, index, valid);

    /// <inheritdoc/>
    public static void Some(long address, int index, int count) => CudaAsm.Emit(SlotText.Some5, address, index, count);

    /// <inheritdoc/>
    public static void Settle(int place) => CudaAsm.Emit(SlotText.Settle5, place);

    /// <inheritdoc/>
    public static void AddUp() => CudaAsm.Emit(SlotText.AddUp5);
}

/// <summary>Slot 6 of the first operand.</summary>
internal readonly struct FirstSlot6 : ISlot
{
    /// <inheritdoc/>
    public static int Number => 6;

    /// <inheritdoc/>
    public static void Four(long address, int index, int valid) => CudaAsm.Emit(SlotText.Four6, address, index, valid);

    /// <inheritdoc/>
    public static void Some(long address, int index, int count) => CudaAsm.Emit(SlotText.Some6, address, index, count);

    /// <inheritdoc/>
    public static void Settle(int place) => CudaAsm.Emit(SlotText.Settle6, place);

    /// <inheritdoc/>
    public static void AddUp() => CudaAsm.Emit(SlotText.AddUp6);
}

/// <summary>Slot 7 of the first operand.</summary>
internal readonly struct FirstSlot7 : ISlot
{
    /// <inheritdoc/>
    public static int Number => 7;

    /// <inheritdoc/>
    public static void Four(long address, int index, int valid) => CudaAsm.Emit(SlotText.Four7, address, index, valid);

    /// <inheritdoc/>
    public static void Some(long address, int index, int count) => CudaAsm.Emit(SlotText.Some7, address, index, count);

    /// <inheritdoc/>
    public static void Settle(int place) => CudaAsm.Emit(SlotText.Settle7, place);

    /// <inheritdoc/>
    public static void AddUp() => CudaAsm.Emit(SlotText.AddUp7);
}

/// <summary>Slot 8 of the first operand.</summary>
internal readonly struct FirstSlot8 : ISlot
{
    /// <inheritdoc/>
    public static int Number => 8;

    /// <inheritdoc/>
    public static void Four(long address, int index, int valid) => CudaAsm.Emit(SlotText.Four8, address, index, valid);

    /// <inheritdoc/>
    public static void Some(long address, int index, int count) => CudaAsm.Emit(SlotText.Some8, address, index, count);

    /// <inheritdoc/>
    public static void Settle(int place) => CudaAsm.Emit(SlotText.Settle8, place);

    /// <inheritdoc/>
    public static void AddUp() => CudaAsm.Emit(SlotText.AddUp8);
}

/// <summary>Slot 9 of the first operand.</summary>
internal readonly struct FirstSlot9 : ISlot
{
    /// <inheritdoc/>
    public static int Number => 9;

    /// <inheritdoc/>
    public static void Four(long address, int index, int valid) => CudaAsm.Emit(SlotText.Four9, address, index, valid);

    /// <inheritdoc/>
    public static void Some(long address, int index, int count) => CudaAsm.Emit(SlotText.Some9, address, index, count);

    /// <inheritdoc/>
    public static void Settle(int place) => CudaAsm.Emit(SlotText.Settle9, place);

    /// <inheritdoc/>
    public static void AddUp() => CudaAsm.Emit(SlotText.AddUp9);
}

/// <summary>Slot 10 of the first operand.</summary>
internal readonly struct FirstSlot10 : ISlot
{
    /// <inheritdoc/>
    public static int Number => 10;

    /// <inheritdoc/>
    public static void Four(long address, int index, int valid) => CudaAsm.Emit(SlotText.Four10, address, index, valid);

    /// <inheritdoc/>
    public static void Some(long address, int index, int count) => CudaAsm.Emit(SlotText.Some10, address, index, count);

    /// <inheritdoc/>
    public static void Settle(int place) => CudaAsm.Emit(SlotText.Settle10, place);

    /// <inheritdoc/>
    public static void AddUp() => CudaAsm.Emit(SlotText.AddUp10);
}

/// <summary>Slot 11 of the first operand.</summary>
internal readonly struct FirstSlot11 : ISlot
{
    /// <inheritdoc/>
    public static int Number => 11;

    /// <inheritdoc/>
    public static void Four(long address, int index, int valid) => CudaAsm.Emit(SlotText.Four11, address, index, valid);

    /// <inheritdoc/>
    public static void Some(long address, int index, int count) => CudaAsm.Emit(SlotText.Some11, address, index, count);

    /// <inheritdoc/>
    public static void Settle(int place) => CudaAsm.Emit(SlotText.Settle11, place);

    /// <inheritdoc/>
    public static void AddUp() => CudaAsm.Emit(SlotText.AddUp11);
}

/// <summary>Slot 12 of the first operand.</summary>
internal readonly struct FirstSlot12 : ISlot
{
    /// <inheritdoc/>
    public static int Number => 12;

    /// <inheritdoc/>
    public static void Four(long address, int index, int valid) => CudaAsm.Emit(SlotText.Four12, address, index, valid);

    /// <inheritdoc/>
    public static void Some(long address, int index, int count) => CudaAsm.Emit(SlotText.Some12, address, index, count);

    /// <inheritdoc/>
    public static void Settle(int place) => CudaAsm.Emit(SlotText.Settle12, place);

    /// <inheritdoc/>
    public static void AddUp() => CudaAsm.Emit(SlotText.AddUp12);
}

/// <summary>Slot 13 of the first operand.</summary>
internal readonly struct FirstSlot13 : ISlot
{
    /// <inheritdoc/>
    public static int Number => 13;

    /// <inheritdoc/>
    public static void Four(long address, int index, int valid) => CudaAsm.Emit(SlotText.Four13, address, index, valid);

    /// <inheritdoc/>
    public static void Some(long address, int index, int count) => CudaAsm.Emit(SlotText.Some13, address, index, count);

    /// <inheritdoc/>
    public static void Settle(int place) => CudaAsm.Emit(SlotText.Settle13, place);

    /// <inheritdoc/>
    public static void AddUp() => CudaAsm.Emit(SlotText.AddUp13);
}

/// <summary>Slot 14 of the first operand.</summary>
internal readonly struct FirstSlot14 : ISlot
{
    /// <inheritdoc/>
    public static int Number => 14;

    /// <inheritdoc/>
    public static void Four(long address, int index, int valid) => CudaAsm.Emit(SlotText.Four14, address, index, valid);

    /// <inheritdoc/>
    public static void Some(long address, int index, int count) => CudaAsm.Emit(SlotText.Some14, address, index, count);

    /// <inheritdoc/>
    public static void Settle(int place) => CudaAsm.Emit(SlotText.Settle14, place);

    /// <inheritdoc/>
    public static void AddUp() => CudaAsm.Emit(SlotText.AddUp14);
}

/// <summary>Slot 15 of the first operand.</summary>
internal readonly struct FirstSlot15 : ISlot
{
    /// <inheritdoc/>
    public static int Number => 15;

    /// <inheritdoc/>
    public static void Four(long address, int index, int valid) => CudaAsm.Emit(SlotText.Four15, address, index, valid);

    /// <inheritdoc/>
    public static void Some(long address, int index, int count) => CudaAsm.Emit(SlotText.Some15, address, index, count);

    /// <inheritdoc/>
    public static void Settle(int place) => CudaAsm.Emit(SlotText.Settle15, place);

    /// <inheritdoc/>
    public static void AddUp() => CudaAsm.Emit(SlotText.AddUp15);
}
