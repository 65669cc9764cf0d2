using System.Runtime.CompilerServices;
using Gpu.Kernels.Launching;
using Gpu.Kernels.Machines;
using Gpu.Kernels.Reductions;
using ILGPU;

namespace Gpu.Kernels.Convolution;

/// <summary>
/// <see cref="SumSplits{TMachine,TVector}"/> for groups of threads, of the gradients of weights and bias in one launch: a group adds up <see cref="Lanes"/> vectors, its
/// threads a share of the splits each, and then by halves. So no thread reads more than a few of many splits one after the other.
/// </summary>
public struct SumSplitsGroups<TMachine, TVector> : IGroupedKernel
    where TMachine : struct, IMachine<TMachine, TVector>
    where TVector : unmanaged
{
    /// <summary>The partial sums, each split's weights and then its bias; the gradients that they are added to.</summary>
    public TMachine Partials, Weights, Bias;

    /// <summary>Words of the weights, a multiple of the vector's; vectors of weights, and of weights and bias; words of the bias.</summary>
    public int WeightWords, WeightVectors, Vectors, BiasWords;

    /// <summary>Splits; words from one split to the next; vectors of a group, a power of two.</summary>
    public int Splits, Stride, Lanes;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run()
    {
        var shared = SharedMemory.Allocate<TVector>(GroupThreads.Most);
        var down = Group.IdxX / Lanes;
        var lane = Group.IdxX - down * Lanes;
        var deep = Group.DimX / Lanes;
        var vector = ILGPU.Grid.IdxX * Lanes + lane;
        var at = vector * TMachine.Width;
        var inBias = at - WeightWords;
        var left = vector < WeightVectors ? WeightWords - at : BiasWords - inBias;
        // No words are left of a vector behind the last: it is read as zeros.
        var sum = TMachine.Zero;
        if (down < Splits) sum = SplitChain<TMachine, TVector>.Sum(Partials, at + down * Stride, deep * Stride, (Splits - down + deep - 1) / deep, left);
        sum = GroupTree<TMachine, TVector>.Sum(shared, sum, Lanes);
        if (down != 0 || vector >= Vectors) return;
        if (vector < WeightVectors) TMachine.StorePartial(Weights, at, TMachine.Add(TMachine.LoadPartial(Weights, at, left), sum), left);
        else TMachine.StorePartial(Bias, inBias, TMachine.Add(TMachine.LoadPartial(Bias, inBias, left), sum), left);
    }
}
