using Gpu.Kernels.Backends;

namespace Gpu.Kernels.Convolution;

/// <summary>How <see cref="WinogradWeightGradient{TBackend,TVector}"/> divides a shape into blocks, splits and strips; layout of its scratch memory.</summary>
internal struct WinogradGradientGeometry
{
    /// <summary>Extents and tiles of the forward pass.</summary>
    public WinogradGeometry Forward;

    /// <summary>Most channels in a block of inputs and in a block of outputs, and number of these blocks.</summary>
    public int InputBlock, OutputBlock, InputBlocks, OutputBlocks;

    /// <summary>Most tiles in a strip, which are transformed together.</summary>
    public int TilesPerStrip;

    /// <summary>Splits of the tiles, and words from the target of one split to that of the next.</summary>
    public int Splits, SplitStride;

    /// <summary>Words from one matrix to the next in the transformed input and in the transformed output gradient.</summary>
    public int DataStride, GradientStride;

    /// <summary>
    /// Offsets in the scratch memory: the transformed output gradient, the sums, the bias sums, the rows that are transformed in one direction; and its length.
    /// </summary>
    public int GradientOffset, SumOffset, BiasOffset, RowOffset, ScratchLength;

    // The sums of a block of 64 by 64 take 576 KB and a strip takes 430 KB more: an L2 cache holds most of it. With smaller blocks everything is transformed
    // more often; with shorter strips the sums are read and written more often.
    private const int LargestBlock = 64;
    private const int LongestStrip = 24;

    // Items of a launch, and words of the partial sums of all splits; the same as for the direct convolution.
    private const int WantedItems = 48;
    private const int LargestPartials = 1 << 20;

    /// <summary>Divides the work of a shape. Nothing here depends on the number of threads or on the vector width.</summary>
    public static WinogradGradientGeometry For(Conv2dShape shape)
    {
        const int products = WinogradTransform.Products;
        var g = new WinogradGradientGeometry { Forward = WinogradGeometry.For(shape, backward: false, width: 1) };
        g.InputBlock = Math.Min(LargestBlock, shape.InputChannels);
        g.OutputBlock = Math.Min(LargestBlock, shape.OutputChannels);
        g.InputBlocks = IntMath.DivRoundUp(shape.InputChannels, g.InputBlock);
        g.OutputBlocks = IntMath.DivRoundUp(shape.OutputChannels, g.OutputBlock);
        g.SplitStride = (shape.WeightLength + shape.OutputChannels + 15) / 16 * 16;
        var most = Math.Max(1, Math.Min(g.Forward.Tiles / LongestStrip, LargestPartials / g.SplitStride));
        g.Splits = Math.Clamp(IntMath.DivRoundUp(WantedItems, g.InputBlocks * g.OutputBlocks), 1, most);
        g.TilesPerStrip = LongestStrip;
        g.DataStride = g.TilesPerStrip * g.InputBlock + 16;
        g.GradientStride = g.TilesPerStrip * g.OutputBlock + 16;
        g.GradientOffset = products * g.DataStride;
        g.SumOffset = g.GradientOffset + products * g.GradientStride;
        g.BiasOffset = g.SumOffset + products * g.InputBlock * g.OutputBlock;
        g.RowOffset = g.BiasOffset + g.OutputBlock;
        g.ScratchLength = g.RowOffset + products * 16;
        return g;
    }
}
