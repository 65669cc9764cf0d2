using ILGPU.Runtime.Cuda;

namespace Gpu.Kernels.Cuda.TensorCores;

/// <summary>
/// From a slot to its text. Chains of conditions on a constant, of which the compiler keeps one statement: inline PTX has to be a constant, and ILGPU 1.5.3 gets a switch on a run-time
/// value wrong, so that it is better not to write one.
/// </summary>
internal static class PtxSlots
{
    /// <summary>See <see cref="IMatrixUnit.FetchFour"/>.</summary>
    public static void Four(int slot, long address, int valid)
    {
        if (slot == 0) CudaAsm.Emit(SlotText.Four0, address, valid);
        else if (slot == 1) CudaAsm.Emit(SlotText.Four1, address, valid);
        else if (slot == 2) CudaAsm.Emit(SlotText.Four2, address, valid);
        else if (slot == 3) CudaAsm.Emit(SlotText.Four3, address, valid);
        else if (slot == 4) CudaAsm.Emit(SlotText.Four4, address, valid);
        else if (slot == 5) CudaAsm.Emit(SlotText.Four5, address, valid);
        else if (slot == 6) CudaAsm.Emit(SlotText.Four6, address, valid);
        else if (slot == 7) CudaAsm.Emit(SlotText.Four7, address, valid);
        else if (slot == 8) CudaAsm.Emit(SlotText.Four8, address, valid);
        else if (slot == 9) CudaAsm.Emit(SlotText.Four9, address, valid);
        else if (slot == 10) CudaAsm.Emit(SlotText.Four10, address, valid);
        else if (slot == 11) CudaAsm.Emit(SlotText.Four11, address, valid);
        else if (slot == 12) CudaAsm.Emit(SlotText.Four12, address, valid);
        else if (slot == 13) CudaAsm.Emit(SlotText.Four13, address, valid);
        else if (slot == 14) CudaAsm.Emit(SlotText.Four14, address, valid);
        else if (slot == 15) CudaAsm.Emit(SlotText.Four15, address, valid);
        else if (slot == 16) CudaAsm.Emit(SlotText.Four16, address, valid);
        else if (slot == 17) CudaAsm.Emit(SlotText.Four17, address, valid);
        else if (slot == 18) CudaAsm.Emit(SlotText.Four18, address, valid);
        else CudaAsm.Emit(SlotText.Four19, address, valid);
    }

    /// <summary>See <see cref="IMatrixUnit.FetchSome"/>.</summary>
    public static void Some(int slot, long address, int count)
    {
        if (slot == 0) CudaAsm.Emit(SlotText.Some0, address, count);
        else if (slot == 1) CudaAsm.Emit(SlotText.Some1, address, count);
        else if (slot == 2) CudaAsm.Emit(SlotText.Some2, address, count);
        else if (slot == 3) CudaAsm.Emit(SlotText.Some3, address, count);
        else if (slot == 4) CudaAsm.Emit(SlotText.Some4, address, count);
        else if (slot == 5) CudaAsm.Emit(SlotText.Some5, address, count);
        else if (slot == 6) CudaAsm.Emit(SlotText.Some6, address, count);
        else if (slot == 7) CudaAsm.Emit(SlotText.Some7, address, count);
        else if (slot == 8) CudaAsm.Emit(SlotText.Some8, address, count);
        else if (slot == 9) CudaAsm.Emit(SlotText.Some9, address, count);
        else if (slot == 10) CudaAsm.Emit(SlotText.Some10, address, count);
        else if (slot == 11) CudaAsm.Emit(SlotText.Some11, address, count);
        else if (slot == 12) CudaAsm.Emit(SlotText.Some12, address, count);
        else if (slot == 13) CudaAsm.Emit(SlotText.Some13, address, count);
        else if (slot == 14) CudaAsm.Emit(SlotText.Some14, address, count);
        else if (slot == 15) CudaAsm.Emit(SlotText.Some15, address, count);
        else if (slot == 16) CudaAsm.Emit(SlotText.Some16, address, count);
        else if (slot == 17) CudaAsm.Emit(SlotText.Some17, address, count);
        else if (slot == 18) CudaAsm.Emit(SlotText.Some18, address, count);
        else CudaAsm.Emit(SlotText.Some19, address, count);
    }

