using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Reductions;
using ILGPU;

namespace Gpu.Kernels.Normalization;

/// <summary>
/// For a chunk of rows, each channel's mean and sum of squared deviations from it, by groups of threads that read every value once. A thread takes the two
/// statistics of four rows at a time, the deviations from their own mean, and puts those together; then the threads' go together pairwise (T. F. Chan,
/// G. H. Golub, R. J. LeVeque, "Algorithms for computing the sample variance", 1983). All values are taken as differences from the first row of all, so that
/// data far from zero loses nothing. For the groups see <see cref="ChannelGroups"/>.
/// </summary>
internal struct GroupedBatchNormStatistics<TBackend, TVector> : IGroupedKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>
    /// Rows by channels; and [chunk, 2, channels], means as differences from the first row and then sums of squared deviations, not used where there is one
    /// chunk.
    /// </summary>
    public TBackend Input, Partials;

    /// <summary>Where the statistics go when there is one chunk.</summary>
    public BatchNormCoefficients<TBackend, TVector> Outcome;

    /// <summary>Sizes.</summary>
    public ChannelGroups Layout;

    /// <summary>Words from one chunk's partial results to the next one's, and from its means to its squares.</summary>
    public int PartialStride, PartialRow;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run()
    {
        var means = SharedMemory.Allocate<TVector>(GroupThreads.Max);
        var deviations = SharedMemory.Allocate<TVector>(GroupThreads.Max);
        var place = Layout.GetPosition(TBackend.Width);
        var pivot = TBackend.Load(Input, place.ReadChannel);
        SumUp(place, pivot, out var mean, out var squares);
        Merge(means, deviations, place, ref mean, ref squares);
        if (place.ThreadRow != 0 || place.Channel >= Layout.Channels) return;
        if (Layout.Chunks == 1)
        {
            Outcome.Store(place.Channel, TBackend.Width, TBackend.Add(pivot, mean), squares, Layout.Rows);
            return;
        }

        var partials = place.Chunk * PartialStride + place.Channel;
        TBackend.Store(Partials, partials, mean);
        TBackend.Store(Partials, partials + PartialRow, squares);
    }

    // A thread's own rows.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void SumUp(ChannelPosition place, TVector pivot, out TVector mean, out TVector squares)
    {
        mean = TBackend.Zero;
        squares = TBackend.Zero;
        var first = place.FirstRow + place.ThreadRow;
        var row = first;
        var at = row * Layout.Channels + place.ReadChannel;
        var step = place.RowStep * Layout.Channels;
        for (; row + 3 * place.RowStep < place.EndRow; row += 4 * place.RowStep)
        {
            var x0 = TBackend.Subtract(TBackend.Load(Input, at), pivot);
            var x1 = TBackend.Subtract(TBackend.Load(Input, at + step), pivot);
            var x2 = TBackend.Subtract(TBackend.Load(Input, at + 2 * step), pivot);
            var x3 = TBackend.Subtract(TBackend.Load(Input, at + 3 * step), pivot);
            var sum = TBackend.Add(TBackend.Add(x0, x1), TBackend.Add(x2, x3));
            var here = TBackend.Multiply(sum, TBackend.Splat(0.25f));
            x0 = TBackend.Subtract(x0, here);
            x1 = TBackend.Subtract(x1, here);
            x2 = TBackend.Subtract(x2, here);
            x3 = TBackend.Subtract(x3, here);
            var squaresHere = TBackend.MultiplyAdd(x1, x1, TBackend.Multiply(x0, x0));
            squaresHere = TBackend.Add(squaresHere, TBackend.MultiplyAdd(x3, x3, TBackend.Multiply(x2, x2)));
            // The rows so far follow from where the thread is: ILGPU takes a counter from 0 for the same in all threads.
            float before = (row - first) >> Layout.RowShift;
            Join(ref mean, ref squares, before, here, squaresHere, 4f);
            at += 4 * step;
        }

        for (; row < place.EndRow; row += place.RowStep)
        {
            float before = (row - first) >> Layout.RowShift;
            Join(ref mean, ref squares, before, TBackend.Subtract(TBackend.Load(Input, at), pivot), TBackend.Zero, 1f);
            at += step;
        }
    }

    // The threads of a column, by halves. How many rows a thread stands for follows from its number.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Merge(ArrayView<TVector> means, ArrayView<TVector> deviations, ChannelPosition place, ref TVector mean, ref TVector squares)
    {
        var thread = Group.IdxX;
        var rows = place.EndRow - place.FirstRow;
        means[thread] = mean;
        deviations[thread] = squares;
        GroupBarrier.Wait();
        for (var shift = Layout.RowShift - 1; shift >= 0; shift--)
        {
            var half = 1 << shift;
            if (place.ThreadRow < half)
            {
                var other = thread + (half << Layout.LaneShift);
                var own = RowsOf(rows, place.ThreadRow, shift + 1);
                var others = RowsOf(rows, place.ThreadRow + half, shift + 1);
                Join(ref mean, ref squares, own, means[other], deviations[other], others);
                means[thread] = mean;
                deviations[thread] = squares;
            }

            GroupBarrier.Wait();
        }
    }

    // Rows of a chunk whose number has the remainder "down" when divided by 2^shift.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int RowsOf(int rows, int down, int shift) => (rows - down + (1 << shift) - 1) >> shift;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Join(ref TVector mean, ref TVector squares, float count, TVector otherMean, TVector otherSquares, float otherCount)
    {
        // Two threads without rows have 0 of 1.
        var share = otherCount / MathF.Max(count + otherCount, 1f);
        var difference = TBackend.Subtract(otherMean, mean);
        squares = TBackend.Add(squares, otherSquares);
        squares = TBackend.MultiplyAdd(TBackend.Multiply(difference, difference), TBackend.Splat(count * share), squares);
        mean = TBackend.MultiplyAdd(difference, TBackend.Splat(share), mean);
    }
}
