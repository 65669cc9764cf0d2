using Gpu.Kernels.Backends;

namespace Gpu.Kernels.Convolution.TensorCore;

/// <summary>How <see cref="TensorCoreWeightGradient{TUnit,TTile}"/> divides a shape into tiles and splits.</summary>
internal struct TensorCoreWeightGradientGeometry
{
    /// <summary>Extents and channels of input and output, and channels of one group.</summary>
    public int InputHeight, InputWidth, InputChannels, OutputHeight, OutputWidth, OutputChannels, InputPerGroup, OutputPerGroup;

    /// <summary>See <see cref="Conv2dShape"/>.</summary>
    public int KernelWidth, StrideHeight, StrideWidth, PaddingTop, PaddingLeft, DilationHeight, DilationWidth;

    /// <summary>Output pixels of all images: the k of the product.</summary>
    public int Pixels;

    /// <summary>Rows of the product, the taps times RowsPerTap; input channels of a group, rounded up to a multiple of four.</summary>
    public int Rows, RowsPerTap;

    /// <summary>Tiles along the rows, tiles along the columns, channel groups.</summary>
    public int RowTiles, ColumnTiles, Groups;

    /// <summary>Counts pixels as (column, row, image), in steps of <see cref="ITensorCoreUnit.Depth"/>.</summary>
    public MixedRadixCounter PixelCounter;

    /// <summary>
    /// Splits of the pixels; pixels of a split, a multiple of <see cref="ITensorCoreUnit.Depth"/>; words from the target of one split to the target of the
    /// next.
    /// </summary>
    public int Splits, PixelsPerSplit, SplitStride;

    // The sums of a split are written, read back and added, which only pays for many pixels.
    private const int MinPixelsPerSplit = 512;

    // Thread groups for each multiprocessor, so that one computes while another waits.
    private const int BlocksPerMultiprocessor = 2;

    /// <summary>Divides the work of a shape into tiles and splits.</summary>
    /// <param name="shape">shape of the convolution</param>
    /// <param name="rows">rows of a tile</param>
    /// <param name="columns">columns of a tile</param>
    /// <param name="depth">pixels of a step</param>
    /// <param name="workspace">words of workspace for the sums of the splits</param>
    /// <param name="multiprocessors">multiprocessors of the device</param>
    public static TensorCoreWeightGradientGeometry For(Conv2dShape shape, int rows, int columns, int depth, int workspace, int multiprocessors)
    {
        var g = new TensorCoreWeightGradientGeometry
        {
            InputHeight = shape.InputHeight,
            InputWidth = shape.InputWidth,
            InputChannels = shape.InputChannels,
            OutputHeight = shape.OutputHeight,
            OutputWidth = shape.OutputWidth,
            OutputChannels = shape.OutputChannels,
            InputPerGroup = shape.InputPerGroup,
            OutputPerGroup = shape.OutputPerGroup,
            KernelWidth = shape.KernelWidth,
            StrideHeight = shape.StrideHeight,
            StrideWidth = shape.StrideWidth,
            PaddingTop = shape.PaddingTop,
            PaddingLeft = shape.PaddingLeft,
            DilationHeight = shape.DilationHeight,
            DilationWidth = shape.DilationWidth,
            Pixels = shape.Batch * shape.OutputHeight * shape.OutputWidth,
            RowsPerTap = IntMath.RoundUp(shape.InputPerGroup, 4),
            Groups = shape.Groups,
            PixelCounter = MixedRadixCounter.By(depth, shape.OutputWidth, shape.OutputHeight),
            SplitStride = (shape.WeightLength + shape.OutputChannels + 15) / 16 * 16,
        };
        g.Rows = shape.KernelHeight * shape.KernelWidth * g.RowsPerTap;
        g.RowTiles = IntMath.DivRoundUp(g.Rows, rows);
        g.ColumnTiles = IntMath.DivRoundUp(g.OutputPerGroup, columns);
        var tiles = g.RowTiles * g.ColumnTiles * g.Groups;
        var most = Math.Max(1, Math.Min(workspace / g.SplitStride, g.Pixels / MinPixelsPerSplit));
        // Rounded down: one group too many keeps a multiprocessor busy for a whole group longer.
        var splits = Math.Clamp(BlocksPerMultiprocessor * multiprocessors / tiles, 1, most);
        g.PixelsPerSplit = IntMath.DivRoundUp(IntMath.DivRoundUp(g.Pixels, splits), depth) * depth;
        g.Splits = IntMath.DivRoundUp(g.Pixels, g.PixelsPerSplit);
        return g;
    }
}
