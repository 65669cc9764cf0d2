using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;
using ILGPU;

namespace Gpu.Kernels.Reductions;

/// <summary>
/// A sum for each group, of what its threads read side by side all over the input; a single group finishes the norm. The number of groups decides the order of
/// the sums.
/// </summary>
internal struct GroupedReduce<TBackend, TVector, TMap> : IGroupedKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
    where TMap : struct, IReduceMap
{
    /// <summary>The elements; a sum a group, not used where there is one group.</summary>
    public TBackend Input, Output;

    /// <summary>How many elements.</summary>
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
        // Counted down, because the indices of the largest arenas would pass 2^31.
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
