using System.Runtime.CompilerServices;
using Gpu.Kernels.Activations;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Pooling;

/// <summary>How the gradient of a window finds the pixel that was its maximum.</summary>
internal static class MaxPoolArgmax
{
    /// <summary>
    /// The maximum of a window made ready for <see cref="Take"/>: a pixel is a maximum when this is not larger. That says the same as equality, and is
    /// true for NaN, so in place of a NaN it is infinity, and then none but the NaN in the window (and an infinity) are.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Threshold<TBackend, TVector>(TVector largest)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged => TBackend.SelectEqual(largest, largest, largest, TBackend.Splat(float.PositiveInfinity));

    /// <summary>
    /// One step of a walk over a window in row-major order: what goes to the pixel <paramref name="x"/>, and what is left for those after it. The first
    /// maximum takes all.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Take<TBackend, TVector>(TVector x, TVector threshold, ref TVector left)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
    {
        var taken = TBackend.SelectGreater(threshold, x, TBackend.Zero, left);
        left = TBackend.SelectGreater(threshold, x, left, TBackend.Zero);
        return taken;
    }
}

/// <summary>
/// The gradient of maximum pooling where no pixel lies in two windows: an item walks the windows of a strip of an output row and writes all their
/// pixels, and those between this row and column of windows and the next, which no window holds.
/// </summary>
internal struct MaxPoolBackwardDisjoint<TBackend, TVector, TActivation> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
    where TActivation : struct, IActivation
{
    /// <summary>The forward pass's images, and the gradient with respect to its output.</summary>
    public TBackend Input, Output, OutputGradient;

    /// <summary>The gradient with respect to the input.</summary>
    public GradientWriter<TBackend, TVector, TActivation> InputGradient;

    /// <summary>Sizes.</summary>
    public PoolGeometry Geometry;

    /// <summary>The cut of the output into items.</summary>
    public RowTiles Tiles;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        var g = Geometry;
        Tiles.GetTile(item, out var row, out var column, out var columnEnd, out var channel, out var channelEnd);
        var sample = g.ByOutputHeight.Divide(row);
        var outputRow = row - sample * g.OutputHeight;
        g.Rows(outputRow, out var top, out var rows);
        var nextTop = outputRow == g.OutputHeight - 1 ? g.InputHeight : (outputRow + 1) * g.StrideHeight - g.PaddingTop;
        var rowStride = g.InputWidth * g.Channels;
        var strip = (sample * g.InputHeight + top) * rowStride;
        for (; column < columnEnd; column++)
        {
            g.Columns(column, out var left, out var columns);
            var nextLeft = column == g.OutputWidth - 1 ? g.InputWidth : (column + 1) * g.StrideWidth - g.PaddingLeft;
            var window = strip + left * g.Channels;
            var o = (row * g.OutputWidth + column) * g.Channels;
            var c = channel;
            for (; c + TBackend.Width <= channelEnd; c += TBackend.Width)
                Distribute<WholeVector>(window + c, o + c, rows, columns, rowStride, g.Channels, TBackend.Width);
            if (c < channelEnd)
                Distribute<PartialVector>(window + c, o + c, rows, columns, rowStride, g.Channels, channelEnd - c);
            if (left + columns < nextLeft || top + rows < nextTop)
                SkipRest(InputGradient, window + channel, rows, columns, nextTop - top, nextLeft - left, rowStride, g.Channels, channelEnd - channel);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Distribute<TAccess>(int window, int output, int rows, int columns, int rowStride, int columnStride, int count)
        where TAccess : struct, IVectorAccess
    {
        var threshold = MaxPoolArgmax.Threshold<TBackend, TVector>(TAccess.Load<TBackend, TVector>(Output, output, count));
        var gradient = TAccess.Load<TBackend, TVector>(OutputGradient, output, count);
        for (var r = 0; r < rows; r++)
        {
            var at = window + r * rowStride;
            for (var k = 0; k < columns; k++, at += columnStride)
            {
                var x = TAccess.Load<TBackend, TVector>(Input, at, count);
                InputGradient.Write<TAccess>(at, count, MaxPoolArgmax.Take<TBackend, TVector>(x, threshold, ref gradient));
            }
        }
    }

    // The pixels right of the window and below it, up to the next windows. Given a copy of what is written to, so that the kernel stays in registers.
    private static void SkipRest(
        GradientWriter<TBackend, TVector, TActivation> target, int window, int rows, int columns, int allRows, int allColumns, int rowStride, int columnStride, int channels)
    {
        for (var r = 0; r < allRows; r++)
        {
            for (var k = r < rows ? columns : 0; k < allColumns; k++)
                target.WriteZeros(window + r * rowStride + k * columnStride, channels);
        }
    }
}

/// <summary>
/// The gradient of maximum pooling where windows overlap: an item owns a strip of a row of pixels and adds up, in a fixed order, what the windows over
/// it leave there. The rows of a window above the item's are walked to see whether they hold the maximum.
/// </summary>
internal struct MaxPoolBackwardOverlapping<TBackend, TVector, TActivation> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
    where TActivation : struct, IActivation
{
    /// <summary>The forward pass's images, and the gradient with respect to its output.</summary>
    public TBackend Input, Output, OutputGradient;

    /// <summary>The gradient with respect to the input.</summary>
    public GradientWriter<TBackend, TVector, TActivation> InputGradient;

    /// <summary>Sizes.</summary>
    public PoolGeometry Geometry;

    /// <summary>The cut of the input into items.</summary>
    public RowTiles Tiles;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        var g = Geometry;
        Tiles.GetTile(item, out var row, out var column, out var columnEnd, out var channel, out var channelEnd);
        var sample = g.ByInputHeight.Divide(row);
        var inputRow = row - sample * g.InputHeight;
        var rowStride = g.InputWidth * g.Channels;
        var strip = row * rowStride;
        for (var k = column; k < columnEnd; k++) InputGradient.WriteZeros(strip + k * g.Channels + channel, channelEnd - channel);
        g.WindowRows(inputRow, out var fromRow, out var endRow);
        g.WindowColumns(column, out var fromColumn, out _);
        g.WindowColumns(columnEnd - 1, out _, out var endColumn);
        for (var windowRow = fromRow; windowRow < endRow; windowRow++)
        {
            g.Rows(windowRow, out var top, out _);
            for (var windowColumn = fromColumn; windowColumn < endColumn; windowColumn++)
            {
                g.Columns(windowColumn, out var left, out var columns);
                var output = ((sample * g.OutputHeight + windowRow) * g.OutputWidth + windowColumn) * g.Channels;
                var window = strip + left * g.Channels;
                var own = Math.Max(0, column - left);
                var ownEnd = Math.Min(columns, columnEnd - left);
                var c = channel;
                for (; c + TBackend.Width <= channelEnd; c += TBackend.Width)
                    Distribute<WholeVector>(window + c, output + c, inputRow - top, columns, own, ownEnd, rowStride, g.Channels, TBackend.Width);
                if (c < channelEnd)
                    Distribute<PartialVector>(window + c, output + c, inputRow - top, columns, own, ownEnd, rowStride, g.Channels, channelEnd - c);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Distribute<TAccess>(
        int window, int output, int rowsAbove, int columns, int own, int ownEnd, int rowStride, int columnStride, int count)
        where TAccess : struct, IVectorAccess
    {
        var threshold = MaxPoolArgmax.Threshold<TBackend, TVector>(TAccess.Load<TBackend, TVector>(Output, output, count));
        var gradient = TAccess.Load<TBackend, TVector>(OutputGradient, output, count);
        for (var r = rowsAbove; r > 0; r--) Pass<TAccess>(window - r * rowStride, columns, columnStride, count, threshold, ref gradient);
        Pass<TAccess>(window, own, columnStride, count, threshold, ref gradient);
        var at = window + own * columnStride;
        for (var k = own; k < ownEnd; k++, at += columnStride)
        {
            var x = TAccess.Load<TBackend, TVector>(Input, at, count);
            InputGradient.Add<TAccess>(at, count, MaxPoolArgmax.Take<TBackend, TVector>(x, threshold, ref gradient));
        }
    }

    // Pixels that other items own: what they take is gone.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Pass<TAccess>(int at, int columns, int columnStride, int count, TVector threshold, ref TVector gradient)
        where TAccess : struct, IVectorAccess
    {
        for (var k = 0; k < columns; k++, at += columnStride)
            MaxPoolArgmax.Take<TBackend, TVector>(TAccess.Load<TBackend, TVector>(Input, at, count), threshold, ref gradient);
    }
}
