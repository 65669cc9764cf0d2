using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Convolution;

/// <summary>
/// Gradient of 3x3 filters and of the bias by the transpose of Winograd's algorithm F(4x4, 3x3), after A. Lavin, S. Gray, "Fast algorithms for convolutional
/// neural networks", CVPR 2016; see <see cref="WinogradTransform"/>. The forward pass computes Y = A^T [(G g G^T) * (B^T d B)] A from filter g and tile d. The
/// gradient of g is then G^T [(A dY A^T) * (B^T d B)] G, where the products are summed over all tiles before the last transform.
/// </summary>
/// <remarks>
/// An item is a block of input channels by a block of output channels over one split of the tiles (split-K). For each strip of tiles it transforms input and
/// output gradient and adds 36 products [inputs, tiles] x [tiles, outputs] to sums in its scratch memory. <see cref="SplitKReduce{TBackend,TVector}"/> adds
/// the splits afterwards, in order. The products are unrolled by WinogradWeightGradient.tt.
/// </remarks>
internal partial struct WinogradWeightGradient<TBackend, TVector> : IScratchKernel<TBackend>
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>Activations [n, h, w, c]; output gradient; zeros, six pixels of the input.</summary>
    public TBackend Input, OutputGradient, Zeros;

    /// <summary>Weight gradients and bias gradients, one region for each split; overwritten.</summary>
    public TBackend Target, BiasTarget;

    /// <summary>Sizes.</summary>
    public WinogradGradientGeometry Geometry;

    /// <summary>The bias gradient is computed too.</summary>
    public Flag HasBias;

    private TBackend _scratch;
    private int _scratchStride;

    /// <inheritdoc/>
    public void UseScratch(TBackend memory, int stride) => (_scratch, _scratchStride) = (memory, stride);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        var scratch = TBackend.Slice(_scratch, item * _scratchStride);
        var split = item / (Geometry.InputBlocks * Geometry.OutputBlocks);
        var block = item - split * Geometry.InputBlocks * Geometry.OutputBlocks;
        var inputBlock = block / Geometry.OutputBlocks;
        var k = inputBlock * Geometry.InputBlock;
        var channel = (block - inputBlock * Geometry.OutputBlocks) * Geometry.OutputBlock;
        var inputs = Math.Min(Geometry.InputBlock, Geometry.Forward.InputChannels - k);
        var outputs = Math.Min(Geometry.OutputBlock, Geometry.Forward.OutputChannels - channel);
        var begin = (int)((long)Geometry.Forward.Tiles * split / Geometry.Splits);
        var tiles = (int)((long)Geometry.Forward.Tiles * (split + 1) / Geometry.Splits) - begin;
        var strips = (tiles + Geometry.TilesPerStrip - 1) / Geometry.TilesPerStrip;
        for (var strip = 0; strip < strips; strip++)
        {
            // Strips of equal length, to within one tile.
            var from = begin + (int)((long)tiles * strip / strips);
            var count = begin + (int)((long)tiles * (strip + 1) / strips) - from;
            WinogradInput.Transform<TBackend, TVector>(
                Input, Zeros, scratch, TBackend.Slice(scratch, Geometry.RowOffset), in Geometry.Forward, Geometry.DataStride, from, count, k, inputs);
            TransformGradient(scratch, from, count, channel, outputs, strip == 0);
            Products(scratch, count, k, inputs, channel, outputs, strip == 0, from + count);
        }

        TransformSums(scratch, TBackend.Slice(Target, split * Geometry.SplitStride), k, inputs, channel, outputs);
        if (HasBias && inputBlock == 0)
        {
            var target = TBackend.Slice(BiasTarget, split * Geometry.SplitStride + channel);
            for (var c = 0; c < outputs; c += TBackend.Width) TBackend.Store(target, c, TBackend.Load(scratch, Geometry.BiasOffset + c));
        }
    }

    /// <summary>Transforms tiles of four by four pixels of the output gradient into 36 matrices [tiles, outputs], and sums them for the bias.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void TransformGradient(TBackend scratch, int first, int tiles, int channel, int channels, bool firstStrip)
    {
        ref readonly var g = ref Geometry.Forward;
        var stride = Geometry.GradientStride;
        var target = TBackend.Slice(scratch, Geometry.GradientOffset);
        var rows = TBackend.Slice(scratch, Geometry.RowOffset);
        var biases = TBackend.Slice(scratch, Geometry.BiasOffset);
        var row = first / g.TilesX;
        var column = first - row * g.TilesX;
        var n = row / g.TilesY;
        row -= n * g.TilesY;
        if (firstStrip)
            for (var c = 0; c < channels; c += TBackend.Width) TBackend.Store(biases, c, TBackend.Zero);
        for (var tile = 0; tile < tiles; tile++)
        {
            var y = row * WinogradTransform.Outputs;
            var x = column * WinogradTransform.Outputs;
            var height = g.OutputHeight - y;
            var width = g.OutputWidth - x;
            var source = TBackend.Slice(OutputGradient, ((n * g.OutputHeight + y) * g.OutputWidth + x) * g.OutputChannels + channel);
            var step = g.OutputWidth * g.OutputChannels;
            for (var c = 0; c < channels; c += TBackend.Width)
            {
                var sum = TBackend.Load(biases, c);
                var at = c;
                for (var j = 0; j < WinogradTransform.Outputs; j++)
                {
                    TVector y0 = TBackend.Zero, y1 = TBackend.Zero, y2 = TBackend.Zero, y3 = TBackend.Zero;
                    if (j < width)
                    {
                        y0 = TBackend.Load(source, at);
                        if (height > 1) y1 = TBackend.Load(source, at + step);
                        if (height > 2) y2 = TBackend.Load(source, at + 2 * step);
                        if (height > 3) y3 = TBackend.Load(source, at + 3 * step);
                        sum = TBackend.Add(sum, TBackend.Add(TBackend.Add(y0, y1), TBackend.Add(y2, y3)));
                    }

                    at += g.OutputChannels;
                    WinogradTransform.OutputTransposed<TBackend, TVector>(
                        y0, y1, y2, y3, out var m0, out var m1, out var m2, out var m3, out var m4, out var m5);
                    var line = TBackend.Slice(rows, j * TBackend.Width);
                    TBackend.Store(line, 0, m0);
                    TBackend.Store(line, 4 * TBackend.Width, m1);
                    TBackend.Store(line, 8 * TBackend.Width, m2);
                    TBackend.Store(line, 12 * TBackend.Width, m3);
                    TBackend.Store(line, 16 * TBackend.Width, m4);
                    TBackend.Store(line, 20 * TBackend.Width, m5);
                }

                TBackend.Store(biases, c, sum);
                var gradient = TBackend.Slice(target, tile * channels + c);
                for (var i = 0; i < WinogradTransform.Points; i++)
                {
                    var line = TBackend.Slice(rows, i * 4 * TBackend.Width);
                    WinogradTransform.OutputTransposed<TBackend, TVector>(
                        TBackend.Load(line, 0), TBackend.Load(line, TBackend.Width),
                        TBackend.Load(line, 2 * TBackend.Width), TBackend.Load(line, 3 * TBackend.Width),
                        out var m0, out var m1, out var m2, out var m3, out var m4, out var m5);
                    TBackend.Store(gradient, 0, m0);
                    TBackend.Store(gradient, stride, m1);
                    TBackend.Store(gradient, 2 * stride, m2);
                    TBackend.Store(gradient, 3 * stride, m3);
                    TBackend.Store(gradient, 4 * stride, m4);
                    TBackend.Store(gradient, 5 * stride, m5);
                    gradient = TBackend.Slice(gradient, 6 * stride);
                }
            }

            column++;
            if (column == g.TilesX)
            {
                column = 0;
                row++;
                if (row == g.TilesY)
                {
                    row = 0;
                    n++;
                }
            }
        }
    }

    /// <summary>Adds the 36 products of a strip to the sums, which start from zero in the first strip.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Products(TBackend scratch, int tiles, int k, int inputs, int channel, int outputs, bool first, int next)
    {
        for (var product = 0; product < WinogradTransform.Products; product++)
        {
            // The transforms wait for memory, the products do not. So the products prefetch the pixels of the next strip.
            if (!TBackend.IsGpu && product < tiles)
            {
                WinogradInput.Prefetch<TBackend, TVector>(Input, in Geometry.Forward, next + product, k, inputs);
                PrefetchGradient(next + product, channel, outputs);
            }

            var data = TBackend.Slice(scratch, product * Geometry.DataStride);
            var gradient = TBackend.Slice(scratch, Geometry.GradientOffset + product * Geometry.GradientStride);
            var sums = TBackend.Slice(scratch, Geometry.SumOffset + product * inputs * outputs);
            for (var c = 0; c < outputs; c += 2 * TBackend.Width)
            {
                if (outputs - c > TBackend.Width) Product8x2(data, TBackend.Slice(gradient, c), TBackend.Slice(sums, c), tiles, inputs, outputs, first);
                else Product8x1(data, TBackend.Slice(gradient, c), TBackend.Slice(sums, c), tiles, inputs, outputs, first);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void PrefetchGradient(int tile, int channel, int channels)
    {
        const int line = 16;
        ref readonly var g = ref Geometry.Forward;
        var row = tile / g.TilesX;
        var x = (tile - row * g.TilesX) * WinogradTransform.Outputs;
        var n = row / g.TilesY;
        var y = (row - n * g.TilesY) * WinogradTransform.Outputs;
        var source = TBackend.Slice(OutputGradient, ((n * g.OutputHeight + y) * g.OutputWidth + x) * g.OutputChannels + channel);
        for (var i = 0; i < WinogradTransform.Outputs; i++)
        {
            for (var j = 0; j < WinogradTransform.Outputs; j++)
            {
                for (var c = 0; c < channels; c += line) TBackend.Prefetch(source, j * g.OutputChannels + c);
            }

            source = TBackend.Slice(source, g.OutputWidth * g.OutputChannels);
        }
    }

    /// <summary>Transforms the 36 sums of the block into the nine taps of the weight gradient.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void TransformSums(TBackend scratch, TBackend target, int k, int inputs, int channel, int outputs)
    {
        var step = inputs * outputs;
        var tap = Geometry.Forward.InputChannels * Geometry.Forward.OutputChannels;
        for (var row = 0; row < inputs; row++)
        {
            for (var c = 0; c < outputs; c += TBackend.Width)
            {
                var sums = TBackend.Slice(scratch, Geometry.SumOffset + row * outputs + c);
                var weights = TBackend.Slice(target, (k + row) * Geometry.Forward.OutputChannels + channel + c);
                if (TBackend.IsGpu)
                {
                    // A GPU has not enough registers for the results of all columns, so it computes them once for each row of taps.
                    for (var y = 0; y < 3; y++) TapRow(sums, step, y, TBackend.Slice(weights, 3 * y * tap), tap);
                    continue;
                }

                Column(sums, step, out var a0, out var b0, out var c0);
                Column(TBackend.Slice(sums, step), step, out var a1, out var b1, out var c1);
                Column(TBackend.Slice(sums, 2 * step), step, out var a2, out var b2, out var c2);
                Column(TBackend.Slice(sums, 3 * step), step, out var a3, out var b3, out var c3);
                Column(TBackend.Slice(sums, 4 * step), step, out var a4, out var b4, out var c4);
                Column(TBackend.Slice(sums, 5 * step), step, out var a5, out var b5, out var c5);
                Taps(weights, tap, a0, a1, a2, a3, a4, a5);
                Taps(TBackend.Slice(weights, 3 * tap), tap, b0, b1, b2, b3, b4, b5);
                Taps(TBackend.Slice(weights, 6 * tap), tap, c0, c1, c2, c3, c4, c5);
            }
        }
    }

    // One row of three taps.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void TapRow(TBackend sums, int step, int y, TBackend weights, int tap) => Taps(
        weights, tap, ColumnTap(sums, step, y), ColumnTap(TBackend.Slice(sums, step), step, y), ColumnTap(TBackend.Slice(sums, 2 * step), step, y),
        ColumnTap(TBackend.Slice(sums, 3 * step), step, y), ColumnTap(TBackend.Slice(sums, 4 * step), step, y),
        ColumnTap(TBackend.Slice(sums, 5 * step), step, y));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector ColumnTap(TBackend sums, int step, int y)
    {
        Column(sums, step, out var g0, out var g1, out var g2);
        return y == 0 ? g0 : y == 1 ? g1 : g2;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Column(TBackend sums, int step, out TVector g0, out TVector g1, out TVector g2) =>
        WinogradTransform.FilterTransposed<TBackend, TVector>(
            TBackend.Load(sums, 0), TBackend.Load(sums, 6 * step), TBackend.Load(sums, 12 * step),
            TBackend.Load(sums, 18 * step), TBackend.Load(sums, 24 * step), TBackend.Load(sums, 30 * step), out g0, out g1, out g2);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Taps(TBackend weights, int tap, TVector u0, TVector u1, TVector u2, TVector u3, TVector u4, TVector u5)
    {
        WinogradTransform.FilterTransposed<TBackend, TVector>(u0, u1, u2, u3, u4, u5, out var g0, out var g1, out var g2);
        TBackend.Store(weights, 0, g0);
        TBackend.Store(weights, tap, g1);
        TBackend.Store(weights, 2 * tap, g2);
    }
}
