using System.Runtime.CompilerServices;
using Gpu.Kernels.Convolution.TensorCore;
using Gpu.Kernels.Devices;
using ILGPU;
using ILGPU.Runtime.Cuda;

namespace Gpu.Kernels.Peaks;

/// <summary>
/// Peak throughput of tensor cores: each warp repeatedly adds products to sixteen independent accumulators in registers, and accesses memory only at the end.
/// Every lane then writes the sum of its 64 accumulator registers, so that the compiler cannot remove any of them.
/// </summary>
internal struct TensorCorePeak<TUnit> : IGroupedKernel
    where TUnit : struct, IPeakUnit
{
    /// <summary>Device address of the output, one word per thread.</summary>
    public long Output;

    /// <summary>Products per accumulator.</summary>
    public int Rounds;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run()
    {
        CudaAsm.Emit(PeakText.Begin, TUnit.First(Group.IdxX & (WarpTile.Lanes - 1)), TUnit.Second);
        for (var round = 0; round < Rounds; round++) TUnit.Multiply();
        CudaAsm.Emit(PeakText.End, Output + (Grid.IdxX * (long)Group.DimX + Group.IdxX) * sizeof(float));
    }
}
