using System.Runtime.CompilerServices;
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

    /// <summary>The first word of the output pixel that a pixel of the grid is written to.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly int Target(int pixel)
    {
        var row = pixel / Columns;
        var column = pixel - row * Columns;
        var n = row / Rows;
        row -= n * Rows;
        return ((n * OutputHeight + OutputY + row * OutputStepY) * OutputWidth + OutputX + column * OutputStepX) * OutputChannels;
    }
}
