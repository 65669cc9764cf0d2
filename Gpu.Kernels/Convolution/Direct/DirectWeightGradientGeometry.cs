using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Convolution;

/// <summary>The sizes that <see cref="DirectConv2dWeightGradient{TBackend,TVector}"/> works by.</summary>
internal struct DirectWeightGradientGeometry
{
    /// <summary>Extents of input and output, channels a pixel.</summary>
    public int InputHeight, InputWidth, InputChannels, OutputHeight, OutputWidth, OutputChannels;

    /// <summary>Channels of a group.</summary>
    public int InputPerGroup, OutputPerGroup;

    /// <summary>As in <see cref="Conv2dShape"/>.</summary>
    public int StrideHeight, StrideWidth, PaddingTop, PaddingLeft, DilationHeight, DilationWidth;

    /// <summary>Rows of the output over all images, and pixels in them (the last row of a flattened product may be short).</summary>
    public int OutputRows, Pixels;

    /// <summary>Panels of output channels, a group's and all.</summary>
    public int PanelsPerGroup, Panels;

    /// <summary>Runs of contiguous input channels a kernel row; rows in a run; tiles that cover a run, those of twelve and of eight rows among them; tiles of a panel.</summary>
    public int RunsX, RowsPerRun, TilesPerRun, TwelveTiles, LargeTiles, Tiles;

    /// <summary>Groups that the tiles of a panel are cut into.</summary>
    public int RowGroups;

    /// <summary>Splits of the output rows, words from the target of one to that of the next, rows read before the next tile.</summary>
    public int Splits, SplitStride, RowsPerChunk;

    /// <summary>A run covers all kernel columns: without padding and dilation they are contiguous in the input.</summary>
    public Flag Merged;

    /// <summary>A run is a kernel row of three columns, summed together; and where that has one channel, all three kernel rows are.</summary>
    public Flag ThreeTaps, KernelRows;

    // What a chunk of input and output gradient may take: half of a second-level cache of 512 KB to 1 MB.
    private const int ChunkBytes = 256 * 1024;

    // Activations up to this stay in a third-level cache from one group of tiles to the next.
    private const long SharedCacheBytes = 12L * 1024 * 1024;

    // Words that the splits' partial sums may take together.
    private const int LargestPartials = 1 << 20;

    /// <summary>Cuts the work of a shape up, for a machine of a vector width. Nothing here depends on the number of threads.</summary>
    public static DirectWeightGradientGeometry For(Conv2dShape shape, int width, bool manyThreads)
    {
        const int tileRows = 8;
        var g = new DirectWeightGradientGeometry
        {
            InputHeight = shape.InputHeight,
            InputWidth = shape.InputWidth,
            InputChannels = shape.InputChannels,
            OutputHeight = shape.OutputHeight,
            OutputWidth = shape.OutputWidth,
            OutputChannels = shape.OutputChannels,
            InputPerGroup = shape.InputPerGroup,
            OutputPerGroup = shape.OutputPerGroup,
            StrideHeight = shape.StrideHeight,
            StrideWidth = shape.StrideWidth,
            PaddingTop = shape.PaddingTop,
            PaddingLeft = shape.PaddingLeft,
            DilationHeight = shape.DilationHeight,
            DilationWidth = shape.DilationWidth,
            OutputRows = shape.Batch * shape.OutputHeight,
            Pixels = shape.Batch * shape.OutputHeight * shape.OutputWidth,
        };
        if (shape.IsPointwise)
        {
            // One matrix product: pixels in rows of a length that suits the innermost loop, whatever the images' extents.
            const int rowLength = 64;
            (g.InputHeight, g.OutputHeight) = (1, 1);
            (g.InputWidth, g.OutputWidth) = (rowLength, rowLength);
            g.OutputRows = Items.Covering(g.Pixels, rowLength);
        }

        g.PanelsPerGroup = Items.Covering(g.OutputPerGroup, 2 * width);
        g.Panels = g.PanelsPerGroup * shape.Groups;
        g.Merged = shape.Groups == 1 && shape.DilationWidth == 1 && shape.PaddingLeft == 0
            && (g.OutputWidth - 1) * shape.StrideWidth + shape.KernelWidth <= g.InputWidth;
        g.RunsX = g.Merged ? 1 : shape.KernelWidth;
        g.RowsPerRun = g.Merged ? shape.KernelWidth * shape.InputChannels : shape.InputPerGroup;
        // A panel of one vector has no use for the tile of twelve: eight sums are enough to keep the multiply-adds busy.
        g.TwelveTiles = g.OutputPerGroup > width ? g.RowsPerRun / 24 * 2 : 0;
        var left = g.RowsPerRun - g.TwelveTiles * 12;
        g.LargeTiles = left / tileRows + (left % tileRows > 3 && g.RowsPerRun > tileRows ? 1 : 0);
        var covered = Math.Min(g.TwelveTiles * 12 + g.LargeTiles * tileRows, g.RowsPerRun);
        // Three rows at a time where there are three (the last tile overlaps), else one at a time.
        g.TilesPerRun = g.TwelveTiles + g.LargeTiles + (g.RowsPerRun >= 3 ? Items.Covering(g.RowsPerRun - covered, 3) : g.RowsPerRun - covered);
        g.Tiles = shape.KernelHeight * g.RunsX * g.TilesPerRun;

        // A GPU has its parallelism from small tiles.
        g.KernelRows = shape.InputPerGroup == 1 && shape.KernelHeight == 3;
        g.ThreeTaps = !manyThreads && shape.KernelWidth == 3 && shape.StrideWidth == 1 && shape.DilationWidth == 1
            && (g.KernelRows || shape.InputPerGroup == 3 || (shape.InputPerGroup >= tileRows && g.OutputPerGroup <= width));
        if (g.ThreeTaps)
        {
            g.TilesPerRun = shape.InputPerGroup <= 3 ? 1 : Items.Covering(shape.InputPerGroup, tileRows);
            g.Tiles = (g.KernelRows ? 1 : shape.KernelHeight) * g.TilesPerRun;
        }

        var rowBytes = sizeof(float) * (g.InputWidth * g.InputChannels * Math.Min(shape.StrideHeight, shape.KernelHeight) + g.OutputWidth * Math.Min(2 * width, g.OutputPerGroup));
        g.RowsPerChunk = Math.Max(1, ChunkBytes / rowBytes);
        g.SplitStride = (shape.WeightLength + shape.OutputChannels + 15) / 16 * 16;
        var wanted = manyThreads ? 16_384 : 48;
        // A split's sums are written, read and added: it should sum over many more pixels than that costs.
        var fewestRows = manyThreads ? 1 : Items.Covering(256, g.OutputWidth);
        var mostSplits = Math.Max(1, Math.Min(g.OutputRows / fewestRows, LargestPartials / g.SplitStride));
        var bytes = sizeof(float) * ((long)shape.InputLength + shape.OutputLength);
        if (!manyThreads && bytes > SharedCacheBytes)
        {
            // Every group of tiles reads all of its split from memory: as few groups as keep the threads busy.
            g.Splits = Math.Clamp(Items.Covering(wanted, g.Panels), 1, mostSplits);
            g.RowGroups = Math.Clamp(Items.Covering(wanted, g.Panels * g.Splits), 1, g.Tiles);
        }
        else
        {
            g.RowGroups = Math.Clamp(manyThreads ? g.Tiles : g.Tiles / 8, 1, Math.Max(1, Items.Covering(wanted, g.Panels)));
            g.Splits = Math.Clamp(Items.Covering(wanted, g.Panels * g.RowGroups), 1, mostSplits);
        }

        return g;
    }
}
