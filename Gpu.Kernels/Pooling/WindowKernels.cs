using System.Runtime.CompilerServices;
using Gpu.Kernels.Activations;
using Gpu.Kernels.Launching;
using Gpu.Kernels.Machines;

namespace Gpu.Kernels.Pooling;

/// <summary>
/// Output = scale * the sum of each window, channel by channel: average pooling, and the gradient of nearest up-sampling. Sums are two-level (rows of
/// the window, then their sums). An item is a strip of an output row.
/// </summary>
public struct WindowSum<TMachine, TVector, TActivation> : IKernel
    where TMachine : struct, IMachine<TMachine, TVector>
    where TVector : unmanaged
    where TActivation : struct, IActivation
{
    /// <summary>Images [batch, height, width, channels].</summary>
    public TMachine Input;

    /// <summary>What is written; a gate is for the gradient of up-sampling.</summary>
    public GatedGradient<TMachine, TVector, TActivation> Output;

    /// <summary>Sizes.</summary>
    public PoolingGeometry Geometry;

    /// <summary>The cut of the output into items.</summary>
    public RowTiles Tiles;

    /// <summary>What every sum is multiplied by; not used where <see cref="OverPixels"/>.</summary>
    public float Scale;

    /// <summary>Divide by the number of pixels of the window that lie inside the image.</summary>
    public bool OverPixels;

    /// <inheritdoc/>
    public void Run(int item)
    {
        var g = Geometry;
        Tiles.Locate(item, out var row, out var column, out var columnEnd, out var channel, out var channelEnd);
        var sample = row / g.OutputHeight;
        g.Rows(row - sample * g.OutputHeight, out var top, out var rows);
        var rowStride = g.InputWidth * g.Channels;
        var source = (sample * g.InputHeight + top) * rowStride;
        var target = row * g.OutputWidth * g.Channels;
        for (; column < columnEnd; column++)
        {
            g.Columns(column, out var left, out var columns);
            var scale = TMachine.Splat(OverPixels ? 1f / (rows * columns) : Scale);
            var from = source + left * g.Channels;
            var to = target + column * g.Channels;
            var c = channel;
            for (; c + TMachine.Width <= channelEnd; c += TMachine.Width)
                Sum<WholeVector>(from + c, to + c, rows, columns, rowStride, g.Channels, TMachine.Width, scale);
            if (c < channelEnd)
                Sum<PartialVector>(from + c, to + c, rows, columns, rowStride, g.Channels, channelEnd - c, scale);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Sum<TAccess>(int from, int to, int rows, int columns, int rowStride, int columnStride, int count, TVector scale)
        where TAccess : struct, IVectorAccess
    {
        var sum = TMachine.Zero;
        for (var r = 0; r < rows; r++)
        {
            var at = from + r * rowStride;
            var rowSum = TMachine.Zero;
            for (var k = 0; k < columns; k++, at += columnStride) rowSum = TMachine.Add(rowSum, TAccess.Load<TMachine, TVector>(Input, at, count));
            sum = TMachine.Add(sum, rowSum);
        }

        Output.Write<TAccess>(to, count, TMachine.Multiply(sum, scale));
    }
}

/// <summary>
/// The transpose of <see cref="WindowSum{TMachine,TVector,TActivation}"/>: every pixel gets scale * the sum over the windows that it lies in. The gradient
/// of average pooling, and nearest up-sampling itself. An item is a strip of a row of pixels.
/// </summary>
public struct WindowSpread<TMachine, TVector, TActivation> : IKernel
    where TMachine : struct, IMachine<TMachine, TVector>
    where TVector : unmanaged
    where TActivation : struct, IActivation
{
    /// <summary>One value a window and channel: [batch, output height, output width, channels].</summary>
    public TMachine Windows;

    /// <summary>What is written: [batch, input height, input width, channels].</summary>
    public GatedGradient<TMachine, TVector, TActivation> Pixels;

    /// <summary>Sizes, by the names of pooling: the input is what is written.</summary>
    public PoolingGeometry Geometry;

    /// <summary>The cut of the input into items.</summary>
    public RowTiles Tiles;

    /// <summary>See <see cref="WindowSum{TMachine,TVector,TActivation}.Scale"/>.</summary>
    public float Scale;

    /// <summary>See <see cref="WindowSum{TMachine,TVector,TActivation}.OverPixels"/>.</summary>
    public bool OverPixels;

    /// <inheritdoc/>
    public void Run(int item)
    {
        var g = Geometry;
        Tiles.Locate(item, out var row, out var column, out var columnEnd, out var channel, out var channelEnd);
        var sample = row / g.InputHeight;
        g.WindowRows(row - sample * g.InputHeight, out var fromRow, out var endRow);
        g.WindowColumns(column, out var fromColumn, out var endColumn);
        // Where the first window over the column ends, and where the first one behind it begins.
        var leaves = fromColumn * g.StrideWidth - g.PaddingLeft + g.WindowWidth;
        var enters = endColumn * g.StrideWidth - g.PaddingLeft;
        var source = sample * g.OutputHeight;
        for (; column < columnEnd; column++)
        {
            if (column >= leaves)
            {
                fromColumn++;
                leaves += g.StrideWidth;
            }

            if (column >= enters && endColumn < g.OutputWidth)
            {
                endColumn++;
                enters += g.StrideWidth;
            }

            var to = (row * g.InputWidth + column) * g.Channels;
            var c = channel;
            for (; c + TMachine.Width <= channelEnd; c += TMachine.Width)
                Gather<WholeVector>(g, source, fromRow, endRow, fromColumn, endColumn, c, to + c, TMachine.Width);
            if (c < channelEnd)
                Gather<PartialVector>(g, source, fromRow, endRow, fromColumn, endColumn, c, to + c, channelEnd - c);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Gather<TAccess>(
        PoolingGeometry g, int source, int fromRow, int endRow, int fromColumn, int endColumn, int channel, int to, int count)
        where TAccess : struct, IVectorAccess
    {
        var sum = TMachine.Zero;
        for (var windowRow = fromRow; windowRow < endRow; windowRow++)
        {
            var at = ((source + windowRow) * g.OutputWidth + fromColumn) * g.Channels + channel;
            for (var windowColumn = fromColumn; windowColumn < endColumn; windowColumn++, at += g.Channels)
            {
                var value = TAccess.Load<TMachine, TVector>(Windows, at, count);
                if (OverPixels)
                {
                    g.Rows(windowRow, out _, out var rows);
                    g.Columns(windowColumn, out _, out var columns);
                    value = TMachine.Multiply(value, TMachine.Splat(1f / (rows * columns)));
                }

                sum = TMachine.Add(sum, value);
            }
        }

        Pixels.Write<TAccess>(to, count, OverPixels ? sum : TMachine.Multiply(sum, TMachine.Splat(Scale)));
    }
}
