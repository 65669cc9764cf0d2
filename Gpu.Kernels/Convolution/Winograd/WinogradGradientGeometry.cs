using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Convolution;

/// <summary>The sizes that <see cref="WinogradWeightGradient{TBackend,TVector}"/> works by.</summary>
internal struct WinogradGradientGeometry
{
    /// <summary>Extents and tiles of the forward pass.</summary>
    public WinogradGeometry Forward;

    /// <summary>Channels of a block of inputs and of outputs at most, and how many blocks cover the channels.</summary>
    public int InputBlock, OutputBlock, InputBlocks, OutputBlocks;

    /// <summary>Tiles that are transformed together at most.</summary>
    public int TilesPerStrip;

    /// <summary>Splits of the tiles, and words from the target of one to that of the next.</summary>
    public int Splits, SplitStride;

    /// <summary>Words from matrix to matrix of the transformed input and of the transformed gradient.</summary>
    public int DataStride, GradientStride;

    /// <summary>Where in the scratch memory the transformed gradient, the sums, the bias sums and the rows in between begin, and its length.</summary>
    public int GradientOffset, SumOffset, BiasOffset, RowOffset, ScratchLength;

    // Sums of a block of 64 by 64 are 576 KB, a strip 430 KB more: a second-level cache holds most of it. Smaller blocks transform everything more often, and shorter
    // strips read and write the sums more often.
    private const int LargestBlock = 64;
    private const int LongestStrip = 24;

    // Items that a launch should have, and words that the splits' partial sums may take together: as for the direct sum.
    private const int WantedItems = 48;
    private const int LargestPartials = 1 << 20;

    /// <summary>Cuts the work of a shape up. Nothing here depends on the number of threads, or on the machine's vectors.</summary>
    public static WinogradGradientGeometry For(Conv2dShape shape)
    {
        const int products = WinogradTransform.Products;
        var g = new WinogradGradientGeometry { Forward = WinogradGeometry.For(shape, backward: false, width: 1) };
        g.InputBlock = Math.Min(LargestBlock, shape.InputChannels);
        g.OutputBlock = Math.Min(LargestBlock, shape.OutputChannels);
        g.InputBlocks = Items.Covering(shape.InputChannels, g.InputBlock);
        g.OutputBlocks = Items.Covering(shape.OutputChannels, g.OutputBlock);
        g.SplitStride = (shape.WeightLength + shape.OutputChannels + 15) / 16 * 16;
        var most = Math.Max(1, Math.Min(g.Forward.Tiles / LongestStrip, LargestPartials / g.SplitStride));
        g.Splits = Math.Clamp(Items.Covering(WantedItems, g.InputBlocks * g.OutputBlocks), 1, most);
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
