using System.Runtime.CompilerServices;
using Gpu.Kernels.Launching;
using Gpu.Kernels.Machines;
using Gpu.Kernels.Reductions;
using ILGPU;

namespace Gpu.Kernels.Normalization;

/// <summary>
/// For a chunk of rows, each channel's mean and sum of squared deviations from it, by groups of threads that read every value once. A thread takes the two
/// statistics of four rows at a time, the deviations from their own mean, and puts those together; then the threads' go together pairwise (T. F. Chan,
/// G. H. Golub, R. J. LeVeque, "Algorithms for computing the sample variance", 1983). All values are taken as differences from the first row of all, so that
/// data far from zero loses nothing. For the groups see <see cref="ChannelGroups"/>.
/// </summary>
public struct BatchNormStatisticsGroups<TMachine, TVector> : IGroupedKernel
    where TMachine : struct, IMachine<TMachine, TVector>
    where TVector : unmanaged
{
    /// <summary>
    /// Rows by channels; and [chunk, 2, channels], means as differences from the first row and then sums of squared deviations, not used where there is one
    /// chunk.
    /// </summary>
    public TMachine Input, Partials;

    /// <summary>Where the statistics go when there is one chunk.</summary>
    public BatchNormOutcome<TMachine, TVector> Outcome;

    /// <summary>Sizes.</summary>
    public ChannelGroups Layout;

    /// <summary>Words from one chunk's partial results to the next one's, and from its means to its squares.</summary>
    public int PartialStride, PartialRow;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run()
    {
        var means = SharedMemory.Allocate<TVector>(GroupThreads.Most);
        var deviations = SharedMemory.Allocate<TVector>(GroupThreads.Most);
        var place = Layout.Place(TMachine.Width);
        var pivot = TMachine.Load(Input, place.Source);
        SumUp(place, pivot, out var mean, out var squares);
        Merge(means, deviations, place, ref mean, ref squares);
        if (place.Down != 0 || place.Channel >= Layout.Channels) return;
        if (Layout.Chunks == 1)
        {
            Outcome.Store(place.Channel, TMachine.Width, TMachine.Add(pivot, mean), squares, Layout.Rows);
            return;
        }

        var partials = place.Chunk * PartialStride + place.Channel;
        TMachine.Store(Partials, partials, mean);
        TMachine.Store(Partials, partials + PartialRow, squares);
    }

    // A thread's own rows.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void SumUp(ChannelPlace place, TVector pivot, out TVector mean, out TVector squares)
    {
        mean = TMachine.Zero;
        squares = TMachine.Zero;
        var first = place.First + place.Down;
        var row = first;
        var at = row * Layout.Channels + place.Source;
        var step = place.Deep * Layout.Channels;
        for (; row + 3 * place.Deep < place.End; row += 4 * place.Deep)
        {
            var x0 = TMachine.Subtract(TMachine.Load(Input, at), pivot);
            var x1 = TMachine.Subtract(TMachine.Load(Input, at + step), pivot);
            var x2 = TMachine.Subtract(TMachine.Load(Input, at + 2 * step), pivot);
            var x3 = TMachine.Subtract(TMachine.Load(Input, at + 3 * step), pivot);
            var sum = TMachine.Add(TMachine.Add(x0, x1), TMachine.Add(x2, x3));
            var here = TMachine.Multiply(sum, TMachine.Splat(0.25f));
            x0 = TMachine.Subtract(x0, here);
            x1 = TMachine.Subtract(x1, here);
            x2 = TMachine.Subtract(x2, here);
            x3 = TMachine.Subtract(x3, here);
            var squaresHere = TMachine.MultiplyAdd(x1, x1, TMachine.Multiply(x0, x0));
            squaresHere = TMachine.Add(squaresHere, TMachine.MultiplyAdd(x3, x3, TMachine.Multiply(x2, x2)));
            // The rows so far follow from where the thread is: ILGPU takes a counter from 0 for the same in all threads.
            float before = (row - first) >> Layout.RowShift;
            Join(ref mean, ref squares, before, here, squaresHere, 4f);
            at += 4 * step;
        }

        for (; row < place.End; row += place.Deep)
        {
            float before = (row - first) >> Layout.RowShift;
            Join(ref mean, ref squares, before, TMachine.Subtract(TMachine.Load(Input, at), pivot), TMachine.Zero, 1f);
            at += step;
        }
    }

    // The threads of a column, by halves. How many rows a thread stands for follows from its number.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Merge(ArrayView<TVector> means, ArrayView<TVector> deviations, ChannelPlace place, ref TVector mean, ref TVector squares)
    {
        var thread = Group.IdxX;
        var rows = place.End - place.First;
        means[thread] = mean;
        deviations[thread] = squares;
        SharedBarrier.Wait();
        for (var shift = Layout.RowShift - 1; shift >= 0; shift--)
        {
            var half = 1 << shift;
            if (place.Down < half)
            {
                var other = thread + (half << Layout.LaneShift);
                var own = RowsOf(rows, place.Down, shift + 1);
                var others = RowsOf(rows, place.Down + half, shift + 1);
                Join(ref mean, ref squares, own, means[other], deviations[other], others);
                means[thread] = mean;
                deviations[thread] = squares;
            }

            SharedBarrier.Wait();
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
        var difference = TMachine.Subtract(otherMean, mean);
        squares = TMachine.Add(squares, otherSquares);
        squares = TMachine.MultiplyAdd(TMachine.Multiply(difference, difference), TMachine.Splat(count * share), squares);
        mean = TMachine.MultiplyAdd(difference, TMachine.Splat(share), mean);
    }
}
