using System.Numerics;
using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Convolution;

/// <summary>
/// How <see cref="DirectConv2d{TBackend,TVector,TActivation}"/> maps output pixels and taps to input pixels, with the sizes of all tensors.
/// A pixel (n, row, column) of the grid Rows x Columns is written to y = OutputY + row * OutputStepY (x alike); tap (ty, tx) reads the input at
/// y = InputY + row * InputStepY + ty * TapStepY (x alike) and the weights of tap WeightTap + ty * WeightTapY + tx * WeightTapX.
/// </summary>
internal struct ConvGeometry
{
    /// <summary>The grid of pixels that is computed: batch * Rows = GridRows, GridRows * Columns = Pixels.</summary>
    public int Pixels, GridRows, Rows, Columns;

    /// <summary>The input: extents, channels a pixel, channels a group.</summary>
    public int InputHeight, InputWidth, InputChannels, InputPerGroup;

    /// <summary>The output: extents, channels a pixel, channels a group.</summary>
    public int OutputHeight, OutputWidth, OutputChannels, OutputPerGroup;

    /// <summary>From grid to output.</summary>
    public int OutputY, OutputX, OutputStepY, OutputStepX;

    /// <summary>From grid to input, first tap.</summary>
    public int InputY, InputX, InputStepY, InputStepX;

    /// <summary>Taps, and what one moves in the input.</summary>
    public int TapsY, TapsX, TapStepY, TapStepX;

    /// <summary>From tap to tap of the weights.</summary>
    public int WeightTap, WeightTapY, WeightTapX;

    /// <summary>Weights: words from one input channel to the next, from panel to panel, from group to group.</summary>
    public int WeightRowStride, WeightPanelStride, WeightGroupStride;

    /// <summary>Panels of output channels a group, and in all.</summary>
    public int PanelsPerGroup, Panels;

    /// <summary>Tiles of a panel; strips of them, and tiles in one.</summary>
    public int Tiles, Strips, TilesPerStrip;

    /// <summary>The taps of a kernel row and their channels are contiguous in input and weights.</summary>
    public Flag Merged;

    /// <summary>Tiles side by side read the same pixels: taps and grid both go from pixel to pixel.</summary>
    public Flag Shared;

    /// <summary>Neighbouring items are panels of one strip (weights stay in the cache), not strips of one panel.</summary>
    public Flag PanelsInner;

    /// <summary>
    /// The grids of a pass: one for the forward pass; for an input gradient one for each stride phase, which is a convolution of stride 1.
    /// Everything is set but the weights (<see cref="WithWeights"/>) and what an algorithm sets itself.
    /// </summary>
    /// <remarks>
    /// The gradient of the input gathers from the gradient of the output. Input row y gets something from output row (y + padding - ky * dilation) / stride
    /// where that is whole. The rows y = phase, phase + stride, ... all take the same kernel rows, every (stride / gcd(stride, dilation))-th one.
    /// So no tap is tried in vain.
    /// </remarks>
    public static IEnumerable<ConvGeometry> Grids(Conv2dShape shape, Conv2dPass pass) => pass == Conv2dPass.Forward ? [Forward(shape)] : Phases(shape);

    /// <summary>The same grid with its weights: packed in panels, or in place, where a panel is a run of columns.</summary>
    /// <param name="shape">the convolution</param>
    /// <param name="panelWidth">columns of a panel</param>
    /// <param name="packed">whether <see cref="PackConvWeightsLaunch"/> has packed them</param>
    public readonly ConvGeometry WithWeights(Conv2dShape shape, int panelWidth, bool packed)
    {
        var g = this;
        var taps = shape.KernelHeight * shape.KernelWidth;
        g.PanelsPerGroup = IntMath.DivRoundUp(OutputPerGroup, panelWidth);
        g.Panels = g.PanelsPerGroup * shape.Groups;
        g.WeightRowStride = packed ? panelWidth : shape.OutputChannels;
        g.WeightPanelStride = packed ? taps * InputPerGroup * panelWidth : panelWidth;
        g.WeightGroupStride = packed ? g.PanelsPerGroup * taps * InputPerGroup * panelWidth : shape.OutputPerGroup;
        return g;
    }

    /// <summary>The first word of the output pixel that a pixel of the grid is written to.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly int OutputIndex(int pixel)
    {
        var row = pixel / Columns;
        var column = pixel - row * Columns;
        var n = row / Rows;
        row -= n * Rows;
        return ((n * OutputHeight + OutputY + row * OutputStepY) * OutputWidth + OutputX + column * OutputStepX) * OutputChannels;
    }

