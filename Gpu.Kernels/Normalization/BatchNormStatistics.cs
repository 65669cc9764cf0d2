using System.Runtime.CompilerServices;
using Gpu.Kernels.Launching;
using Gpu.Kernels.Machines;

namespace Gpu.Kernels.Normalization;

/// <summary>
/// For a chunk of rows, each channel's mean and sum of squared deviations from it. Two sweeps over the chunk, the second from the cache: the sum of
/// squares would lose the variance of data far from zero. An item is a chunk by a block of channel vectors.
/// </summary>
public struct BatchNormStatistics<TMachine, TVector> : IKernel
    where TMachine : struct, IMachine<TMachine, TVector>
    where TVector : unmanaged
{
    /// <summary>Rows by channels; and [chunk, 2, channels], means then sums of squared deviations.</summary>
    public TMachine Input, Partials;

    /// <summary>Sizes.</summary>
    public BatchNormLayout Layout;

    /// <inheritdoc/>
    public void Run(int item)
    {
        var chunk = item / Layout.Blocks;
        var block = item - chunk * Layout.Blocks;
        var channel = block * BatchNormLayout.BlockVectors * TMachine.Width;
        var first = chunk * Layout.ChunkRows;
        var rows = Math.Min(Layout.ChunkRows, Layout.Rows - first);
        var left = Layout.Channels - channel;
        var input = TMachine.Slice(Input, first * Layout.Channels + channel);
        var partials = TMachine.Slice(Partials, chunk * Layout.PartialStride + channel);
        if (left >= BatchNormLayout.BlockVectors * TMachine.Width)
        {
            Four(input, partials, rows);
            return;
        }

        for (var c = 0; c < left; c += TMachine.Width) One(TMachine.Slice(input, c), TMachine.Slice(partials, c), rows, Math.Min(left - c, TMachine.Width));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void Four(TMachine input, TMachine partials, int rows)
    {
        var w = TMachine.Width;
        var step = Layout.Channels;
        TVector s0 = TMachine.Zero, s1 = s0, s2 = s0, s3 = s0;
        var x = input;
        for (var row = 0; row < rows; row++)
        {
            s0 = TMachine.Add(s0, TMachine.Load(x, 0));
            s1 = TMachine.Add(s1, TMachine.Load(x, w));
            s2 = TMachine.Add(s2, TMachine.Load(x, 2 * w));
            s3 = TMachine.Add(s3, TMachine.Load(x, 3 * w));
            x = TMachine.Slice(x, step);
        }

        // Divided, not multiplied by the reciprocal: the mean of a constant channel is then that constant.
        var count = TMachine.Splat(rows);
        TVector m0 = TMachine.Divide(s0, count), m1 = TMachine.Divide(s1, count), m2 = TMachine.Divide(s2, count), m3 = TMachine.Divide(s3, count);
        TVector q0 = TMachine.Zero, q1 = q0, q2 = q0, q3 = q0;
        x = input;
        for (var row = 0; row < rows; row++)
        {
            var d0 = TMachine.Subtract(TMachine.Load(x, 0), m0);
            var d1 = TMachine.Subtract(TMachine.Load(x, w), m1);
            var d2 = TMachine.Subtract(TMachine.Load(x, 2 * w), m2);
            var d3 = TMachine.Subtract(TMachine.Load(x, 3 * w), m3);
            q0 = TMachine.MultiplyAdd(d0, d0, q0);
            q1 = TMachine.MultiplyAdd(d1, d1, q1);
            q2 = TMachine.MultiplyAdd(d2, d2, q2);
            q3 = TMachine.MultiplyAdd(d3, d3, q3);
            x = TMachine.Slice(x, step);
        }

        TMachine.Store(partials, 0, m0);
        TMachine.Store(partials, w, m1);
        TMachine.Store(partials, 2 * w, m2);
        TMachine.Store(partials, 3 * w, m3);
        partials = TMachine.Slice(partials, Layout.PartialRow);
        TMachine.Store(partials, 0, q0);
        TMachine.Store(partials, w, q1);
        TMachine.Store(partials, 2 * w, q2);
        TMachine.Store(partials, 3 * w, q3);
    }

    // Four rows at a time, so that four sums run side by side.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void One(TMachine input, TMachine partials, int rows, int left)
    {
        var step = Layout.Channels;
        TVector s0 = TMachine.Zero, s1 = s0, s2 = s0, s3 = s0;
        var x = input;
        var row = 0;
        for (; row + 3 < rows; row += 4)
        {
            s0 = TMachine.Add(s0, Get(x, 0, left));
            s1 = TMachine.Add(s1, Get(x, step, left));
            s2 = TMachine.Add(s2, Get(x, 2 * step, left));
            s3 = TMachine.Add(s3, Get(x, 3 * step, left));
            x = TMachine.Slice(x, 4 * step);
        }

        for (; row < rows; row++)
        {
            s0 = TMachine.Add(s0, Get(x, 0, left));
            x = TMachine.Slice(x, step);
        }

        var mean = TMachine.Divide(TMachine.Add(TMachine.Add(s0, s1), TMachine.Add(s2, s3)), TMachine.Splat(rows));
        TVector q0 = TMachine.Zero, q1 = q0, q2 = q0, q3 = q0;
        x = input;
        row = 0;
        for (; row + 3 < rows; row += 4)
        {
            var d0 = TMachine.Subtract(Get(x, 0, left), mean);
            var d1 = TMachine.Subtract(Get(x, step, left), mean);
            var d2 = TMachine.Subtract(Get(x, 2 * step, left), mean);
            var d3 = TMachine.Subtract(Get(x, 3 * step, left), mean);
            q0 = TMachine.MultiplyAdd(d0, d0, q0);
            q1 = TMachine.MultiplyAdd(d1, d1, q1);
            q2 = TMachine.MultiplyAdd(d2, d2, q2);
            q3 = TMachine.MultiplyAdd(d3, d3, q3);
            x = TMachine.Slice(x, 4 * step);
        }

        for (; row < rows; row++)
        {
            var d0 = TMachine.Subtract(Get(x, 0, left), mean);
            q0 = TMachine.MultiplyAdd(d0, d0, q0);
            x = TMachine.Slice(x, step);
        }

        TMachine.StorePartial(partials, 0, mean, left);
        TMachine.StorePartial(partials, Layout.PartialRow, TMachine.Add(TMachine.Add(q0, q1), TMachine.Add(q2, q3)), left);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Get(TMachine memory, int index, int left) => left == TMachine.Width ? TMachine.Load(memory, index) : TMachine.LoadPartial(memory, index, left);
}
