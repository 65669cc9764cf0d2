using System.Runtime.CompilerServices;
using Gpu.Kernels.Activations;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Pooling;

/// <summary>Weights of the windows in <see cref="AvgPoolBackward{TBackend,TVector,TActivation,TWeight}"/>.</summary>
internal interface IPoolWeight
{
    /// <summary>Whether the value of a window is divided by the number of its pixels inside the image. Otherwise all windows have the same weight.</summary>
    static abstract bool ExcludePadding { get; }
}

/// <summary>All windows have the same weight.</summary>
internal readonly struct UniformPoolWeight : IPoolWeight
{
    /// <inheritdoc/>
    public static bool ExcludePadding => false;
}

/// <summary>A window is weighted by 1 / (number of its pixels inside the image), so the pixels of windows at the edge of the image get more.</summary>
internal readonly struct InsidePixelsPoolWeight : IPoolWeight
{
    /// <inheritdoc/>
    public static bool ExcludePadding => true;
}

/// <summary>
/// Pixel = scale * sum over the windows that contain the pixel: the transpose of <see cref="PoolForward{TBackend,TVector,TActivation,TReduction}"/> with
/// <see cref="SumReduction"/>. It computes the input gradient of average pooling, and nearest-neighbor upsampling. An item is a strip of a row of pixels.
/// </summary>
internal struct AvgPoolBackward<TBackend, TVector, TActivation, TWeight> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
    where TActivation : struct, IActivation
    where TWeight : struct, IPoolWeight
{
    /// <summary>The tensor that is read, one value for each window and channel [batch, output height, output width, channels].</summary>
    public TBackend Windows;

    /// <summary>The tensor that is written [batch, input height, input width, channels].</summary>
    public GradientWriter<TBackend, TVector, TActivation> Pixels;

    /// <summary>Sizes of the pooling whose transpose this is: the tensor that is written has its input's extents.</summary>
    public PoolGeometry Geometry;

    /// <summary>The division of the written tensor into items.</summary>
    public RowTiles Tiles;

    /// <summary>The factor of every sum.</summary>
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
        // The first column after the first window that contains the current column, and the first column of the next window.
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
        if (TWeight.ExcludePadding) sum = WeightedSum<TAccess>(from, fromRow, endRow, fromColumn, endColumn, count);
        // Without overlap, a pixel has one window.
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
    private readonly TVector WeightedSum<TAccess>(int from, int fromRow, int endRow, int fromColumn, int endColumn, int count)
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