    private static ConvGeometry Forward(Conv2dShape shape) => WithPixels(shape.Batch, new()
    {
        InputHeight = shape.InputHeight, InputWidth = shape.InputWidth, InputChannels = shape.InputChannels, InputPerGroup = shape.InputPerGroup,
        OutputHeight = shape.OutputHeight, OutputWidth = shape.OutputWidth, OutputChannels = shape.OutputChannels, OutputPerGroup = shape.OutputPerGroup,
        OutputStepY = 1, OutputStepX = 1,
        Rows = shape.OutputHeight, Columns = shape.OutputWidth,
        InputY = -shape.PaddingTop, InputX = -shape.PaddingLeft,
        InputStepY = shape.StrideHeight, InputStepX = shape.StrideWidth,
        TapsY = shape.KernelHeight, TapsX = shape.KernelWidth,
        TapStepY = shape.DilationHeight, TapStepX = shape.DilationWidth,
        WeightTapY = shape.KernelWidth, WeightTapX = 1,
    });

    private static IEnumerable<ConvGeometry> Phases(Conv2dShape shape)
    {
        for (var phaseY = 0; phaseY < Math.Min(shape.StrideHeight, shape.InputHeight); phaseY++)
        {
            var y = GetPhaseTaps(phaseY, shape.PaddingTop, shape.KernelHeight, shape.StrideHeight, shape.DilationHeight);
            for (var phaseX = 0; phaseX < Math.Min(shape.StrideWidth, shape.InputWidth); phaseX++)
            {
                var x = GetPhaseTaps(phaseX, shape.PaddingLeft, shape.KernelWidth, shape.StrideWidth, shape.DilationWidth);
                // A phase that no tap reaches still writes its zeros.
                var isEmpty = y.Taps == 0 || x.Taps == 0;
                yield return WithPixels(shape.Batch, new()
                {
                    InputHeight = shape.OutputHeight, InputWidth = shape.OutputWidth, InputChannels = shape.OutputChannels, InputPerGroup = shape.OutputPerGroup,
                    OutputHeight = shape.InputHeight, OutputWidth = shape.InputWidth, OutputChannels = shape.InputChannels, OutputPerGroup = shape.InputPerGroup,
                    OutputY = phaseY, OutputX = phaseX, OutputStepY = shape.StrideHeight, OutputStepX = shape.StrideWidth,
                    Rows = IntMath.DivRoundUp(shape.InputHeight - phaseY, shape.StrideHeight), Columns = IntMath.DivRoundUp(shape.InputWidth - phaseX, shape.StrideWidth),
                    InputY = y.Start, InputX = x.Start,
                    InputStepY = 1, InputStepX = 1,
                    TapsY = isEmpty ? 0 : y.Taps, TapsX = isEmpty ? 0 : x.Taps,
                    TapStepY = y.Step, TapStepX = x.Step,
                    WeightTap = y.FirstTap * shape.KernelWidth + x.FirstTap, WeightTapY = y.TapStride * shape.KernelWidth, WeightTapX = x.TapStride,
                });
            }
        }
    }

    private static ConvGeometry WithPixels(int batch, ConvGeometry g)
    {
        g.GridRows = batch * g.Rows;
        g.Pixels = g.GridRows * g.Columns;
        return g;
    }

    // Which taps (counted from the last) reach the input rows of a phase, and where in the output the first of them begins.
    private static (int FirstTap, int TapStride, int Taps, int Start, int Step) GetPhaseTaps(int phase, int padding, int kernel, int stride, int dilation)
    {
        var tapStride = stride / (int)BigInteger.GreatestCommonDivisor(stride, dilation);
        for (var tap = 0; tap < Math.Min(tapStride, kernel); tap++)
        {
            var distance = phase + padding - tap * dilation;
            if (distance % stride != 0) continue;
            // From the last tap to the first, as the packed weights have them: that goes forward in the output.
            var taps = IntMath.DivRoundUp(kernel - tap, tapStride);
            var step = tapStride * dilation / stride;
            return (kernel - 1 - tap - (taps - 1) * tapStride, tapStride, taps, distance / stride - (taps - 1) * step, step);
        }

        return (0, tapStride, 0, 0, 1);
    }
}
