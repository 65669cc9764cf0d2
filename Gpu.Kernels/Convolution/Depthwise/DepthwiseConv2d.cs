using System.Runtime.CompilerServices;
using Gpu.Kernels.Activations;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Convolution;

/// <summary>
/// Depthwise convolution, with one input and one output channel in each group: output[pixel, c] = sum over taps of input[pixel shifted by the tap, c] *
/// weights[tap, c]. The lanes of a vector are channels. The forward pass and the input gradient differ only in their <see cref="ConvGeometry"/>. An item is a
/// part of a grid row.
/// </summary>
/// <remarks>
/// Where all taps of a kernel row lie inside the input, the CPU computes <see cref="TilePixels"/> pixels at a time, so that a weight is loaded once for all of
/// them. At the left and right edge it computes single pixels and skips the taps outside.
/// </remarks>
internal struct DepthwiseConv2d<TBackend, TVector, TActivation> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
    where TActivation : struct, IActivation
{
    /// <summary>Pixels in a tile.</summary>
    public const int TilePixels = 4;

    /// <summary>Activations [n, h, w, c]; weights [tap, c]; bias [c].</summary>
    public TBackend Input, Weights, Bias;

    /// <summary>The output; <see cref="Saved"/> holds the activated values at which the derivative is taken, and is read if <see cref="Gated"/>.</summary>
    public TBackend Output, Saved;

    /// <summary>Sizes and the mapping from output pixel and tap to input pixel and weights.</summary>
    public ConvGeometry Geometry;

    /// <summary>The division of the grid into items.</summary>
    public RowTiles Tiles;

    /// <summary>Fast divisions by the rows of the grid and by the steps of the taps.</summary>
    public FastDivMod ByRows, ByTapStepY, ByTapStepX;

    /// <summary>The columns of the grid whose taps all lie inside the input. The end is exclusive.</summary>
    public int InsideBegin, InsideEnd;

    /// <summary>See <see cref="Activation.Slope"/>.</summary>
    public float Slope;

    /// <summary>The bias is added before the activation.</summary>
    public Flag HasBias;

    /// <summary>The result is multiplied by the activation's derivative at <see cref="Saved"/>, instead of passing through the activation.</summary>
    public Flag Gated;

    /// <summary>The result is added to the output, instead of replacing it.</summary>
    public Flag Accumulate;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        Tiles.GetTile(item, out var gridRow, out var column, out var columnEnd, out var channel, out var channelEnd);
        var n = ByRows.Divide(gridRow);
        var row = gridRow - n * Geometry.Rows;
        var y = Geometry.InputY + row * Geometry.InputStepY;
        ClipTaps(y, Geometry.TapStepY, ByTapStepY, Geometry.TapsY, Geometry.InputHeight, out var firstY, out var endY);
        var inputRow = (n * Geometry.InputHeight + y + firstY * Geometry.TapStepY) * Geometry.InputWidth;
        var outputRow = (n * Geometry.OutputHeight + Geometry.OutputY + row * Geometry.OutputStepY) * Geometry.OutputWidth + Geometry.OutputX;
        var weightRow = Geometry.WeightTap + firstY * Geometry.WeightTapY;
        var channels = Geometry.InputChannels;
        var tilesEnd = Math.Min(columnEnd, InsideEnd) - TilePixels;
        var threeTaps = Geometry.TapsX == 3 && Geometry.TapStepX == Geometry.InputStepX;
        while (column < columnEnd)
        {
            var x = Geometry.InputX + column * Geometry.InputStepX;
            var output = (outputRow + column * Geometry.OutputStepX) * channels;
            var c = channel;
            if (!TBackend.IsGpu && column >= InsideBegin && column <= tilesEnd)
            {
                var input = (inputRow + x) * channels;
                if (threeTaps)
                {
                    var vectors = (channelEnd - c) / TBackend.Width;
                    SumTilesOfThreeTaps(input + c, weightRow * channels + c, output + c, c, vectors, endY - firstY);
                    c += vectors * TBackend.Width;
                }

                for (; c + TBackend.Width <= channelEnd; c += TBackend.Width)
                    SumTile<WholeVector>(input + c, weightRow * channels + c, output + c, c, endY - firstY, TBackend.Width);
                if (c < channelEnd) SumTile<PartialVector>(input + c, weightRow * channels + c, output + c, c, endY - firstY, channelEnd - c);
                column += TilePixels;
            }
            else
            {
                ClipTaps(x, Geometry.TapStepX, ByTapStepX, Geometry.TapsX, Geometry.InputWidth, out var firstX, out var endX);
                var input = (inputRow + x + firstX * Geometry.TapStepX) * channels;
                var weights = (weightRow + firstX * Geometry.WeightTapX) * channels;
                for (; c + TBackend.Width <= channelEnd; c += TBackend.Width)
                    SumPixel<WholeVector>(input + c, weights + c, output + c, c, endY - firstY, endX - firstX, TBackend.Width);
                if (c < channelEnd) SumPixel<PartialVector>(input + c, weights + c, output + c, c, endY - firstY, endX - firstX, channelEnd - c);
                column++;
            }
        }
    }

    // The taps that lie inside the input, of those at first, first + step, ...
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ClipTaps(int first, int step, FastDivMod byStep, int taps, int extent, out int from, out int end)
    {
        from = byStep.Divide(Math.Max(0, step - 1 - first));
        end = Math.Min(taps, byStep.Divide(Math.Max(0, extent - 1 - first + step)));
        end = Math.Max(from, end);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void SumPixel<TAccess>(int input, int weights, int output, int channel, int rows, int columns, int count)
        where TAccess : struct, IVectorAccess
    {
        var rowStep = Geometry.TapStepY * Geometry.InputWidth * Geometry.InputChannels;
        var columnStep = Geometry.TapStepX * Geometry.InputChannels;
        var sum = TBackend.Zero;
        for (var r = 0; r < rows; r++)
        {
            var at = input + r * rowStep;
            var w = weights + r * Geometry.WeightTapY * Geometry.InputChannels;
            for (var left = columns; left > 0; left--)
            {
                sum = TBackend.MultiplyAdd(TAccess.Load<TBackend, TVector>(Input, at, count), TAccess.Load<TBackend, TVector>(Weights, w, count), sum);
                at += columnStep;
                w += Geometry.WeightTapX * Geometry.InputChannels;
            }
        }

        Write<TAccess>(output, channel, sum, count);
    }

    // All taps of each kernel row lie inside the input.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void SumTile<TAccess>(int input, int weights, int output, int channel, int rows, int count)
        where TAccess : struct, IVectorAccess
    {
        var pixelStep = Geometry.InputStepX * Geometry.InputChannels;
        var rowStep = Geometry.TapStepY * Geometry.InputWidth * Geometry.InputChannels;
        var columnStep = Geometry.TapStepX * Geometry.InputChannels;
        var weightStep = Geometry.WeightTapX * Geometry.InputChannels;
        var (sum0, sum1, sum2, sum3) = (TBackend.Zero, TBackend.Zero, TBackend.Zero, TBackend.Zero);
        for (var r = 0; r < rows; r++)
        {
            var at = input + r * rowStep;
            var w = weights + r * Geometry.WeightTapY * Geometry.InputChannels;
            for (var left = Geometry.TapsX; left > 0; left--)
            {
                var weight = TAccess.Load<TBackend, TVector>(Weights, w, count);
                sum0 = TBackend.MultiplyAdd(TAccess.Load<TBackend, TVector>(Input, at, count), weight, sum0);
                sum1 = TBackend.MultiplyAdd(TAccess.Load<TBackend, TVector>(Input, at + pixelStep, count), weight, sum1);
                sum2 = TBackend.MultiplyAdd(TAccess.Load<TBackend, TVector>(Input, at + 2 * pixelStep, count), weight, sum2);
                sum3 = TBackend.MultiplyAdd(TAccess.Load<TBackend, TVector>(Input, at + 3 * pixelStep, count), weight, sum3);
                at += columnStep;
                w += weightStep;
            }
        }

        WriteTile<TAccess>(output, channel, sum0, sum1, sum2, sum3, count);
    }

    // The same sums in the same order for kernel rows of three taps that are as far apart as the pixels, for all whole vectors of channels: six inputs are
    // loaded instead of twelve. What does not change is in locals, which stores through the output cannot change.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void SumTilesOfThreeTaps(int input, int weights, int output, int channel, int vectors, int rows)
    {
        var (memory, taps) = (Input, Weights);
        var step = Geometry.InputStepX * Geometry.InputChannels;
        var rowStep = Geometry.TapStepY * Geometry.InputWidth * Geometry.InputChannels;
        var weightStep = Geometry.WeightTapX * Geometry.InputChannels;
        var weightRowStep = Geometry.WeightTapY * Geometry.InputChannels;
        for (; vectors > 0; vectors--)
        {
            var (sum0, sum1, sum2, sum3) = (TBackend.Zero, TBackend.Zero, TBackend.Zero, TBackend.Zero);
            var (at, w) = (input, weights);
            for (var left = rows; left > 0; left--)
            {
                var weight = TBackend.Load(taps, w);
                var input1 = TBackend.Load(memory, at + step);
                var input2 = TBackend.Load(memory, at + 2 * step);
                var input3 = TBackend.Load(memory, at + 3 * step);
                sum0 = TBackend.MultiplyAdd(TBackend.Load(memory, at), weight, sum0);
                sum1 = TBackend.MultiplyAdd(input1, weight, sum1);
                sum2 = TBackend.MultiplyAdd(input2, weight, sum2);
                sum3 = TBackend.MultiplyAdd(input3, weight, sum3);
                weight = TBackend.Load(taps, w + weightStep);
                var input4 = TBackend.Load(memory, at + 4 * step);
                sum0 = TBackend.MultiplyAdd(input1, weight, sum0);
                sum1 = TBackend.MultiplyAdd(input2, weight, sum1);
                sum2 = TBackend.MultiplyAdd(input3, weight, sum2);
                sum3 = TBackend.MultiplyAdd(input4, weight, sum3);
                weight = TBackend.Load(taps, w + 2 * weightStep);
                sum0 = TBackend.MultiplyAdd(input2, weight, sum0);
                sum1 = TBackend.MultiplyAdd(input3, weight, sum1);
                sum2 = TBackend.MultiplyAdd(input4, weight, sum2);
                sum3 = TBackend.MultiplyAdd(TBackend.Load(memory, at + 5 * step), weight, sum3);
                at += rowStep;
                w += weightRowStep;
            }

            WriteTile<WholeVector>(output, channel, sum0, sum1, sum2, sum3, TBackend.Width);
            input += TBackend.Width;
            weights += TBackend.Width;
            output += TBackend.Width;
            channel += TBackend.Width;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void WriteTile<TAccess>(int output, int channel, TVector sum0, TVector sum1, TVector sum2, TVector sum3, int count)
        where TAccess : struct, IVectorAccess
    {
        var step = Geometry.OutputStepX * Geometry.OutputChannels;
        Write<TAccess>(output, channel, sum0, count);
        Write<TAccess>(output + step, channel, sum1, count);
        Write<TAccess>(output + 2 * step, channel, sum2, count);
        Write<TAccess>(output + 3 * step, channel, sum3, count);
    }

    // Adds the bias, applies the activation or multiplies by its derivative, and writes the result.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Write<TAccess>(int index, int channel, TVector value, int count)
        where TAccess : struct, IVectorAccess
    {
        if (HasBias) value = TBackend.Add(value, TAccess.Load<TBackend, TVector>(Bias, channel, count));
        if (Gated) value = TActivation.Backward<TBackend, TVector>(TAccess.Load<TBackend, TVector>(Saved, index, count), value, Slope);
        else value = TActivation.Forward<TBackend, TVector>(value, Slope);
        if (Accumulate) value = TBackend.Add(value, TAccess.Load<TBackend, TVector>(Output, index, count));
        TAccess.Store(Output, index, value, count);
    }
}
