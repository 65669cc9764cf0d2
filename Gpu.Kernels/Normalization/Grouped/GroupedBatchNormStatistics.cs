using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Reductions;
using ILGPU;

namespace Gpu.Kernels.Normalization;

/// <summary>
/// First stage of the batch statistics for thread groups (see <see cref="ChannelGroups"/>): for each channel, the mean of a chunk of rows and the sum of
/// squared deviations from it. Reads every value once.
/// </summary>
/// <remarks>
/// A thread computes the mean and the squared deviations of four rows at a time, and combines them with those of its previous rows. Then the threads of a group
/// combine their statistics pairwise (T. F. Chan, G. H. Golub, R. J. LeVeque, "Algorithms for computing the sample variance", 1983). The first row of the
/// tensor is subtracted from all values, so that data far from zero loses no precision.
/// </remarks>
internal struct GroupedBatchNormStatistics<TBackend, TVector> : IGroupedKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>
    /// Input [row, channel]; partial results [chunk, 2, channel], means minus the first row followed by sums of squared deviations. The partial results are not
    /// used with one chunk.
    /// </summary>
    public TBackend Input, Partials;

    /// <summary>Saved and running statistics and scale, which are written if there is one chunk.</summary>
    public BatchNormCoefficients<TBackend, TVector> Coefficients;

    /// <summary>Sizes.</summary>
    public ChannelGroups Layout;

    /// <summary>Words from the partial results of one chunk to those of the next, and from the means of a chunk to its squares.</summary>
    public int PartialStride, PartialRow;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run()
    {
        var means = SharedMemory.Allocate<TVector>(GroupThreads.Max);
        var deviations = SharedMemory.Allocate<TVector>(GroupThreads.Max);
        var position = Layout.GetPosition(TBackend.Width);
        var pivot = TBackend.Load(Input, position.ReadChannel);
        AccumulateRows(position, pivot, out var mean, out var squares);
        Merge(means, deviations, position, ref mean, ref squares);
        if (position.ThreadRow != 0 || position.Channel >= Layout.Channels) return;
        if (Layout.Chunks == 1)
        {
            Coefficients.Store(position.Channel, TBackend.Width, TBackend.Add(pivot, mean), squares, Layout.Rows);
            return;
        }

        var partials = position.Chunk * PartialStride + position.Channel;
        TBackend.Store(Partials, partials, mean);
        TBackend.Store(Partials, partials + PartialRow, squares);
    }

    // Statistics of the rows of a thread.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void AccumulateRows(ChannelPosition position, TVector pivot, out TVector mean, out TVector squares)
    {
        mean = TBackend.Zero;
        squares = TBackend.Zero;
        var first = position.FirstRow + position.ThreadRow;
        var row = first;
        var at = row * Layout.Channels + position.ReadChannel;
        var step = position.RowStep * Layout.Channels;
        for (; row + 3 * position.RowStep < position.EndRow; row += 4 * position.RowStep)
        {
            var x0 = TBackend.Subtract(TBackend.Load(Input, at), pivot);
            var x1 = TBackend.Subtract(TBackend.Load(Input, at + step), pivot);
            var x2 = TBackend.Subtract(TBackend.Load(Input, at + 2 * step), pivot);
            var x3 = TBackend.Subtract(TBackend.Load(Input, at + 3 * step), pivot);
            var sum = TBackend.Add(TBackend.Add(x0, x1), TBackend.Add(x2, x3));
            var blockMean = TBackend.Multiply(sum, TBackend.Splat(0.25f));
            x0 = TBackend.Subtract(x0, blockMean);
            x1 = TBackend.Subtract(x1, blockMean);
            x2 = TBackend.Subtract(x2, blockMean);
            x3 = TBackend.Subtract(x3, blockMean);
            var blockSquares = TBackend.MultiplyAdd(x1, x1, TBackend.Multiply(x0, x0));
            blockSquares = TBackend.Add(blockSquares, TBackend.MultiplyAdd(x3, x3, TBackend.Multiply(x2, x2)));
            // The number of previous rows is computed from the row of the thread. ILGPU would take a counter from 0 for uniform across threads.
            float before = (row - first) >> Layout.RowShift;
            Combine(ref mean, ref squares, before, blockMean, blockSquares, 4f);
            at += 4 * step;
        }

        for (; row < position.EndRow; row += position.RowStep)
        {
            float before = (row - first) >> Layout.RowShift;
            Combine(ref mean, ref squares, before, TBackend.Subtract(TBackend.Load(Input, at), pivot), TBackend.Zero, 1f);
            at += step;
        }
    }

    // Combines the statistics of the threads with the same channels as a tree. The number of rows behind each thread's statistics follows from its number.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Merge(ArrayView<TVector> means, ArrayView<TVector> deviations, ChannelPosition position, ref TVector mean, ref TVector squares)
    {
        var thread = Group.IdxX;
        var rows = position.EndRow - position.FirstRow;
        means[thread] = mean;
        deviations[thread] = squares;
        GroupBarrier.Wait();
        for (var shift = Layout.RowShift - 1; shift >= 0; shift--)
        {
            var half = 1 << shift;
            if (position.ThreadRow < half)
            {
                var other = thread + (half << Layout.LaneShift);
                var own = RowsOf(rows, position.ThreadRow, shift + 1);
                var others = RowsOf(rows, position.ThreadRow + half, shift + 1);
                Combine(ref mean, ref squares, own, means[other], deviations[other], others);
                means[thread] = mean;
                deviations[thread] = squares;
            }

            GroupBarrier.Wait();
        }
    }

    // The number of rows of a chunk whose number is congruent to "down" modulo 2^shift.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int RowsOf(int rows, int down, int shift) => (rows - down + (1 << shift) - 1) >> shift;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Combine(ref TVector mean, ref TVector squares, float count, TVector otherMean, TVector otherSquares, float otherCount)
    {
        // The maximum avoids 0 / 0 if neither thread has rows.
        var share = otherCount / MathF.Max(count + otherCount, 1f);
        var difference = TBackend.Subtract(otherMean, mean);
        squares = TBackend.Add(squares, otherSquares);
        squares = TBackend.MultiplyAdd(TBackend.Multiply(difference, difference), TBackend.Splat(count * share), squares);
        mean = TBackend.MultiplyAdd(difference, TBackend.Splat(share), mean);
    }
}
