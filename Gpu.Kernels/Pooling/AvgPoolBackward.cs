using System.Runtime.CompilerServices;
using Gpu.Kernels.Activations;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Pooling;

/// <summary>How the windows of <see cref="AvgPoolBackward{TBackend,TVector,TActivation,TWeight}"/> weigh.</summary>
internal interface IPoolWeight
{
    /// <summary>True: what comes from a window is divided by the number of its pixels that lie inside the image. False: all weigh the same.</summary>
    static abstract bool OverPixels { get; }
}

/// <summary>All windows weigh the same.</summary>
internal readonly struct EqualPoolWeight : IPoolWeight
{
    /// <inheritdoc/>
    public static bool OverPixels => false;
}

/// <summary>Windows at the edge of the image hold fewer pixels than the others, and each of those gets more.</summary>
internal readonly struct InsidePoolWeight : IPoolWeight
{
    /// <inheritdoc/>
    public static bool OverPixels => true;
}

/// <summary>
/// The transpose of a reduction by <see cref="SumReduction"/>: every pixel gets scale * the sum over the windows that it lies in. The gradient
/// of average pooling, and nearest up-sampling itself. An item is a strip of a row of pixels.
/// </summary>
internal struct AvgPoolBackward<TBackend, TVector, TActivation, TWeight> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
    where TActivation : struct, IActivation
    where TWeight : struct, IPoolWeight
{
    /// <summary>One value a window and channel: [batch, output height, output width, channels].</summary>
    public TBackend Windows;

    /// <summary>What is written: [batch, input height, input width, channels].</summary>
    public GradientWriter<TBackend, TVector, TActivation> Pixels;

    /// <summary>Sizes, by the names of pooling: the input is what is written.</summary>
    public PoolGeometry Geometry;

    /// <summary>The cut of the input into items.</summary>
    public RowTiles Tiles;

    /// <summary>What every sum is multiplied by.</summary>
    public float Scale;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        var g = Geometry;
        Tiles.GetTile(item, out var row, out var column, out var columnEnd, out var channel, out var channelEnd);
        var sample = g.ByInputHeight.Divide(row);
        g.WindowRows(row - sample * g.InputHeight, out var fromRow, out var endRow);
        g.WindowColumns(column, out var fromColumn, out var endColumn);
        // Where the first window over the column ends, and where the first one behind it begins.
        var leaves = fromColumn * g.StrideWidth - g.PaddingLeft + g.WindowWidth;
        var enters = endColumn * g.StrideWidth - g.PaddingLeft;
        var source = sample * g.OutputHeight + fromRow;
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
            var from = (source * g.OutputWidth + fromColumn) * g.Channels;
            var c = channel;
            for (; c + TBackend.Width <= channelEnd; c += TBackend.Width)
                Gather<WholeVector>(from + c, to + c, fromRow, endRow, fromColumn, endColumn, TBackend.Width);
            if (c < channelEnd)
                Gather<PartialVector>(from + c, to + c, fromRow, endRow, fromColumn, endColumn, channelEnd - c);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Gather<TAccess>(int from, int to, int fromRow, int endRow, int fromColumn, int endColumn, int count)
        where TAccess : struct, IVectorAccess
    {
        TVector sum;
        if (TWeight.OverPixels) sum = Shares<TAccess>(from, fromRow, endRow, fromColumn, endColumn, count);
        // One window is all there is where windows do not overlap.
        else if (endRow - fromRow == 1 && endColumn - fromColumn == 1) sum = TAccess.Load<TBackend, TVector>(Windows, from, count);
        else sum = Sum<TAccess>(from, endRow - fromRow, endColumn - fromColumn, count);
        Pixels.Write<TAccess>(to, count, TBackend.Multiply(sum, TBackend.Splat(Scale)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly TVector Sum<TAccess>(int from, int rows, int columns, int count)
        where TAccess : struct, IVectorAccess
    {
        var sum = TBackend.Zero;
        for (var r = 0; r < rows; r++)
        {
            var at = from + r * Geometry.OutputWidth * Geometry.Channels;
            for (var k = 0; k < columns; k++, at += Geometry.Channels) sum = TBackend.Add(sum, TAccess.Load<TBackend, TVector>(Windows, at, count));
        }

        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly TVector Shares<TAccess>(int from, int fromRow, int endRow, int fromColumn, int endColumn, int count)
        where TAccess : struct, IVectorAccess
    {
        var sum = TBackend.Zero;
        for (var windowRow = fromRow; windowRow < endRow; windowRow++)
        {
            var at = from + (windowRow - fromRow) * Geometry.OutputWidth * Geometry.Channels;
            Geometry.Rows(windowRow, out _, out var rows);
            for (var windowColumn = fromColumn; windowColumn < endColumn; windowColumn++, at += Geometry.Channels)
            {
                Geometry.Columns(windowColumn, out _, out var columns);
                sum = TBackend.MultiplyAdd(TAccess.Load<TBackend, TVector>(Windows, at, count), TBackend.Splat(1f / (rows * columns)), sum);
            }
        }

        return sum;
    }
}
