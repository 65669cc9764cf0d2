using ILGPU.Runtime.Cuda;

namespace Gpu.Kernels.Convolution.TensorCore;

/// <summary>What the two units of inline PTX have in common.</summary>
internal static class PtxUnits
{
    /// <summary>See <see cref="ITensorCoreUnit.StoreSums"/>. A chain of conditions: ILGPU 1.5.3 gets a switch on a run-time value wrong.</summary>
    public static void StoreSums(int part, bool wide, int lane, int target)
    {
        var place = (target + (lane >> 2) * WarpTile.EpilogueStride(wide ? 64 : 32) + 2 * (lane & 3)) * sizeof(float);
        if (wide)
        {
            if (part == 0) CudaAsm.Emit(PtxText.StoreWide0, place);
            else if (part == 1) CudaAsm.Emit(PtxText.StoreWide1, place);
            else if (part == 2) CudaAsm.Emit(PtxText.StoreWide2, place);
            else CudaAsm.Emit(PtxText.StoreWide3, place);
        }
        else
        {
            if (part == 0) CudaAsm.Emit(PtxText.StoreNarrow0, place);
            else if (part == 1) CudaAsm.Emit(PtxText.StoreNarrow1, place);
            else if (part == 2) CudaAsm.Emit(PtxText.StoreNarrow2, place);
            else CudaAsm.Emit(PtxText.StoreNarrow3, place);
        }
    }

    /// <summary>See <see cref="ITensorCoreUnit.WaitForAllBut"/>.</summary>
    public static void WaitForAllBut(int batches)
    {
        if (batches == 0) CudaAsm.Emit(PtxText.Wait0);
        else if (batches == 1) CudaAsm.Emit(PtxText.Wait1);
        else CudaAsm.Emit(PtxText.Wait2);
    }
}
