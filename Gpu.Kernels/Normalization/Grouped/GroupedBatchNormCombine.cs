using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Reductions;
using ILGPU;

namespace Gpu.Kernels.Normalization;

/// <summary>
/// Second stage of the batch statistics for thread groups: computes the mean over all chunks, then the sum of squared deviations from it, the means of the
/// chunks included. A group processes a block of channels, and its threads share the chunks. The rows of <see cref="Layout"/> are the chunks.
/// </summary>
internal struct GroupedBatchNormCombine<TBackend, TVector> : IGroupedKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>See <see cref="GroupedBatchNormStatistics{TBackend,TVector}"/>.</summary>
    public TBackend Input, Partials;

    /// <summary>Saved and running statistics and scale, which are written.</summary>
    public BatchNormCoefficients<TBackend, TVector> Coefficients;

    /// <summary>How the threads of a group share the chunks. The layout itself has one chunk.</summary>
    public ChannelGroups Layout;

    /// <summary>
    /// Rows of all chunks, rows of a chunk, words from the partial results of one chunk to those of the next, words from the means of a chunk to its squares.
    /// </summary>
    public int Rows, ChunkRows, PartialStride, PartialRow;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run()
    {
        var shared = SharedMemory.Allocate<TVector>(GroupThreads.Max);
        var position = Layout.GetPosition(TBackend.Width);
        var count = TBackend.Splat(Rows);
        var sum = GroupReduce<TBackend, TVector>.SumForAll(shared, Means(position), Layout.Lanes);
        var mean = TBackend.Divide(sum, count);
        var squares = GroupReduce<TBackend, TVector>.Sum(shared, Squares(position, mean), Layout.Lanes);
        if (position.ThreadRow == 0 && position.Channel < Layout.Channels)
            Coefficients.Store(position.Channel, TBackend.Width, TBackend.Add(TBackend.Load(Input, position.Channel), mean), squares, Rows);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly TVector Means(ChannelPosition position)
    {
        TVector sum0 = TBackend.Zero, sum1 = sum0;
        var chunk = position.ThreadRow;
        var at = chunk * PartialStride + position.ReadChannel;
        var step = position.RowStep * PartialStride;
        for (; chunk + position.RowStep < position.EndRow; chunk += 2 * position.RowStep)
        {
            var x0 = TBackend.Load(Partials, at);
            var x1 = TBackend.Load(Partials, at + step);
            sum0 = TBackend.MultiplyAdd(x0, RowsOf(chunk), sum0);
            sum1 = TBackend.MultiplyAdd(x1, RowsOf(chunk + position.RowStep), sum1);
            at += 2 * step;
        }

        if (chunk < position.EndRow) sum0 = TBackend.MultiplyAdd(TBackend.Load(Partials, at), RowsOf(chunk), sum0);
        return TBackend.Add(sum0, sum1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly TVector Squares(ChannelPosition position, TVector mean)
    {
        TVector sum0 = TBackend.Zero, sum1 = sum0;
        var chunk = position.ThreadRow;
        var at = chunk * PartialStride + position.ReadChannel;
        var step = position.RowStep * PartialStride;
        for (; chunk + position.RowStep < position.EndRow; chunk += 2 * position.RowStep)
        {
            var x0 = TBackend.Subtract(TBackend.Load(Partials, at), mean);
            var x1 = TBackend.Subtract(TBackend.Load(Partials, at + step), mean);
            sum0 = TBackend.Add(sum0, TBackend.Load(Partials, at + PartialRow));
            sum1 = TBackend.Add(sum1, TBackend.Load(Partials, at + step + PartialRow));
            sum0 = TBackend.MultiplyAdd(TBackend.Multiply(x0, x0), RowsOf(chunk), sum0);
            sum1 = TBackend.MultiplyAdd(TBackend.Multiply(x1, x1), RowsOf(chunk + position.RowStep), sum1);
            at += 2 * step;
        }

        if (chunk < position.EndRow)
        {
            var x = TBackend.Subtract(TBackend.Load(Partials, at), mean);
            sum0 = TBackend.Add(sum0, TBackend.Load(Partials, at + PartialRow));
            sum0 = TBackend.MultiplyAdd(TBackend.Multiply(x, x), RowsOf(chunk), sum0);
        }

        return TBackend.Add(sum0, sum1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly TVector RowsOf(int chunk) => TBackend.Splat(Math.Min(ChunkRows, Rows - chunk * ChunkRows));
}
