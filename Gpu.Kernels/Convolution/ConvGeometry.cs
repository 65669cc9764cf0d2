using System.Numerics;
using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Convolution;

/// <summary>
/// The mapping from output pixels and taps to input pixels and weights, and the extents of all tensors. A pixel (n, row, column) of the grid Rows x Columns is
/// written to the output at y = OutputY + row * OutputStepY. Its tap (ty, tx) reads the input at y = InputY + row * InputStepY + ty * TapStepY, and the weights
/// of tap WeightTap + ty * WeightTapY + tx * WeightTapX. The same holds for x.
/// </summary>
internal struct ConvGeometry
{
    /// <summary>The grid of pixels that are computed: GridRows = batch * Rows, Pixels = GridRows * Columns.</summary>
    public int Pixels, GridRows, Rows, Columns;

    /// <summary>Extents of the tensor that is read, its channels, and its channels in one group.</summary>
    public int InputHeight, InputWidth, InputChannels, InputPerGroup;

    /// <summary>Extents of the tensor that is written, its channels, and its channels in one group.</summary>
    public int OutputHeight, OutputWidth, OutputChannels, OutputPerGroup;

    /// <summary>Output pixel of the first pixel of the grid; output rows and columns from one grid row or column to the next.</summary>
    public int OutputY, OutputX, OutputStepY, OutputStepX;

    /// <summary>Input pixel of the first tap of the first pixel of the grid; input rows and columns from one grid row or column to the next.</summary>
    public int InputY, InputX, InputStepY, InputStepX;

    /// <summary>Taps in a column and in a row of the kernel; input rows and columns from one tap to the next.</summary>
    public int TapsY, TapsX, TapStepY, TapStepX;

    /// <summary>First tap in the weights; taps of the weights from one tap of the grid to the next.</summary>
    public int WeightTap, WeightTapY, WeightTapX;

    /// <summary>Words from one input channel, panel and group of the weights to the next.</summary>
    public int WeightRowStride, WeightPanelStride, WeightGroupStride;

    /// <summary>Panels of output channels: of one group, and in all.</summary>
    public int PanelsPerGroup, Panels;

    /// <summary>Tiles of a panel, strips that they are divided into, tiles of a strip.</summary>
    public int Tiles, Strips, TilesPerStrip;

    /// <summary>The taps of a kernel row and their channels are contiguous in the input and in the weights.</summary>
    public Flag Merged;

    /// <summary>Adjacent tiles read overlapping pixels, because taps and grid both advance by one pixel.</summary>
    public Flag Shared;

    /// <summary>Consecutive items are panels of one strip, not strips of one panel. Set if the weights of all panels fit into the cache together.</summary>
    public Flag PanelsInner;

    /// <summary>
    /// Returns the grids of a pass: one for a forward pass, and one for each stride phase of an input gradient. Sets all fields except those that
    /// <see cref="WithWeights"/> and the algorithms set.
    /// </summary>
    /// <remarks>
    /// The input gradient gathers from the output gradient. Kernel row ky connects input row y with output row (y + padding - ky * dilation) / stride, if that
    /// is an integer. All rows y = phase, phase + stride, ... use the same kernel rows: every (stride / gcd(stride, dilation))-th one. So each phase is a
    /// convolution with stride 1 that has no superfluous taps.
    /// </remarks>
    public static IEnumerable<ConvGeometry> Grids(Conv2dShape shape, Conv2dPass pass) => pass == Conv2dPass.Forward ? [Forward(shape)] : Phases(shape);

    /// <summary>Returns a copy with the layout of the weights: packed into panels, or in place, where a panel is a range of columns.</summary>
    /// <param name="shape">shape of the convolution</param>
    /// <param name="panelWidth">columns of a panel</param>
    /// <param name="packed">whether the weights are packed by <see cref="PackConvWeightsLaunch"/></param>
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

    /// <summary>Returns the index of the first word of the output pixel that a pixel of the grid is written to.</summary>
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
                // A phase without taps still writes zeros.
                var isEmpty = y.Taps == 0 || x.Taps == 0;
                yield return WithPixels(shape.Batch, new()
                {
                    InputHeight = shape.OutputHeight, InputWidth = shape.OutputWidth,
                    InputChannels = shape.OutputChannels, InputPerGroup = shape.OutputPerGroup,
                    OutputHeight = shape.InputHeight, OutputWidth = shape.InputWidth,
                    OutputChannels = shape.InputChannels, OutputPerGroup = shape.InputPerGroup,
                    OutputY = phaseY, OutputX = phaseX, OutputStepY = shape.StrideHeight, OutputStepX = shape.StrideWidth,
                    Rows = IntMath.DivRoundUp(shape.InputHeight - phaseY, shape.StrideHeight),
                    Columns = IntMath.DivRoundUp(shape.InputWidth - phaseX, shape.StrideWidth),
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

    // The taps that contribute to the rows (or columns) of a phase, as numbers of the packed weights, whose order is reversed. Start is the row of the output
    // gradient that the first of them reads for the first row of the phase.
    private static (int FirstTap, int TapStride, int Taps, int Start, int Step) GetPhaseTaps(int phase, int padding, int kernel, int stride, int dilation)
    {
        var tapStride = stride / (int)BigInteger.GreatestCommonDivisor(stride, dilation);
        for (var tap = 0; tap < Math.Min(tapStride, kernel); tap++)
        {
            var distance = phase + padding - tap * dilation;
            if (distance % stride != 0) continue;
            // From the last tap to the first, so that the output gradient is read forward.
            var taps = IntMath.DivRoundUp(kernel - tap, tapStride);
            var step = tapStride * dilation / stride;
            return (kernel - 1 - tap - (taps - 1) * tapStride, tapStride, taps, distance / stride - (taps - 1) * step, step);
        }

        return (0, tapStride, 0, 0, 1);
    }
}
