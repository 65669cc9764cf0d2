using System.Runtime.CompilerServices;
using Gpu.Kernels.Activations;
using Gpu.Kernels.Launching;
using Gpu.Kernels.Machines;

namespace Gpu.Kernels.Pooling;

/// <summary>
/// The transpose of a reduction by <see cref="WindowSum"/>: every pixel gets scale * the sum over the windows that it lies in. The gradient
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

    /// <summary>What every sum is multiplied by; not used where <see cref="OverPixels"/>.</summary>
    public float Scale;

    /// <summary>1: divide what comes from a window by the number of its pixels that lie inside the image.</summary>
    public int OverPixels;

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
            for (; c + TMachine.Width <= channelEnd; c += TMachine.Width)
                Gather<WholeVector>(from + c, to + c, fromRow, endRow, fromColumn, endColumn, TMachine.Width);
            if (c < channelEnd)
                Gather<PartialVector>(from + c, to + c, fromRow, endRow, fromColumn, endColumn, channelEnd - c);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Gather<TAccess>(int from, int to, int fromRow, int endRow, int fromColumn, int endColumn, int count)
        where TAccess : struct, IVectorAccess
    {
        TVector sum;
        if (OverPixels != 0)
        {
            sum = Shares<TAccess>(from, fromRow, endRow, fromColumn, endColumn, count);
        }
        else
        {
            // One window is all there is where windows do not overlap.
            sum = endRow - fromRow == 1 && endColumn - fromColumn == 1
                ? TAccess.Load<TMachine, TVector>(Windows, from, count)
                : Sum<TAccess>(from, endRow - fromRow, endColumn - fromColumn, count);
            sum = TMachine.Multiply(sum, TMachine.Splat(Scale));
        }

        Pixels.Write<TAccess>(to, count, sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly TVector Sum<TAccess>(int from, int rows, int columns, int count)
        where TAccess : struct, IVectorAccess
    {
        var sum = TMachine.Zero;
        for (var r = 0; r < rows; r++)
        {
            var at = from + r * Geometry.OutputWidth * Geometry.Channels;
            for (var k = 0; k < columns; k++, at += Geometry.Channels) sum = TMachine.Add(sum, TAccess.Load<TMachine, TVector>(Windows, at, count));
        }

        return sum;
    }

    // The windows at the edge of the image count fewer pixels than the others.
    private readonly TVector Shares<TAccess>(int from, int fromRow, int endRow, int fromColumn, int endColumn, int count)
        where TAccess : struct, IVectorAccess
    {
        var sum = TMachine.Zero;
        for (var windowRow = fromRow; windowRow < endRow; windowRow++)
        {
            var at = from + (windowRow - fromRow) * Geometry.OutputWidth * Geometry.Channels;
            Geometry.Rows(windowRow, out _, out var rows);
            for (var windowColumn = fromColumn; windowColumn < endColumn; windowColumn++, at += Geometry.Channels)
            {
                Geometry.Columns(windowColumn, out _, out var columns);
                sum = TMachine.MultiplyAdd(TAccess.Load<TMachine, TVector>(Windows, at, count), TMachine.Splat(1f / (rows * columns)), sum);
            }
        }

        return sum;
    }
}
