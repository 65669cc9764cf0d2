using System.Runtime.CompilerServices;
using Gpu.Kernels.Activations;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Convolution;

/// <summary>
/// A 3x3 convolution of stride 1 by Winograd's algorithm F(4x4, 3x3), after A. Lavin, S. Gray, "Fast algorithms for convolutional neural networks", CVPR 2016;
/// see <see cref="WinogradTransform"/>. Computes the forward pass, or the input gradient with transposed weights.
/// </summary>
/// <remarks>
/// An item is a strip of tiles. It transforms their input into 36 matrices [tiles, input channels]. Then, for each panel of output channels, it computes 36
/// products with the transformed weights and transforms their sums into the output. All of this fits into scratch memory of the size of an L2 cache. The
/// products are unrolled by WinogradConv2d.tt.
/// </remarks>
internal partial struct WinogradConv2d<TBackend, TVector, TActivation> : IScratchKernel<TBackend>
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
    where TActivation : struct, IActivation
{
    /// <summary>Activations [n, h, w, c]; weights from <see cref="WinogradWeights{TBackend,TVector}"/>; bias [c]; output; zeros, six input pixels.</summary>
    public TBackend Input, Weights, Bias, Output, Zeros;

    /// <summary>The activated values at which the derivative is taken; read if <see cref="Gated"/>.</summary>
    public TBackend Saved;

    /// <summary>Sizes.</summary>
    public WinogradGeometry Geometry;

    /// <summary>See <see cref="Activation.Slope"/>.</summary>
    public float Slope;

    /// <summary>The bias is added before the activation.</summary>
    public Flag HasBias;

    /// <summary>The result is multiplied by the activation's derivative at <see cref="Saved"/>, instead of passing through the activation.</summary>
    public Flag Gated;

    /// <summary>The result is added to the output, instead of replacing it.</summary>
    public Flag Accumulate;

    private TBackend _scratch;
    private int _scratchStride;

    /// <inheritdoc/>
    public void UseScratch(TBackend memory, int stride) => (_scratch, _scratchStride) = (memory, stride);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        var scratch = TBackend.Slice(_scratch, item * _scratchStride);
        var first = item * Geometry.TilesPerStrip;
        var tiles = Math.Min(Geometry.TilesPerStrip, Geometry.Tiles - first);
        WinogradInput.Transform<TBackend, TVector>(
            Input, Zeros, scratch, TBackend.Slice(scratch, Geometry.RowOffset), in Geometry, Geometry.DataStride, first, tiles, 0, Geometry.InputChannels);
        for (var panel = 0; panel < Geometry.Panels; panel++)
        {
            var channel = panel * Geometry.PanelWidth;
            var weights = TBackend.Slice(Weights, channel * WinogradTransform.Products * Geometry.InputChannels);
            if (Geometry.OutputChannels - channel > TBackend.Width)
            {
                Products6x2(scratch, weights, first, panel);
                TransformOutput(scratch, first, tiles, channel, 0);
                TransformOutput(scratch, first, tiles, channel + TBackend.Width, TBackend.Width);
            }
            else
            {
                Products12x1(scratch, weights, first, panel);
                TransformOutput(scratch, first, tiles, channel, 0);
            }
        }
    }

    /// <summary>Transforms the 36 sums of each tile into four by four pixels of the output, for one vector of channels.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void TransformOutput(TBackend scratch, int first, int tiles, int channel, int within)
    {
        ref readonly var g = ref Geometry;
        var rows = TBackend.Slice(scratch, g.RowOffset);
        var sums = TBackend.Slice(scratch, g.SumOffset + within);
        var row = first / g.TilesX;
        var column = first - row * g.TilesX;
        var n = row / g.TilesY;
        row -= n * g.TilesY;
        var bias = HasBias ? TBackend.Load(Bias, channel) : TBackend.Zero;
        for (var tile = 0; tile < tiles; tile++)
        {
            var sum = TBackend.Slice(sums, tile * g.PanelWidth);
            var line = rows;
            for (var j = 0; j < WinogradTransform.Points; j++)
            {
                WinogradTransform.Output<TBackend, TVector>(
                    TBackend.Load(sum, 0), TBackend.Load(sum, 6 * g.SumStride), TBackend.Load(sum, 12 * g.SumStride),
                    TBackend.Load(sum, 18 * g.SumStride), TBackend.Load(sum, 24 * g.SumStride), TBackend.Load(sum, 30 * g.SumStride),
                    out var y0, out var y1, out var y2, out var y3);
                TBackend.Store(line, 0, y0);
                TBackend.Store(line, 6 * TBackend.Width, y1);
                TBackend.Store(line, 12 * TBackend.Width, y2);
                TBackend.Store(line, 18 * TBackend.Width, y3);
                line = TBackend.Slice(line, TBackend.Width);
                sum = TBackend.Slice(sum, g.SumStride);
            }

            var y = row * WinogradTransform.Outputs;
            var x = column * WinogradTransform.Outputs;
            var target = ((n * g.OutputHeight + y) * g.OutputWidth + x) * g.OutputChannels + channel;
            var height = Math.Min(WinogradTransform.Outputs, g.OutputHeight - y);
            var width = g.OutputWidth - x;
            line = rows;
            for (var i = 0; i < height; i++)
            {
                WinogradTransform.Output<TBackend, TVector>(
                    TBackend.Load(line, 0), TBackend.Load(line, TBackend.Width), TBackend.Load(line, 2 * TBackend.Width),
                    TBackend.Load(line, 3 * TBackend.Width), TBackend.Load(line, 4 * TBackend.Width), TBackend.Load(line, 5 * TBackend.Width),
                    out var y0, out var y1, out var y2, out var y3);
                Write(target, TBackend.Add(y0, bias));
                if (width > 1) Write(target + g.OutputChannels, TBackend.Add(y1, bias));
                if (width > 2) Write(target + 2 * g.OutputChannels, TBackend.Add(y2, bias));
                if (width > 3) Write(target + 3 * g.OutputChannels, TBackend.Add(y3, bias));
                line = TBackend.Slice(line, 6 * TBackend.Width);
                target += g.OutputWidth * g.OutputChannels;
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

    // The transforms wait for memory, the products do not. So the products prefetch the output of their own tiles and the input of the next strip.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void Prefetch(int tile, int panel)
    {
        const int line = 16;
        ref readonly var g = ref Geometry;
        var row = tile / g.TilesX;
        var x = (tile - row * g.TilesX) * WinogradTransform.Outputs;
        var n = row / g.TilesY;
        var y = (row - n * g.TilesY) * WinogradTransform.Outputs;
        var target = TBackend.Slice(Output, ((n * g.OutputHeight + y) * g.OutputWidth + x) * g.OutputChannels + panel * g.PanelWidth);
        for (var i = 0; i < WinogradTransform.Outputs; i++)
        {
            for (var j = 0; j < WinogradTransform.Outputs; j++)
            {
                for (var c = 0; c < g.PanelWidth; c += line) TBackend.Prefetch(target, j * g.OutputChannels + c);
            }

            target = TBackend.Slice(target, g.OutputWidth * g.OutputChannels);
        }

        if (panel == 0) WinogradInput.Prefetch<TBackend, TVector>(Input, in g, tile + g.TilesPerStrip, 0, g.InputChannels);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Write(int index, TVector value)
    {
        if (Gated) value = TActivation.Backward<TBackend, TVector>(TBackend.Load(Saved, index), value, Slope);
        else value = TActivation.Forward<TBackend, TVector>(value, Slope);
        if (Accumulate) value = TBackend.Add(value, TBackend.Load(Output, index));
        TBackend.Store(Output, index, value);
    }
}
