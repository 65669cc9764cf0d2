using ILGPU.Runtime.Cuda;

namespace Gpu.Kernels.Convolution.TensorCore;

/// <summary>Slot 0 of the second operand.</summary>
internal readonly struct SecondSlot0 : ISlot
{
    /// <inheritdoc/>
    public static int Number => 16;

    /// <inheritdoc/>
    public static void Four(long address, int index, int valid) => CudaAsm.Emit(SlotText.Four16, address, index, valid);

    /// <inheritdoc/>
    public static void Some(long address, int index, int count) => CudaAsm.Emit(SlotText.Some16, address, index, count);

    /// <inheritdoc/>
    public static void Settle(int place) => CudaAsm.Emit(SlotText.Settle16, place);

    /// <inheritdoc/>
    public static void AddUp() => CudaAsm.Emit(SlotText.AddUp16);
}

/// <summary>Slot 1 of the second operand.</summary>
internal readonly struct SecondSlot1 : ISlot
{
    /// <inheritdoc/>
    public static int Number => 17;

    /// <inheritdoc/>
    public static void Four(long address, int index, int valid) => CudaAsm.Emit(SlotText.Four17, address, index, valid);

    /// <inheritdoc/>
    public static void Some(long address, int index, int count) => CudaAsm.Emit(SlotText.Some17, address, index, count);

    /// <inheritdoc/>
    public static void Settle(int place) => CudaAsm.Emit(SlotText.Settle17, place);

    /// <inheritdoc/>
    public static void AddUp() => CudaAsm.Emit(SlotText.AddUp17);
}

/// <summary>Slot 2 of the second operand.</summary>
internal readonly struct SecondSlot2 : ISlot
{
    /// <inheritdoc/>
    public static int Number => 18;

    /// <inheritdoc/>
    public static void Four(long address, int index, int valid) => CudaAsm.Emit(SlotText.Four18, address, index, valid);

    /// <inheritdoc/>
    public static void Some(long address, int index, int count) => CudaAsm.Emit(SlotText.Some18, address, index, count);

    /// <inheritdoc/>
    public static void Settle(int place) => CudaAsm.Emit(SlotText.Settle18, place);

    /// <inheritdoc/>
    public static void AddUp() => CudaAsm.Emit(SlotText.AddUp18);
}

/// <summary>Slot 3 of the second operand.</summary>
internal readonly struct SecondSlot3 : ISlot
{
    /// <inheritdoc/>
    public static int Number => 19;

    /// <inheritdoc/>
    public static void Four(long address, int index, int valid) => CudaAsm.Emit(SlotText.Four19, address, index, valid);

    /// <inheritdoc/>
    public static void Some(long address, int index, int count) => CudaAsm.Emit(SlotText.Some19, address, index, count);

    /// <inheritdoc/>
    public static void Settle(int place) => CudaAsm.Emit(SlotText.Settle19, place);

    /// <inheritdoc/>
    public static void AddUp() => CudaAsm.Emit(SlotText.AddUp19);
}

/// <summary>Slot 4 of the second operand.</summary>
internal readonly struct SecondSlot4 : ISlot
{
    /// <inheritdoc/>
    public static int Number => 20;

    /// <inheritdoc/>
    public static void Four(long address, int index, int valid) => CudaAsm.Emit(SlotText.Four20, address, index, valid);

    /// <inheritdoc/>
    public static void Some(long address, int index, int count) => CudaAsm.Emit(SlotText.Some20, address, index, count);

    /// <inheritdoc/>
    public static void Settle(int place) => CudaAsm.Emit(SlotText.Settle20, place);

    /// <inheritdoc/>
    public static void AddUp() => CudaAsm.Emit(SlotText.AddUp20);
}

/// <summary>Slot 5 of the second operand.</summary>
internal readonly struct SecondSlot5 : ISlot
{
    /// <inheritdoc/>
    public static int Number => 21;

    /// <inheritdoc/>
    public static void Four(long address, int index, int valid) => CudaAsm.Emit(SlotText.Four21, address, index, valid);

    /// <inheritdoc/>
    public static void Some(long address, int index, int count) => CudaAsm.Emit(SlotText.Some21, address, index, count);

    /// <inheritdoc/>
    public static void Settle(int place) => CudaAsm.Emit(SlotText.Settle21, place);

    /// <inheritdoc/>
    public static void AddUp() => CudaAsm.Emit(SlotText.AddUp21);
}

/// <summary>Slot 6 of the second operand.</summary>
internal readonly struct SecondSlot6 : ISlot
{
    /// <inheritdoc/>
    public static int Number => 22;

    /// <inheritdoc/>
    public static void Four(long address, int index, int valid) => CudaAsm.Emit(SlotText.Four22, address, index, valid);

    /// <inheritdoc/>
    public static void Some(long address, int index, int count) => CudaAsm.Emit(SlotText.Some22, address, index, count);

    /// <inheritdoc/>
    public static void Settle(int place) => CudaAsm.Emit(SlotText.Settle22, place);

    /// <inheritdoc/>
    public static void AddUp() => CudaAsm.Emit(SlotText.AddUp22);
}

/// <summary>Slot 7 of the second operand.</summary>
internal readonly struct SecondSlot7 : ISlot
{
    /// <inheritdoc/>
    public static int Number => 23;

    /// <inheritdoc/>
    public static void Four(long address, int index, int valid) => CudaAsm.Emit(SlotText.Four23, address, index, valid);

    /// <inheritdoc/>
    public static void Some(long address, int index, int count) => CudaAsm.Emit(SlotText.Some23, address, index, count);

    /// <inheritdoc/>
    public static void Settle(int place) => CudaAsm.Emit(SlotText.Settle23, place);

    /// <inheritdoc/>
    public static void AddUp() => CudaAsm.Emit(SlotText.AddUp23);
}
