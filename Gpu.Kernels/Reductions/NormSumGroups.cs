using System.Runtime.CompilerServices;
using Gpu.Kernels.Launching;
using Gpu.Kernels.Machines;
using ILGPU;

namespace Gpu.Kernels.Reductions;

/// <summary>
/// A sum for each group, of what its threads read side by side all over the input; a single group finishes the norm. The number of groups decides the order of
/// the sums.
/// </summary>
public struct NormSumGroups<TMachine, TVector, TSummand> : IGroupedKernel
    where TMachine : struct, IMachine<TMachine, TVector>
    where TVector : unmanaged
    where TSummand : struct, ISummand
{
    /// <summary>The elements; a sum a group, not used where there is one group.</summary>
    public TMachine Input, Output;

    /// <summary>How many elements.</summary>
    public int Count;

    /// <summary>What a single group does with its sum.</summary>
    public NormFinish<TMachine, TVector> Finish;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run()
    {
        var shared = SharedMemory.Allocate<float>(GroupThreads.Most);
        var at = (Grid.IdxX * Group.DimX + Group.IdxX) * TMachine.Width;
        var step = Grid.DimX * Group.DimX * TMachine.Width;
        TVector sum0 = TMachine.Zero, sum1 = sum0, sum2 = sum0, sum3 = sum0;
        // Counted down, because the indices of the largest arenas would pass 2^31.
        var left = Count - at;
        for (; left - 3 * step >= TMachine.Width; left -= 4 * step)
        {
            var (x0, x1) = (TMachine.Load(Input, at), TMachine.Load(Input, at + step));
            var (x2, x3) = (TMachine.Load(Input, at + 2 * step), TMachine.Load(Input, at + 3 * step));
            sum0 = TMachine.Add(sum0, TSummand.Of<TMachine, TVector>(x0));
            sum1 = TMachine.Add(sum1, TSummand.Of<TMachine, TVector>(x1));
            sum2 = TMachine.Add(sum2, TSummand.Of<TMachine, TVector>(x2));
            sum3 = TMachine.Add(sum3, TSummand.Of<TMachine, TVector>(x3));
            at += 4 * step;
        }

        for (; left > 0; left -= step)
        {
            sum0 = TMachine.Add(sum0, TSummand.Of<TMachine, TVector>(TMachine.LoadPartial(Input, at, left)));
            at += step;
        }

        var sum = TMachine.Sum(TMachine.Add(TMachine.Add(sum0, sum1), TMachine.Add(sum2, sum3)));
        sum = GroupTree<Gpu1, float>.Sum(shared, sum, 1);
        if (Group.IdxX != 0) return;
        if (Grid.DimX == 1) Finish.Store(sum);
        else TMachine.StoreScalar(Output, Grid.IdxX, sum);
    }
}
