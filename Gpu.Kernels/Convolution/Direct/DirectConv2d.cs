using System.Runtime.CompilerServices;
using Gpu.Kernels.Activations;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Convolution;

/// <summary>
/// Direct convolution: output[pixel, c] = sum over taps and input channels of input[pixel shifted by the tap, k] * weights[tap, k, c]. The forward pass, the
/// input gradient (with transposed weights) and both passes of the transposed convolution differ only in their <see cref="ConvGeometry"/>.
/// </summary>
/// <remarks>
/// The sums of a tile (<see cref="TilePixels"/> pixels by up to <see cref="PanelVectors"/> vectors of output channels) stay in registers from the first tap to
/// the last, as in E. Georganas et al., "Anatomy of high-performance deep learning convolutions on SIMD architectures", SC 2018. The pixels of a tile lie below
/// each other in one column; rows are counted through the whole batch. So a tap that falls to the left or right of the input is skipped for the whole tile,
/// and the taps that remain of a kernel row are one contiguous run of channels. A pixel whose tap lies above or below the input reads a row of zeros, which
/// keeps branches out of the innermost loop. An item is a strip of tiles side by side. The tiles themselves are unrolled by DirectConv2d.tt.
/// </remarks>
internal partial struct DirectConv2d<TBackend, TVector, TActivation> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
    where TActivation : struct, IActivation
{
    /// <summary>
    /// Pixels in a tile. A GPU has fewer registers for a thread (SIMD8 code of an Intel GPU has 128 words), and more tiles give it more threads.
    /// </summary>
    public static int TilePixels => TBackend.IsGpu ? 3 : 6;

    /// <summary>Vectors of output channels in a panel.</summary>
    public const int PanelVectors = 2;

    /// <summary>Activations [n, h, w, c]; weights; bias [c]; output; zeros, one more tap than a kernel row has, times the input channels.</summary>
    public TBackend Input, Weights, Bias, Output, Zeros;

    /// <summary>The activated values at which the derivative is taken; read if <see cref="Gated"/>.</summary>
    public TBackend Saved;

    /// <summary>Sizes and the mapping from output pixel and tap to input pixel.</summary>
    public ConvGeometry Geometry;

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
        var outputChannel = group * Geometry.OutputPerGroup + within;
        var inputChannel = group * Geometry.InputPerGroup;
        var weights = TBackend.Slice(Weights, group * Geometry.WeightGroupStride + panel * Geometry.WeightPanelStride);

        var tile = strip * Geometry.TilesPerStrip;
        var last = Math.Min(tile + Geometry.TilesPerStrip, Geometry.Tiles);
        var band = tile / Geometry.Columns;
        var column = tile - band * Geometry.Columns;
        if (TBackend.IsGpu)
        {
            // A strip is one tile.
            GetRows(band, inputChannel, outputChannel, out DirectConv2dRows3 few);
            if (channels > TBackend.Width) TwoVectors3(in few, column, weights, outputChannel, channels);
            else OneVector3(in few, column, weights, outputChannel, channels);
            return;
        }

        GetRows(band, inputChannel, outputChannel, out DirectConv2dRows6 rows);
        while (tile < last)
        {
            if (column == Geometry.Columns)
            {
                column = 0;
                band++;
                GetRows(band, inputChannel, outputChannel, out rows);
            }

            var twoVectors = channels > TBackend.Width;
            var twoColumns = !twoVectors & Geometry.Shared & (tile + 1 < last) & (column + 1 < Geometry.Columns);
            if (outputChannel == 0) Prefetch(in rows, column, twoColumns);
            if (twoVectors)
            {
                TwoVectors6(in rows, column, weights, outputChannel, channels);
            }
            else if (twoColumns)
            {
                TwoColumns(in rows, column, weights, outputChannel, channels);
                tile++;
                column++;
            }
            else
            {
                OneVector6(in rows, column, weights, outputChannel, channels);
            }

            tile++;
            column++;
        }
    }

    // Indices of the pixel in column 0 of a grid row: the input word and input row of its first tap, and its output word.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void GetRow(int n, int row, int inputChannel, int outputChannel, out int input, out int y, out int output)
    {
        y = Geometry.InputY + row * Geometry.InputStepY;
        input = ((n * Geometry.InputHeight + y) * Geometry.InputWidth + Geometry.InputX) * Geometry.InputChannels + inputChannel;
        var outputY = Geometry.OutputY + row * Geometry.OutputStepY;
        output = ((n * Geometry.OutputHeight + outputY) * Geometry.OutputWidth + Geometry.OutputX) * Geometry.OutputChannels + outputChannel;
    }

    // From one grid row to the next, which may be the first of the next image; stays at the last one.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Advance(int gridRow, ref int n, ref int row)
    {
        if (gridRow >= Geometry.GridRows) return;
        row++;
        if (row < Geometry.Rows) return;
        row = 0;
        n++;
    }

    // Whether no tap of a row lies above or below the input.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly bool IsInside(int y) => (y >= 0) & (y + (Geometry.TapsY - 1) * Geometry.TapStepY < Geometry.InputHeight);

    // The input under a tap, or zeros above and below the input. The unsigned comparison covers both.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly TBackend InputOrZeros(int index, int y) => TBackend.Choose((uint)y < (uint)Geometry.InputHeight, TBackend.Slice(Input, index), Zeros);

    // A tile reads one stream for each of its rows, more than hardware prefetchers follow. So each tile prefetches its share of the rows that the next band is
    // the first to read; they are contiguous. Only the first panel does this: the others find them in the cache.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Prefetch(in DirectConv2dRows6 rows, int column, bool twoColumns)
    {
        const int line = 16;
        var share = TilePixels * Geometry.InputStepY * Geometry.InputStepX * Geometry.InputChannels;
        var first = rows.Input5 + Geometry.TapsY * Geometry.TapStepY * Geometry.InputWidth * Geometry.InputChannels + column * share;
        var words = twoColumns ? 2 * share : share;
        for (var word = 0; word < words; word += line) TBackend.Prefetch(Input, first + word);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void StorePair(int index, TVector a, TVector b, int channels)
    {
        Store(index, a, TBackend.Width);
        Store(index + TBackend.Width, b, channels - TBackend.Width);
    }

    // Applies the activation, or multiplies by its derivative, and writes the first channels of a vector.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Store(int index, TVector value, int channels)
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
