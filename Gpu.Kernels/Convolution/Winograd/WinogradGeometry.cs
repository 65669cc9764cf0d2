using Gpu.Kernels.Backends;

namespace Gpu.Kernels.Convolution;

/// <summary>How <see cref="WinogradConv2d{TBackend,TVector,TActivation}"/> divides a shape into strips of tiles; layout of its scratch memory.</summary>
internal struct WinogradGeometry
{
    /// <summary>Extents and channels of the tensor that is read.</summary>
    public int InputHeight, InputWidth, InputChannels;

    /// <summary>Extents and channels of the tensor that is written.</summary>
    public int OutputHeight, OutputWidth, OutputChannels;

    /// <summary>Rows of zeros above the input, columns to its left.</summary>
    public int PaddingTop, PaddingLeft;

    /// <summary>Tiles of 4x4 outputs: in a row and in a column of an image, and in all images.</summary>
    public int TilesX, TilesY, Tiles;

    /// <summary>Tiles of a strip, which are transformed together (the last strip may be shorter), and number of strips.</summary>
    public int TilesPerStrip, Strips;

    /// <summary>
    /// Words from one product to the next in the transformed input and in the sums; offsets of the sums and of the rows that are transformed in one direction.
    /// </summary>
    public int DataStride, SumStride, SumOffset, RowOffset;

    /// <summary>Words of scratch memory that an item needs.</summary>
    public int ScratchLength;

    /// <summary>Channels of a panel, and number of panels.</summary>
    public int PanelWidth, Panels;

    // Two register tiles of two vectors, or one register tile of one vector. Longer strips gain nothing, as the L2 cache delivers the weights fast enough,
    // and evict what the transforms have written.
    private const int LongestStrip = 12;

    /// <summary>Divides the work of the forward pass, or (backward) of the input gradient. Nothing here depends on the number of threads.</summary>
    public static WinogradGeometry For(Conv2dShape shape, bool backward, int width)
    {
        var g = new WinogradGeometry();
        if (backward)
        {
            (g.InputHeight, g.InputWidth, g.InputChannels) = (shape.OutputHeight, shape.OutputWidth, shape.OutputChannels);
            (g.OutputHeight, g.OutputWidth, g.OutputChannels) = (shape.InputHeight, shape.InputWidth, shape.InputChannels);
            (g.PaddingTop, g.PaddingLeft) = (2 - shape.PaddingTop, 2 - shape.PaddingLeft);
        }
        else
        {
            (g.InputHeight, g.InputWidth, g.InputChannels) = (shape.InputHeight, shape.InputWidth, shape.InputChannels);
            (g.OutputHeight, g.OutputWidth, g.OutputChannels) = (shape.OutputHeight, shape.OutputWidth, shape.OutputChannels);
            (g.PaddingTop, g.PaddingLeft) = (shape.PaddingTop, shape.PaddingLeft);
        }

        const int products = WinogradTransform.Products;
        g.TilesX = IntMath.DivRoundUp(g.OutputWidth, WinogradTransform.Outputs);
        g.TilesY = IntMath.DivRoundUp(g.OutputHeight, WinogradTransform.Outputs);
        g.Tiles = shape.Batch * g.TilesX * g.TilesY;
        g.PanelWidth = g.OutputChannels <= width ? width : 2 * width;
        g.Panels = IntMath.DivRoundUp(g.OutputChannels, g.PanelWidth);
        // The products compute whole register tiles; rows behind the last tile are not read.
        g.TilesPerStrip = LongestStrip;
        g.Strips = IntMath.DivRoundUp(g.Tiles, g.TilesPerStrip);
        // One vector of padding: with a power of two, all products of a tile would fall into the same sets of a cache.
        g.DataStride = g.TilesPerStrip * g.InputChannels + 16;
        g.SumStride = g.TilesPerStrip * g.PanelWidth + 16;
        g.SumOffset = products * g.DataStride;
        g.RowOffset = g.SumOffset + products * g.SumStride;
        g.ScratchLength = g.RowOffset + products * width;
        return g;
    }
}
