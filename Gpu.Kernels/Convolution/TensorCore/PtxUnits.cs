using ILGPU.Runtime.Cuda;

namespace Gpu.Kernels.Convolution.TensorCore;

/// <summary>Methods that both units of inline PTX share.</summary>
internal static class PtxUnits
{
    /// <summary>
    /// See <see cref="ITensorCoreUnit.StoreSums"/>; <paramref name="offset"/> is that of the lane, in words. A chain of conditions, because ILGPU 1.5.3
    /// miscompiles a switch on a run-time value.
    /// </summary>
    public static void StoreSums(int part, bool wide, int offset)
    {
        offset *= sizeof(float);
        if (wide)
        {
            if (part == 0) CudaAsm.Emit(PtxText.StoreWide0, offset);
            else if (part == 1) CudaAsm.Emit(PtxText.StoreWide1, offset);
            else if (part == 2) CudaAsm.Emit(PtxText.StoreWide2, offset);
            else CudaAsm.Emit(PtxText.StoreWide3, offset);
        }
        else
        {
            if (part == 0) CudaAsm.Emit(PtxText.StoreNarrow0, offset);
            else if (part == 1) CudaAsm.Emit(PtxText.StoreNarrow1, offset);
            else if (part == 2) CudaAsm.Emit(PtxText.StoreNarrow2, offset);
            else CudaAsm.Emit(PtxText.StoreNarrow3, offset);
        }
    }

    /// <summary>Sets where the lane's fragments begin in stage 0, in words: first operand, its second half if it is stored in rows, second operand.</summary>
    public static void SetLane(int first0, int first1, int second) =>
        CudaAsm.Emit(PtxText.SetLane, first0 * sizeof(float), first1 * sizeof(float), second * sizeof(float));

    /// <summary>Sets the address of one half of a first operand in rows.</summary>
    public static void SetFirstInRows(int half, int stage)
    {
        if (half == 0) CudaAsm.Emit(PtxText.SetFirst0, stage * sizeof(float));
        else CudaAsm.Emit(PtxText.SetFirst1, stage * sizeof(float));
    }

    /// <summary>See <see cref="ITensorCoreUnit.WaitForAllBut"/>.</summary>
    public static void WaitForAllBut(int batches)
    {
        if (batches == 0) CudaAsm.Emit(PtxText.Wait0);
        else if (batches == 1) CudaAsm.Emit(PtxText.Wait1);
        else CudaAsm.Emit(PtxText.Wait2);
    }
}
