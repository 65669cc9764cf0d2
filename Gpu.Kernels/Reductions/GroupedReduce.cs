using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;
using ILGPU;

namespace Gpu.Kernels.Reductions;

/// <summary>
/// One sum per group. All threads of the grid together read consecutive vectors, with the size of the grid as the stride. A single group also finishes the
/// norm. The order of the sums depends on the number of groups.
/// </summary>
internal struct GroupedReduce<TBackend, TVector, TMap> : IGroupedKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
    where TMap : struct, IReduceMap
{
    /// <summary>The elements, and one sum per group; Output is not used with a single group.</summary>
    public TBackend Input, Output;

    /// <summary>The number of elements.</summary>
    public int Count;

    /// <summary>What a single group does with its sum.</summary>
    public GradientNormFinish<TBackend, TVector> Finish;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run()
    {
        var shared = SharedMemory.Allocate<float>(GroupThreads.Max);
        var at = (Grid.IdxX * Group.DimX + Group.IdxX) * TBackend.Width;
        var step = Grid.DimX * Group.DimX * TBackend.Width;
        TVector sum0 = TBackend.Zero, sum1 = sum0, sum2 = sum0, sum3 = sum0;
        // Counts down, because indices past the end of the largest arenas would exceed 2^31.
        var left = Count - at;
        for (; left - 3 * step >= TBackend.Width; left -= 4 * step)
        {
            var (x0, x1) = (TBackend.Load(Input, at), TBackend.Load(Input, at + step));
            var (x2, x3) = (TBackend.Load(Input, at + 2 * step), TBackend.Load(Input, at + 3 * step));
            sum0 = TBackend.Add(sum0, TMap.Apply<TBackend, TVector>(x0));
            sum1 = TBackend.Add(sum1, TMap.Apply<TBackend, TVector>(x1));
            sum2 = TBackend.Add(sum2, TMap.Apply<TBackend, TVector>(x2));
            sum3 = TBackend.Add(sum3, TMap.Apply<TBackend, TVector>(x3));
            at += 4 * step;
        }

        for (; left > 0; left -= step)
        {
            sum0 = TBackend.Add(sum0, TMap.Apply<TBackend, TVector>(TBackend.LoadPartial(Input, at, left)));
            at += step;
        }

        var sum = TBackend.Sum(TBackend.Add(TBackend.Add(sum0, sum1), TBackend.Add(sum2, sum3)));
        sum = GroupReduce<GpuScalarBackend, float>.Sum(shared, sum, 1);
        if (Group.IdxX != 0) return;
        if (Grid.DimX == 1) Finish.Store(sum);
        else TBackend.StoreScalar(Output, Grid.IdxX, sum);
    }
}
