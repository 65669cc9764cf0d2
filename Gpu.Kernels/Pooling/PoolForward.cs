using System.Runtime.CompilerServices;
using Gpu.Kernels.Activations;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Pooling;

/// <summary>What <see cref="PoolForward{TBackend,TVector,TActivation,TReduction}"/> makes of the values of a window.</summary>
internal interface IPoolReduction
{
    /// <summary>Two values, or what came of some, made one.</summary>
    static abstract TVector Combine<TBackend, TVector>(TVector a, TVector b)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged;

    /// <summary>The window's result from what came of all its values.</summary>
    static abstract TVector Finish<TBackend, TVector>(TVector value, TVector scale)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged;
}

/// <summary>The largest value; NaN where there is one. The scale is not looked at.</summary>
internal readonly struct MaxReduction : IPoolReduction
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Combine<TBackend, TVector>(TVector a, TVector b)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged => TBackend.MaxOrNaN(b, a);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Finish<TBackend, TVector>(TVector value, TVector scale)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged => value;
}

/// <summary>scale * the sum.</summary>
internal readonly struct SumReduction : IPoolReduction
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Combine<TBackend, TVector>(TVector a, TVector b)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged => TBackend.Add(a, b);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Finish<TBackend, TVector>(TVector value, TVector scale)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged => TBackend.Multiply(value, scale);
}

/// <summary>
/// Output = each window made one value, channel by channel: maximum and average pooling, and the gradient of nearest up-sampling. Rows of a window are
/// reduced first, then their results, so that sums are two-level. An item is a strip of an output row.
/// </summary>
internal struct PoolForward<TBackend, TVector, TActivation, TReduction> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
    where TActivation : struct, IActivation
    where TReduction : struct, IPoolReduction
{
    /// <summary>Images [batch, height, width, channels].</summary>
    public TBackend Input;

    /// <summary>What is written; gate and addition are for the gradient of up-sampling.</summary>
    public GradientWriter<TBackend, TVector, TActivation> Output;

    /// <summary>Sizes.</summary>
    public PoolGeometry Geometry;

    /// <summary>The cut of the output into items.</summary>
    public RowTiles Tiles;

    /// <summary>What every result is multiplied by; not used where <see cref="OverPixels"/>.</summary>
    public float Scale;

    /// <summary>1: divide by the number of pixels of the window that lie inside the image.</summary>
    public int OverPixels;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        var g = Geometry;
        Tiles.GetTile(item, out var row, out var column, out var columnEnd, out var channel, out var channelEnd);
        var sample = g.ByOutputHeight.Divide(row);
        g.Rows(row - sample * g.OutputHeight, out var top, out var rows);
        var rowStride = g.InputWidth * g.Channels;
        var source = (sample * g.InputHeight + top) * rowStride;
        var target = row * g.OutputWidth * g.Channels;
        for (; column < columnEnd; column++)
        {
            g.Columns(column, out var left, out var columns);
            var scale = TBackend.Splat(OverPixels != 0 ? 1f / (rows * columns) : Scale);
            var from = source + left * g.Channels;
            var to = target + column * g.Channels;
            var c = channel;
            for (; c + 2 * TBackend.Width <= channelEnd; c += 2 * TBackend.Width) ReduceTwo(from + c, to + c, rows, columns, rowStride, g.Channels, scale);
            if (c + TBackend.Width <= channelEnd)
            {
                Reduce<WholeVector>(from + c, to + c, rows, columns, rowStride, g.Channels, TBackend.Width, scale);
                c += TBackend.Width;
            }

            if (c < channelEnd)
                Reduce<PartialVector>(from + c, to + c, rows, columns, rowStride, g.Channels, channelEnd - c, scale);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Reduce<TAccess>(int from, int to, int rows, int columns, int rowStride, int columnStride, int count, TVector scale)
        where TAccess : struct, IVectorAccess
    {
        var result = ReduceRow<TAccess>(Input, from, columns, columnStride, count);
        for (var r = 1; r < rows; r++)
        {
            from += rowStride;
            result = TReduction.Combine<TBackend, TVector>(result, ReduceRow<TAccess>(Input, from, columns, columnStride, count));
        }

        Output.Write<TAccess>(to, count, TReduction.Finish<TBackend, TVector>(result, scale));
    }

    // Two vectors at a time, where there are as many: their instructions share the counting, and memory is read in longer stretches.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void ReduceTwo(int from, int to, int rows, int columns, int rowStride, int columnStride, TVector scale)
    {
        ReduceRow(Input, from, columns, columnStride, out var a, out var b);
        for (var r = 1; r < rows; r++)
        {
            from += rowStride;
            ReduceRow(Input, from, columns, columnStride, out var nextA, out var nextB);
            a = TReduction.Combine<TBackend, TVector>(a, nextA);
            b = TReduction.Combine<TBackend, TVector>(b, nextB);
        }

        Output.Write<WholeVector>(to, TBackend.Width, TReduction.Finish<TBackend, TVector>(a, scale));
        Output.Write<WholeVector>(to + TBackend.Width, TBackend.Width, TReduction.Finish<TBackend, TVector>(b, scale));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ReduceRow(TBackend input, int at, int columns, int stride, out TVector a, out TVector b)
    {
        a = TBackend.Load(input, at);
        b = TBackend.Load(input, at + TBackend.Width);
        for (var left = columns; left > 1; left--)
        {
            at += stride;
            a = TReduction.Combine<TBackend, TVector>(a, TBackend.Load(input, at));
            b = TReduction.Combine<TBackend, TVector>(b, TBackend.Load(input, at + TBackend.Width));
        }
    }

    // Pairs, and the odd one: windows are small, and the common ones of two and three columns then have no loop to speak of.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector ReduceRow<TAccess>(TBackend input, int at, int columns, int stride, int count)
        where TAccess : struct, IVectorAccess
    {
        var result = TAccess.Load<TBackend, TVector>(input, at, count);
        if ((columns & 1) == 0)
        {
            at += stride;
            result = TReduction.Combine<TBackend, TVector>(result, TAccess.Load<TBackend, TVector>(input, at, count));
        }

        for (var left = (columns - 1) >> 1; left > 0; left--)
        {
            var next = TAccess.Load<TBackend, TVector>(input, at + stride, count);
            at += 2 * stride;
            next = TReduction.Combine<TBackend, TVector>(next, TAccess.Load<TBackend, TVector>(input, at, count));
            result = TReduction.Combine<TBackend, TVector>(result, next);
        }

        return result;
    }
}
