using System.Runtime.CompilerServices;
using Gpu.Kernels.Launching;
using Gpu.Kernels.Machines;
using Gpu.Kernels.Reductions;
using ILGPU;

namespace Gpu.Kernels.Normalization;

/// <summary>
/// Puts the chunks' statistics together: first the mean of all, then the deviations of the chunks' means from it. A group has a block of channels, and its
/// threads share the chunks; the rows of <see cref="Layout"/> are the chunks.
/// </summary>
public struct BatchNormCombineGroups<TMachine, TVector> : IGroupedKernel
    where TMachine : struct, IMachine<TMachine, TVector>
    where TVector : unmanaged
{
    /// <summary>See <see cref="BatchNormStatisticsGroups{TMachine,TVector}"/>.</summary>
    public TMachine Input, Partials;

    /// <summary>Where the statistics go.</summary>
    public BatchNormOutcome<TMachine, TVector> Outcome;

    /// <summary>How the group shares the chunks; there is one chunk of chunks.</summary>
    public ChannelGroups Layout;

    /// <summary>Rows of all chunks, rows of a chunk, words from one chunk's partial results to the next one's, and from its means to its squares.</summary>
    public int Rows, ChunkRows, PartialStride, PartialRow;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run()
    {
        var shared = SharedMemory.Allocate<TVector>(GroupThreads.Most);
        var place = Layout.Place(TMachine.Width);
        var count = TMachine.Splat(Rows);
        var sum = GroupTree<TMachine, TVector>.SumForAll(shared, Means(place), Layout.Lanes);
        var mean = TMachine.Divide(sum, count);
        var squares = GroupTree<TMachine, TVector>.Sum(shared, Squares(place, mean), Layout.Lanes);
        if (place.Down == 0 && place.Channel < Layout.Channels)
            Outcome.Store(place.Channel, TMachine.Width, TMachine.Add(TMachine.Load(Input, place.Channel), mean), squares, Rows);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly TVector Means(ChannelPlace place)
    {
        TVector sum0 = TMachine.Zero, sum1 = sum0;
        var chunk = place.Down;
        var at = chunk * PartialStride + place.Source;
        var step = place.Deep * PartialStride;
        for (; chunk + place.Deep < place.End; chunk += 2 * place.Deep)
        {
            var x0 = TMachine.Load(Partials, at);
            var x1 = TMachine.Load(Partials, at + step);
            sum0 = TMachine.MultiplyAdd(x0, RowsOf(chunk), sum0);
            sum1 = TMachine.MultiplyAdd(x1, RowsOf(chunk + place.Deep), sum1);
            at += 2 * step;
        }

        if (chunk < place.End) sum0 = TMachine.MultiplyAdd(TMachine.Load(Partials, at), RowsOf(chunk), sum0);
        return TMachine.Add(sum0, sum1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly TVector Squares(ChannelPlace place, TVector mean)
    {
        TVector sum0 = TMachine.Zero, sum1 = sum0;
        var chunk = place.Down;
        var at = chunk * PartialStride + place.Source;
        var step = place.Deep * PartialStride;
        for (; chunk + place.Deep < place.End; chunk += 2 * place.Deep)
        {
            var x0 = TMachine.Subtract(TMachine.Load(Partials, at), mean);
            var x1 = TMachine.Subtract(TMachine.Load(Partials, at + step), mean);
            sum0 = TMachine.Add(sum0, TMachine.Load(Partials, at + PartialRow));
            sum1 = TMachine.Add(sum1, TMachine.Load(Partials, at + step + PartialRow));
            sum0 = TMachine.MultiplyAdd(TMachine.Multiply(x0, x0), RowsOf(chunk), sum0);
            sum1 = TMachine.MultiplyAdd(TMachine.Multiply(x1, x1), RowsOf(chunk + place.Deep), sum1);
            at += 2 * step;
        }

        if (chunk < place.End)
        {
            var x = TMachine.Subtract(TMachine.Load(Partials, at), mean);
            sum0 = TMachine.Add(sum0, TMachine.Load(Partials, at + PartialRow));
            sum0 = TMachine.MultiplyAdd(TMachine.Multiply(x, x), RowsOf(chunk), sum0);
        }

        return TMachine.Add(sum0, sum1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly TVector RowsOf(int chunk) => TMachine.Splat(Math.Min(ChunkRows, Rows - chunk * ChunkRows));
}
