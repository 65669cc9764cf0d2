using System.Runtime.CompilerServices;
using Gpu.Kernels.Activations;
using Gpu.Kernels.Launching;
using Gpu.Kernels.Machines;

namespace Gpu.Kernels.Convolution;

/// <summary>
/// A 3x3 convolution of stride 1 by F(4x4, 3x3) (see <see cref="WinogradTransform"/>): the forward pass, or the gradient of the input with the weights transposed.
/// </summary>
/// <remarks>
/// An item is a strip of tiles. It transforms their input (36 matrices of tiles by channels), and then for each panel of output channels makes 36 products with the
/// transformed weights and transforms the sums back. All of that stays in scratch memory that is small enough for a second-level cache.
/// </remarks>
public partial struct WinogradConvolution<TMachine, TVector, TActivation> : IScratchKernel<TMachine>
    where TMachine : struct, IMachine<TMachine, TVector>
    where TVector : unmanaged
    where TActivation : struct, IActivation
{
    /// <summary>Activations [n, h, w, c]; weights of <see cref="WinogradWeights{TMachine,TVector}"/>; bias [c]; zeros, six pixels of the input.</summary>
    public TMachine Input, Weights, Bias, Output, Zeros;

    /// <summary>The activated values that the gradient belongs to; read when <see cref="Gated"/>.</summary>
    public TMachine Saved;

    /// <summary>Sizes.</summary>
    public WinogradGeometry Geometry;

    /// <summary>See <see cref="Activation.Slope"/>.</summary>
    public float Slope;

    /// <summary>Bias is added before the activation.</summary>
    public Flag HasBias;

    /// <summary>The result is multiplied by the activation's derivative at <see cref="Saved"/>, instead of passing through the activation.</summary>
    public Flag Gated;

    /// <summary>The result is added to what the output holds.</summary>
    public Flag Accumulate;

    private TMachine _scratch;
    private int _scratchStride;

    /// <inheritdoc/>
    public void UseScratch(TMachine memory, int stride) => (_scratch, _scratchStride) = (memory, stride);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        var scratch = TMachine.Slice(_scratch, item * _scratchStride);
        var first = item * Geometry.TilesPerStrip;
        var tiles = Math.Min(Geometry.TilesPerStrip, Geometry.Tiles - first);
        WinogradInput.Transform<TMachine, TVector>(
            Input, Zeros, scratch, TMachine.Slice(scratch, Geometry.RowOffset), in Geometry, Geometry.DataStride, first, tiles, 0, Geometry.InputChannels);
        for (var panel = 0; panel < Geometry.Panels; panel++)
        {
            var channel = panel * Geometry.PanelWidth;
            var weights = TMachine.Slice(Weights, channel * WinogradTransform.Products * Geometry.InputChannels);
            if (Geometry.OutputChannels - channel > TMachine.Width)
            {
                ProductsOfTwo(scratch, weights, first, panel);
                TransformOutput(scratch, first, tiles, channel, 0);
                TransformOutput(scratch, first, tiles, channel + TMachine.Width, TMachine.Width);
            }
            else
            {
                ProductsOfOne(scratch, weights, first, panel);
                TransformOutput(scratch, first, tiles, channel, 0);
            }
        }
    }

    /// <summary>The 36 sums of a vector of channels of each tile to four by four pixels.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void TransformOutput(TMachine scratch, int first, int tiles, int channel, int within)
    {
        ref readonly var g = ref Geometry;
        var rows = TMachine.Slice(scratch, g.RowOffset);
        var sums = TMachine.Slice(scratch, g.SumOffset + within);
        var row = first / g.TilesX;
        var column = first - row * g.TilesX;
        var n = row / g.TilesY;
        row -= n * g.TilesY;
        var bias = HasBias ? TMachine.Load(Bias, channel) : TMachine.Zero;
        for (var tile = 0; tile < tiles; tile++)
        {
            var sum = TMachine.Slice(sums, tile * g.PanelWidth);
            var line = rows;
            for (var j = 0; j < WinogradTransform.Points; j++)
            {
                WinogradTransform.Sums<TMachine, TVector>(
                    TMachine.Load(sum, 0), TMachine.Load(sum, 6 * g.SumStride), TMachine.Load(sum, 12 * g.SumStride),
                    TMachine.Load(sum, 18 * g.SumStride), TMachine.Load(sum, 24 * g.SumStride), TMachine.Load(sum, 30 * g.SumStride),
                    out var y0, out var y1, out var y2, out var y3);
                TMachine.Store(line, 0, y0);
                TMachine.Store(line, 6 * TMachine.Width, y1);
                TMachine.Store(line, 12 * TMachine.Width, y2);
                TMachine.Store(line, 18 * TMachine.Width, y3);
                line = TMachine.Slice(line, TMachine.Width);
                sum = TMachine.Slice(sum, g.SumStride);
            }

            var y = row * WinogradTransform.Outputs;
            var x = column * WinogradTransform.Outputs;
            var target = ((n * g.OutputHeight + y) * g.OutputWidth + x) * g.OutputChannels + channel;
            var height = Math.Min(WinogradTransform.Outputs, g.OutputHeight - y);
            var width = g.OutputWidth - x;
            line = rows;
            for (var i = 0; i < height; i++)
            {
                WinogradTransform.Sums<TMachine, TVector>(
                    TMachine.Load(line, 0), TMachine.Load(line, TMachine.Width), TMachine.Load(line, 2 * TMachine.Width),
                    TMachine.Load(line, 3 * TMachine.Width), TMachine.Load(line, 4 * TMachine.Width), TMachine.Load(line, 5 * TMachine.Width),
                    out var y0, out var y1, out var y2, out var y3);
                Write(target, TMachine.Add(y0, bias));
                if (width > 1) Write(target + g.OutputChannels, TMachine.Add(y1, bias));
                if (width > 2) Write(target + 2 * g.OutputChannels, TMachine.Add(y2, bias));
                if (width > 3) Write(target + 3 * g.OutputChannels, TMachine.Add(y3, bias));
                line = TMachine.Slice(line, 6 * TMachine.Width);
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

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Write(int index, TVector value)
    {
        if (Gated) value = TActivation.Backward<TMachine, TVector>(TMachine.Load(Saved, index), value, Slope);
        else value = TActivation.Forward<TMachine, TVector>(value, Slope);
        if (Accumulate) value = TMachine.Add(value, TMachine.Load(Output, index));
        TMachine.Store(Output, index, value);
    }
}
