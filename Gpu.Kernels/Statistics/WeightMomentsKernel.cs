using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Optimizers;

namespace Gpu.Kernels.Statistics;

/// <summary>
/// Sums over a block of weights: w^2, gradient^2, (w - before)^2, the largest |w|, the number of weights that are not exactly zero, |w|, and gradient * w. An
/// item is a block of the <see cref="SegmentTable"/>; the host adds up the blocks of a segment in double precision. NaN propagates into the sums.
/// </summary>
internal struct WeightMomentsKernel<TBackend, TVector> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>Arenas of the same length, and <see cref="WeightStatistics.MomentWords"/> words per block.</summary>
    public TBackend Weights, Before, Gradients, Moments;

    /// <summary>The items.</summary>
    public SegmentBlocks<TBackend, TVector> Blocks;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        Blocks.Get(item, out var from, out var length, out _);
        var to = from + length;
        var (weights, gradients, changes) = (TBackend.Zero, TBackend.Zero, TBackend.Zero);
        var (largest, used, absolutes, products) = (TBackend.Zero, TBackend.Zero, TBackend.Zero, TBackend.Zero);
        for (var i = from; i < to; i += TBackend.Width)
        {
            // Lanes behind the end are zero, which changes none of the results.
            var weight = TBackend.LoadPartial(Weights, i, to - i);
            var gradient = TBackend.LoadPartial(Gradients, i, to - i);
            var change = TBackend.Subtract(weight, TBackend.LoadPartial(Before, i, to - i));
            weights = TBackend.MultiplyAdd(weight, weight, weights);
            gradients = TBackend.MultiplyAdd(gradient, gradient, gradients);
            changes = TBackend.MultiplyAdd(change, change, changes);
            largest = TBackend.Max(largest, TBackend.Abs(weight));
            absolutes = TBackend.Add(absolutes, TBackend.Abs(weight));
            products = TBackend.MultiplyAdd(gradient, weight, products);
            used = TBackend.Add(used, TBackend.SelectEqual(weight, TBackend.Zero, TBackend.Zero, TBackend.Splat(1f)));
        }

        var moments = item * WeightStatistics.MomentWords;
        TBackend.StoreScalar(Moments, moments, TBackend.Sum(weights));
        TBackend.StoreScalar(Moments, moments + 1, TBackend.Sum(gradients));
        TBackend.StoreScalar(Moments, moments + 2, TBackend.Sum(changes));
        TBackend.StoreScalar(Moments, moments + 3, TBackend.Largest(largest));
        TBackend.StoreScalar(Moments, moments + 4, TBackend.Sum(used));
        TBackend.StoreScalar(Moments, moments + 5, TBackend.Sum(absolutes));
        TBackend.StoreScalar(Moments, moments + 6, TBackend.Sum(products));
    }
}
