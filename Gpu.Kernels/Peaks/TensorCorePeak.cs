using System.Runtime.CompilerServices;
using Gpu.Kernels.Convolution.TensorCore;
using Gpu.Kernels.Devices;
using ILGPU;
using ILGPU.Runtime.Cuda;

namespace Gpu.Kernels.Peaks;

/// <summary>
/// What tensor cores do at most: each warp adds products to sixteen independent sums in registers, again and again, and touches no memory before the end. Every lane writes
/// the sum of its 64 sums, so that nothing can be left out.
/// </summary>
internal struct TensorCorePeak<TUnit> : IGroupedKernel
    where TUnit : struct, IPeakUnit
{
    /// <summary>Address of a word a thread.</summary>
    public long Output;

    /// <summary>Products of each sum.</summary>
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