    /// <summary>See <see cref="IMatrixUnit.Settle"/>.</summary>
    public static void Settle(int slot, int place)
    {
        if (slot == 0) CudaAsm.Emit(SlotText.Settle0, place);
        else if (slot == 1) CudaAsm.Emit(SlotText.Settle1, place);
        else if (slot == 2) CudaAsm.Emit(SlotText.Settle2, place);
        else if (slot == 3) CudaAsm.Emit(SlotText.Settle3, place);
        else if (slot == 4) CudaAsm.Emit(SlotText.Settle4, place);
        else if (slot == 5) CudaAsm.Emit(SlotText.Settle5, place);
        else if (slot == 6) CudaAsm.Emit(SlotText.Settle6, place);
        else if (slot == 7) CudaAsm.Emit(SlotText.Settle7, place);
        else if (slot == 8) CudaAsm.Emit(SlotText.Settle8, place);
        else if (slot == 9) CudaAsm.Emit(SlotText.Settle9, place);
        else if (slot == 10) CudaAsm.Emit(SlotText.Settle10, place);
        else if (slot == 11) CudaAsm.Emit(SlotText.Settle11, place);
        else if (slot == 12) CudaAsm.Emit(SlotText.Settle12, place);
        else if (slot == 13) CudaAsm.Emit(SlotText.Settle13, place);
        else if (slot == 14) CudaAsm.Emit(SlotText.Settle14, place);
        else if (slot == 15) CudaAsm.Emit(SlotText.Settle15, place);
        else if (slot == 16) CudaAsm.Emit(SlotText.Settle16, place);
        else if (slot == 17) CudaAsm.Emit(SlotText.Settle17, place);
        else if (slot == 18) CudaAsm.Emit(SlotText.Settle18, place);
        else CudaAsm.Emit(SlotText.Settle19, place);
    }

    /// <summary>See <see cref="IMatrixUnit.AddUp"/>.</summary>
    public static void AddUp(int slot)
    {
        if (slot == 0) CudaAsm.Emit(SlotText.AddUp0);
        else if (slot == 1) CudaAsm.Emit(SlotText.AddUp1);
        else if (slot == 2) CudaAsm.Emit(SlotText.AddUp2);
        else if (slot == 3) CudaAsm.Emit(SlotText.AddUp3);
        else if (slot == 4) CudaAsm.Emit(SlotText.AddUp4);
        else if (slot == 5) CudaAsm.Emit(SlotText.AddUp5);
        else if (slot == 6) CudaAsm.Emit(SlotText.AddUp6);
        else if (slot == 7) CudaAsm.Emit(SlotText.AddUp7);
        else if (slot == 8) CudaAsm.Emit(SlotText.AddUp8);
        else if (slot == 9) CudaAsm.Emit(SlotText.AddUp9);
        else if (slot == 10) CudaAsm.Emit(SlotText.AddUp10);
        else if (slot == 11) CudaAsm.Emit(SlotText.AddUp11);
        else if (slot == 12) CudaAsm.Emit(SlotText.AddUp12);
        else if (slot == 13) CudaAsm.Emit(SlotText.AddUp13);
        else if (slot == 14) CudaAsm.Emit(SlotText.AddUp14);
        else if (slot == 15) CudaAsm.Emit(SlotText.AddUp15);
        else if (slot == 16) CudaAsm.Emit(SlotText.AddUp16);
        else if (slot == 17) CudaAsm.Emit(SlotText.AddUp17);
        else if (slot == 18) CudaAsm.Emit(SlotText.AddUp18);
        else CudaAsm.Emit(SlotText.AddUp19);
    }
}
