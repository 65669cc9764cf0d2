using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Convolution;

/// <summary>The sizes that <see cref="WinogradConv2d{TBackend,TVector,TActivation}"/> works by.</summary>
internal struct WinogradGeometry
{
    /// <summary>Extents of what is read, channels a pixel.</summary>
    public int InputHeight, InputWidth, InputChannels;

    /// <summary>Extents of what is written, channels a pixel.</summary>
    public int OutputHeight, OutputWidth, OutputChannels;

    /// <summary>Rows of zeros above the input, columns to its left.</summary>
    public int PaddingTop, PaddingLeft;

    /// <summary>Tiles of 4x4 outputs: in a row, in a column, over all images.</summary>
    public int TilesX, TilesY, Tiles;

    /// <summary>Tiles that are transformed together (the last strip may be short), and how many such strips there are.</summary>
    public int TilesPerStrip, Strips;

    /// <summary>Words from product to product of the transformed input and of the sums, which lie behind it; where the sums and the rows in between begin.</summary>
    public int DataStride, SumStride, SumOffset, RowOffset;

    /// <summary>Words of scratch memory that an item needs.</summary>
    public int ScratchLength;

    /// <summary>Channels of a panel, and panels.</summary>
    public int PanelWidth, Panels;

    // Two register tiles of two vectors, or one of one. Longer strips gain nothing (the weights come from the second-level cache fast enough) and push out what the
    // transforms have written.
    private const int LongestStrip = 12;

    /// <summary>Cuts the work of a shape up, for the forward pass or the gradient of the input. Nothing here depends on the number of threads.</summary>
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
        g.TilesX = Items.Covering(g.OutputWidth, WinogradTransform.Outputs);
        g.TilesY = Items.Covering(g.OutputHeight, WinogradTransform.Outputs);
        g.Tiles = shape.Batch * g.TilesX * g.TilesY;
        g.PanelWidth = g.OutputChannels <= width ? width : 2 * width;
        g.Panels = Items.Covering(g.OutputChannels, g.PanelWidth);
        // The products come in whole register tiles; what they make of the rows behind the last tile is not read.
        g.TilesPerStrip = LongestStrip;
        g.Strips = Items.Covering(g.Tiles, g.TilesPerStrip);
        // A vector more than the content: powers of two would put all products of a tile into the same sets of a cache.
        g.DataStride = g.TilesPerStrip * g.InputChannels + 16;
        g.SumStride = g.TilesPerStrip * g.PanelWidth + 16;
        g.SumOffset = products * g.DataStride;
        g.RowOffset = g.SumOffset + products * g.SumStride;
        g.ScratchLength = g.RowOffset + products * width;
        return g;
    }
}
