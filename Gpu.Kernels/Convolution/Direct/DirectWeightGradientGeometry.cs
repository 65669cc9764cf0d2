using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Convolution;

/// <summary>How <see cref="DirectConv2dWeightGradient{TBackend,TVector}"/> divides a shape into tiles, splits and chunks.</summary>
internal struct DirectWeightGradientGeometry
{
    /// <summary>Extents and channels of input and output.</summary>
    public int InputHeight, InputWidth, InputChannels, OutputHeight, OutputWidth, OutputChannels;

    /// <summary>Channels of one group.</summary>
    public int InputPerGroup, OutputPerGroup;

    /// <summary>As in <see cref="Conv2dShape"/>.</summary>
    public int StrideHeight, StrideWidth, PaddingTop, PaddingLeft, DilationHeight, DilationWidth;

    /// <summary>Rows of the output over all images, and pixels in them (the last row of a flattened matrix product may be short).</summary>
    public int OutputRows, Pixels;

    /// <summary>Panels of output channels: of one group, and in all.</summary>
    public int PanelsPerGroup, Panels;

    /// <summary>
    /// Runs of contiguous input channels in a kernel row; rows of a run; tiles that cover a run, of these, tiles of twelve and of eight rows; tiles of a panel.
    /// </summary>
    public int RunsX, RowsPerRun, TilesPerRun, TwelveTiles, LargeTiles, Tiles;

    /// <summary>Groups that the tiles of a panel are divided into.</summary>
    public int RowGroups;

    /// <summary>Splits of the output rows; words from the target of one split to that of the next; output rows of a chunk.</summary>
    public int Splits, SplitStride, RowsPerChunk;

    /// <summary>A run covers all kernel columns, which are contiguous in the input without padding and dilation.</summary>
    public Flag Merged;

    /// <summary>The three columns of a kernel row are summed together; of an input with one channel, all three kernel rows are.</summary>
    public Flag ThreeTaps, KernelRows;

    // Bytes of input and output gradient in a chunk: half of an L2 cache of 512 KB to 1 MB.
    private const int ChunkBytes = 256 * 1024;

    // Activations up to this size stay in an L3 cache from one group of tiles to the next.
    private const long SharedCacheBytes = 12L * 1024 * 1024;

    // Words of the partial sums of all splits.
    private const int LargestPartials = 1 << 20;

    /// <summary>Rows of the tiles that cover what the tiles of twelve leave.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int TileRows(bool manyThreads) => manyThreads ? 6 : 8;

    /// <summary>Divides the work of a shape for a vector width. Nothing depends on the number of threads, so neither do the bits of the gradient.</summary>
    public static DirectWeightGradientGeometry For(Conv2dShape shape, int width, bool manyThreads)
    {
        var tileRows = TileRows(manyThreads);
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
            // A matrix product, whatever the extents of the images: pixels are regrouped into rows long enough for the innermost loop.
            const int rowLength = 64;
            (g.InputHeight, g.OutputHeight) = (1, 1);
            (g.InputWidth, g.OutputWidth) = (rowLength, rowLength);
            g.OutputRows = IntMath.DivRoundUp(g.Pixels, rowLength);
        }

        g.PanelsPerGroup = IntMath.DivRoundUp(g.OutputPerGroup, 2 * width);
        g.Panels = g.PanelsPerGroup * shape.Groups;
        g.Merged = shape.Groups == 1 && shape.DilationWidth == 1 && shape.PaddingLeft == 0
            && (g.OutputWidth - 1) * shape.StrideWidth + shape.KernelWidth <= g.InputWidth;
        g.RunsX = g.Merged ? 1 : shape.KernelWidth;
        g.RowsPerRun = g.Merged ? shape.KernelWidth * shape.InputChannels : shape.InputPerGroup;
        // A panel of one vector does not need tiles of twelve: eight independent sums keep the multiply-add units busy. On a GPU they take too many registers.
        g.TwelveTiles = !manyThreads && g.OutputPerGroup > width ? g.RowsPerRun / 24 * 2 : 0;
        var left = g.RowsPerRun - g.TwelveTiles * 12;
        g.LargeTiles = left / tileRows + (left % tileRows > 3 && g.RowsPerRun > tileRows ? 1 : 0);
        var covered = Math.Min(g.TwelveTiles * 12 + g.LargeTiles * tileRows, g.RowsPerRun);
        // Tiles of three rows, the last of which overlaps; in a run of fewer rows, tiles of one.
        g.TilesPerRun = g.TwelveTiles + g.LargeTiles + (g.RowsPerRun >= 3 ? IntMath.DivRoundUp(g.RowsPerRun - covered, 3) : g.RowsPerRun - covered);
        g.Tiles = shape.KernelHeight * g.RunsX * g.TilesPerRun;

        // Not on a GPU, whose parallelism comes from many small tiles.
        g.KernelRows = shape.InputPerGroup == 1 && shape.KernelHeight == 3;
        g.ThreeTaps = !manyThreads && shape.KernelWidth == 3 && shape.StrideWidth == 1 && shape.DilationWidth == 1
            && (g.KernelRows || shape.InputPerGroup == 3 || (shape.InputPerGroup >= tileRows && g.OutputPerGroup <= width));
        if (g.ThreeTaps)
        {
            g.TilesPerRun = shape.InputPerGroup <= 3 ? 1 : IntMath.DivRoundUp(shape.InputPerGroup, tileRows);
            g.Tiles = (g.KernelRows ? 1 : shape.KernelHeight) * g.TilesPerRun;
        }

        var rowBytes = sizeof(float)
            * ((long)g.InputWidth * g.InputChannels * Math.Min(shape.StrideHeight, shape.KernelHeight)
                + (long)g.OutputWidth * Math.Min(2 * width, g.OutputPerGroup));
        g.RowsPerChunk = (int)Math.Max(1, ChunkBytes / rowBytes);
        g.SplitStride = (shape.WeightLength + shape.OutputChannels + 15) / 16 * 16;
        var wanted = manyThreads ? 16_384 : 48;
        // The sums of a split are written, read back and added, which only many pixels pay for.
        var fewestRows = manyThreads ? 1 : IntMath.DivRoundUp(256, g.OutputWidth);
        var mostSplits = Math.Max(1, Math.Min(g.OutputRows / fewestRows, LargestPartials / g.SplitStride));
        var bytes = sizeof(float) * ((long)shape.InputLength + shape.OutputLength);
        if (!manyThreads && bytes > SharedCacheBytes)
        {
            // Every group of tiles reads all of its split from memory, so as few groups as keep the threads busy.
            g.Splits = Math.Clamp(IntMath.DivRoundUp(wanted, g.Panels), 1, mostSplits);
            g.RowGroups = Math.Clamp(IntMath.DivRoundUp(wanted, g.Panels * g.Splits), 1, g.Tiles);
        }
        else
        {
            g.RowGroups = Math.Clamp(manyThreads ? g.Tiles : g.Tiles / 8, 1, Math.Max(1, IntMath.DivRoundUp(wanted, g.Panels)));
            g.Splits = Math.Clamp(IntMath.DivRoundUp(wanted, g.Panels * g.RowGroups), 1, mostSplits);
        }

        return g;
    }
}
