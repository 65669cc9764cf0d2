using System.Runtime.CompilerServices;
using Gpu.Kernels.Activations;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Pooling;

/// <summary>The reduction of a window in <see cref="PoolForward{TBackend,TVector,TActivation,TReduction}"/>.</summary>
internal interface IPoolReduction
{
    /// <summary>Combines two values or partial results.</summary>
    static abstract TVector Combine<TBackend, TVector>(TVector a, TVector b)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged;

    /// <summary>Returns the result of a window from the combination of all its values.</summary>
    static abstract TVector Finish<TBackend, TVector>(TVector value, TVector scale)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged;
}

/// <summary>The maximum, or NaN if the window contains NaN. Ignores the scale.</summary>
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

/// <summary>The sum, multiplied by the scale.</summary>
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
/// Output = reduction of each window, for each channel. It computes max and average pooling, and the gradient of nearest-neighbor upsampling. The rows of a
/// window are reduced first, then their results, so sums have two levels. An item is a strip of an output row.
/// </summary>
internal struct PoolForward<TBackend, TVector, TActivation, TReduction> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
    where TActivation : struct, IActivation
    where TReduction : struct, IPoolReduction
{
    /// <summary>Input [batch, height, width, channels].</summary>
    public TBackend Input;

    /// <summary>Output. The gradient of upsampling uses its gate and accumulation.</summary>
    public GradientWriter<TBackend, TVector, TActivation> Output;

    /// <summary>Sizes.</summary>
    public PoolGeometry Geometry;

    /// <summary>The division of the output into items.</summary>
    public RowTiles Tiles;

    /// <summary>The factor of every result; not used if <see cref="ExcludePadding"/>.</summary>
    public float Scale;

    /// <summary>1 to divide by the number of pixels of the window inside the image, else 0.</summary>
    public int ExcludePadding;

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
            var scale = TBackend.Splat(ExcludePadding != 0 ? 1f / (rows * columns) : Scale);
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

    // Reduces two vectors at a time, if there are two. They share the loop counters, and longer runs of memory are read.
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

    // Unrolled by two; if the number of columns is even, the second column is combined before the loop. So the common windows of two and three columns need at
    // most one iteration.
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
