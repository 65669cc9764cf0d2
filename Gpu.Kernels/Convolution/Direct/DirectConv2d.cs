using System.Runtime.CompilerServices;
using Gpu.Kernels.Activations;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Convolution;

/// <summary>
/// The product of every convolution and dense layer that gathers: output[pixel, c] = sum over taps and input channels of
/// input[pixel moved by the tap, k] * weights[tap, k, c]. The forward pass, the gradient of the input (with the weights transposed) and both passes of the
/// transposed convolution differ in the <see cref="ConvGeometry"/> alone.
/// </summary>
/// <remarks>
/// A tile is <see cref="TilePixels"/> pixels of one column, one below the other (the rows of the whole batch are counted through), by two vectors of output
/// channels; an item is a strip of tiles side by side. All sums of a tile stay in registers from the first tap to the last. Its pixels have the same place
/// from side to side: taps that lie beside the input are left out for all of them, and the others and their channels are one contiguous run. A pixel whose
/// tap lies above or below the input reads from a row of zeros, so that the innermost loop has no condition.
/// </remarks>
internal partial struct DirectConv2d<TBackend, TVector, TActivation> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
    where TActivation : struct, IActivation
{
    /// <summary>Pixels in a tile.</summary>
    public const int TilePixels = 6;

    /// <summary>Vectors of output channels in a panel.</summary>
    public const int PanelVectors = 2;

    /// <summary>Activations [n, h, w, c]; weights, bias [c]; and zeros, as many as a kernel row has taps and channels, and one tap more.</summary>
    public TBackend Input, Weights, Bias, Output, Zeros;

    /// <summary>The activated values that the gradient belongs to; read when <see cref="Gated"/>.</summary>
    public TBackend Saved;

    /// <summary>Sizes and the mapping from output pixel and tap to input pixel.</summary>
    public ConvGeometry Geometry;

    /// <summary>See <see cref="Activation.Slope"/>.</summary>
    public float Slope;

    /// <summary>Bias is added before the activation.</summary>
    public Flag HasBias;

    /// <summary>The result is multiplied by the activation's derivative at <see cref="Saved"/>, instead of passing through the activation.</summary>
    public Flag Gated;

    /// <summary>The result is added to what the output holds.</summary>
    public Flag Accumulate;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        int strip, panel;
        if (Geometry.PanelsInner)
        {
            strip = item / Geometry.Panels;
            panel = item - strip * Geometry.Panels;
        }
        else
        {
            panel = item / Geometry.Strips;
            strip = item - panel * Geometry.Strips;
        }

        var group = panel / Geometry.PanelsPerGroup;
        panel -= group * Geometry.PanelsPerGroup;
        var within = panel * PanelVectors * TBackend.Width;
        var channels = Geometry.OutputPerGroup - within;
        var target = group * Geometry.OutputPerGroup + within;
        var source = group * Geometry.InputPerGroup;
        var weights = TBackend.Slice(Weights, group * Geometry.WeightGroupStride + panel * Geometry.WeightPanelStride);

        var tile = strip * Geometry.TilesPerStrip;
        var last = Math.Min(tile + Geometry.TilesPerStrip, Geometry.Tiles);
        var band = tile / Geometry.Columns;
        var column = tile - band * Geometry.Columns;
        Locate(band, source, target, out var rows);
        while (tile < last)
        {
            if (column == Geometry.Columns)
            {
                column = 0;
                band++;
                Locate(band, source, target, out rows);
            }

            var wide = channels > TBackend.Width;
            var pair = !wide & Geometry.Shared & (tile + 1 < last) & (column + 1 < Geometry.Columns);
            if (!TBackend.IsGpu && target == 0) Prefetch(in rows, column, pair);
            if (wide)
            {
                TwoVectors(in rows, column, weights, target, channels);
            }
            else if (pair)
            {
                TwoColumns(in rows, column, weights, target, channels);
                tile++;
                column++;
            }
            else
            {
                OneVector(in rows, column, weights, target, channels);
            }

            tile++;
            column++;
        }
    }

    // The rows of a band of tiles. Rows after the last are the last once more, and not written.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Locate(int band, int source, int target, out DirectConv2dRows rows)
    {
        var first = band * TilePixels;
        rows.Count = Geometry.GridRows - first;
        var n = first / Geometry.Rows;
        var row = first - n * Geometry.Rows;
        Locate(n, row, source, target, out rows.Source0, out rows.Y0, out rows.Target0);
        Next(first + 1, ref n, ref row);
        Locate(n, row, source, target, out rows.Source1, out rows.Y1, out rows.Target1);
        Next(first + 2, ref n, ref row);
        Locate(n, row, source, target, out rows.Source2, out rows.Y2, out rows.Target2);
        Next(first + 3, ref n, ref row);
        Locate(n, row, source, target, out rows.Source3, out rows.Y3, out rows.Target3);
        Next(first + 4, ref n, ref row);
        Locate(n, row, source, target, out rows.Source4, out rows.Y4, out rows.Target4);
        Next(first + 5, ref n, ref row);
        Locate(n, row, source, target, out rows.Source5, out rows.Y5, out rows.Target5);
        rows.Inside = Inside(rows.Y0) & Inside(rows.Y1) & Inside(rows.Y2) & Inside(rows.Y3) & Inside(rows.Y4) & Inside(rows.Y5);
    }

    // A tile reads as many streams as it has rows, which is more than processors foresee, and what it reads has often left the cache. So each tile asks for
    // its share of the rows that the next band of tiles is the first to read; they lie one after the other. The other panels find them in the cache.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Prefetch(in DirectConv2dRows rows, int column, bool pair)
    {
        const int line = 16;
        var share = TilePixels * Geometry.InputStepY * Geometry.InputStepX * Geometry.InputChannels;
        var first = rows.Source5 + Geometry.TapsY * Geometry.TapStepY * Geometry.InputWidth * Geometry.InputChannels + column * share;
        var words = pair ? 2 * share : share;
        for (var word = 0; word < words; word += line) TBackend.Prefetch(Input, first + word);
    }

    // Where the first tap of a row's pixel in column 0 reads, and where that pixel is written.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Locate(int n, int row, int channel, int targetChannel, out int source, out int y, out int target)
    {
        y = Geometry.InputY + row * Geometry.InputStepY;
        source = ((n * Geometry.InputHeight + y) * Geometry.InputWidth + Geometry.InputX) * Geometry.InputChannels + channel;
        var targetY = Geometry.OutputY + row * Geometry.OutputStepY;
        target = ((n * Geometry.OutputHeight + targetY) * Geometry.OutputWidth + Geometry.OutputX) * Geometry.OutputChannels + targetChannel;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Next(int gridRow, ref int n, ref int row)
    {
        if (gridRow >= Geometry.GridRows) return;
        row++;
        if (row < Geometry.Rows) return;
        row = 0;
        n++;
    }

    // Whether all taps of a row lie inside the input, from above to below.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly bool Inside(int y) => (y >= 0) & (y + (Geometry.TapsY - 1) * Geometry.TapStepY < Geometry.InputHeight);

    // A row's channels for one tap, or zeros above and below the input. Unsigned comparison covers both ends.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly TBackend At(int source, int y) => TBackend.Choose((uint)y < (uint)Geometry.InputHeight, TBackend.Slice(Input, source), Zeros);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void WritePair(int index, TVector a, TVector b, int channels)
    {
        Write(index, a, TBackend.Width);
        Write(index + TBackend.Width, b, channels - TBackend.Width);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Write(int index, TVector value, int channels)
    {
        if (channels >= TBackend.Width)
        {
            if (Gated) value = TActivation.Backward<TBackend, TVector>(TBackend.Load(Saved, index), value, Slope);
            else value = TActivation.Forward<TBackend, TVector>(value, Slope);
            if (Accumulate) value = TBackend.Add(value, TBackend.Load(Output, index));
            TBackend.Store(Output, index, value);
        }
        else
        {
            if (Gated) value = TActivation.Backward<TBackend, TVector>(TBackend.LoadPartial(Saved, index, channels), value, Slope);
            else value = TActivation.Forward<TBackend, TVector>(value, Slope);
            if (Accumulate) value = TBackend.Add(value, TBackend.LoadPartial(Output, index, channels));
            TBackend.StorePartial(Output, index, value, channels);
        }
    }
}
