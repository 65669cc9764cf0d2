using ILGPU.Runtime.Cuda;

namespace Gpu.Kernels.Convolution.TensorCore;

/// <summary>Methods that both units of inline PTX share.</summary>
internal static class PtxUnits
{
    /// <summary>See <see cref="ITensorCoreUnit.StoreSums"/>. A chain of conditions, because ILGPU 1.5.3 miscompiles a switch on a run-time value.</summary>
    public static void StoreSums(int part, bool wide, int lane, int target)
    {
        var offset = (target + (lane >> 2) * WarpTile.EpilogueStride(wide ? 64 : 32) + 2 * (lane & 3)) * sizeof(float);
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

    /// <summary>See <see cref="ITensorCoreUnit.WaitForAllBut"/>.</summary>
    public static void WaitForAllBut(int batches)
    {
        if (batches == 0) CudaAsm.Emit(PtxText.Wait0);
        else if (batches == 1) CudaAsm.Emit(PtxText.Wait1);
        else CudaAsm.Emit(PtxText.Wait2);
    }
}
