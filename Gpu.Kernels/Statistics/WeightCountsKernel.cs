using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Optimizers;

namespace Gpu.Kernels.Statistics;

/// <summary>
/// Counts the weights of a block below an edge of the histogram; the difference of two neighbours is the number in a bin. Number 0 counts the weights with
/// |w| below a thousandth of the largest instead. An item is an edge of a block; no atomic additions are needed.
/// </summary>
internal struct WeightCountsKernel<TBackend, TVector> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>The weights; the largest |w| of each segment; <see cref="WeightStatistics.Bins"/> words per block.</summary>
    public TBackend Weights, Largest, Counts;

    /// <summary>The blocks.</summary>
    public SegmentBlocks<TBackend, TVector> Blocks;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        var block = item / WeightStatistics.Bins;
        var number = item - block * WeightStatistics.Bins;
        Blocks.Get(block, out var from, out var length, out var segment);
        var to = from + length;
        var largest = TBackend.LoadScalar(Largest, segment);
        // 1 for number 0, otherwise 0: computed, because the backends forbid a value that a branch chose.
        var small = Math.Max(0f, 1f - number);
        var middle = WeightStatistics.Bins / 2;
        var edge = TBackend.Splat(largest * (small * WeightStatistics.SmallShare + (1f - small) * (number - middle) / middle));
        var (whenSmall, otherwise) = (TBackend.Splat(small), TBackend.Splat(1f - small));
        var count = TBackend.Zero;
        for (var i = from; i < to; i += TBackend.Width)
        {
            var weight = TBackend.LoadPartial(Weights, i, to - i);
            weight = TBackend.Add(TBackend.Multiply(TBackend.Abs(weight), whenSmall), TBackend.Multiply(weight, otherwise));
            var isBelow = TBackend.SelectGreater(edge, weight, TBackend.Splat(1f), TBackend.Zero);
            count = TBackend.Add(count, TBackend.SelectGreater(TBackend.Splat(to - i), TBackend.LaneNumbers, isBelow, TBackend.Zero));
        }

        TBackend.StoreScalar(Counts, item, TBackend.Sum(count));
    }
}
