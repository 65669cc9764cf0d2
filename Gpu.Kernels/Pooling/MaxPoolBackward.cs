using System.Runtime.CompilerServices;
using Gpu.Kernels.Activations;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Pooling;

/// <summary>Assigns the gradient of a window to the first pixel that equals its maximum.</summary>
internal static class MaxPoolArgmax
{
    /// <summary>
    /// Returns the threshold of a window for <see cref="Take"/>: a pixel x is a maximum if not threshold &gt; x. For numbers, the threshold is the maximum, and
    /// the test is equality. The test is true for x = NaN, so for a maximum of NaN the threshold is infinity, which only NaN (and infinity) passes.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Threshold<TBackend, TVector>(TVector largest)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged => TBackend.SelectEqual(largest, largest, largest, TBackend.Splat(float.PositiveInfinity));

    /// <summary>
    /// Returns the gradient of pixel <paramref name="x"/>. Call it for the pixels of a window in row-major order: the first maximum takes the whole gradient
    /// <paramref name="left"/>, which is then 0 for the pixels after it.
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
/// Input gradient of max pooling with windows that do not overlap. An item iterates over the windows of a strip of an output row. It writes all pixels of the
/// windows, and zeros to the pixels between them and the next row and column of windows.
/// </summary>
internal struct MaxPoolBackwardDisjoint<TBackend, TVector, TActivation> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
    where TActivation : struct, IActivation
{
    /// <summary>Input and output of the forward pass, and gradient with respect to its output.</summary>
    public TBackend Input, Output, OutputGradient;

    /// <summary>Gradient with respect to the input.</summary>
    public GradientWriter<TBackend, TVector, TActivation> InputGradient;

    /// <summary>Sizes.</summary>
    public PoolGeometry Geometry;

    /// <summary>The division of the output into items.</summary>
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
                WriteZerosBetweenWindows(
                    InputGradient, window + channel, rows, columns, nextTop - top, nextLeft - left, rowStride, g.Channels, channelEnd - channel);
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

    // The pixels to the right of the window and below it, up to the next windows. The method is static and gets a copy of the writer, so that the fields of the
    // kernel stay in registers.
    private static void WriteZerosBetweenWindows(
        GradientWriter<TBackend, TVector, TActivation> target, int window, int rows, int columns, int allRows, int allColumns,
        int rowStride, int columnStride, int channels)
    {
        for (var r = 0; r < allRows; r++)
        {
            for (var k = r < rows ? columns : 0; k < allColumns; k++)
                target.WriteZeros(window + r * rowStride + k * columnStride, channels);
        }
    }
}

/// <summary>
/// Input gradient of max pooling with overlapping windows. An item owns a strip of a row of pixels, and adds the gradients of all windows that contain them, in
/// a fixed order. It also scans the rows of a window above its own row, as the maximum may be there.
/// </summary>
internal struct MaxPoolBackwardOverlapping<TBackend, TVector, TActivation> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
    where TActivation : struct, IActivation
{
    /// <summary>Input and output of the forward pass, and gradient with respect to its output.</summary>
    public TBackend Input, Output, OutputGradient;

    /// <summary>Gradient with respect to the input.</summary>
    public GradientWriter<TBackend, TVector, TActivation> InputGradient;

    /// <summary>Sizes.</summary>
    public PoolGeometry Geometry;

    /// <summary>The division of the input into items.</summary>
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
        for (var r = rowsAbove; r > 0; r--) SkipPixels<TAccess>(window - r * rowStride, columns, columnStride, count, threshold, ref gradient);
        SkipPixels<TAccess>(window, own, columnStride, count, threshold, ref gradient);
        var at = window + own * columnStride;
        for (var k = own; k < ownEnd; k++, at += columnStride)
        {
            var x = TAccess.Load<TBackend, TVector>(Input, at, count);
            InputGradient.Add<TAccess>(at, count, MaxPoolArgmax.Take<TBackend, TVector>(x, threshold, ref gradient));
        }
    }

    // Pixels that other items own. If one of them is the maximum, no gradient is left.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void SkipPixels<TAccess>(int at, int columns, int columnStride, int count, TVector threshold, ref TVector gradient)
        where TAccess : struct, IVectorAccess
    {
        for (var k = 0; k < columns; k++, at += columnStride)
            MaxPoolArgmax.Take<TBackend, TVector>(TAccess.Load<TBackend, TVector>(Input, at, count), threshold, ref gradient);
    }
}
