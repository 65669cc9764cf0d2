using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.MatrixProducts;

/// <summary>
/// How <see cref="MatrixProduct{TBackend,TVector,TActivation}"/> divides a product [rows, depth] * [depth, columns] into chunks, panels and blocks.
/// Nothing here depends on the number of threads, so neither do the bits of the product.
/// </summary>
internal struct MatrixProductGeometry
{
    /// <summary>Rows of a left panel.</summary>
    public const int PanelRows = 12;

    /// <summary>Vectors of columns of a right panel.</summary>
    public const int PanelVectors = 2;

    // With 512-bit vectors, a right panel of this depth is 32 KB, which stays in the L1 cache.
    private const int LongestChunk = 256;

    // Left panels of an item: a chunk of them takes up to 192 KB of the L2 cache.
    private const int MostRowPanels = 16;

    // Right panels of an item, which reads its left panels once for all of them.
    private const int MostColumnPanels = 4;

    // Enough items to divide evenly among the threads of a large processor.
    private const int ItemsToShare = 64;

    // Vector instructions of the smallest item worth scheduling.
    private const int ItemCost = 6_000;

    /// <summary>Extents of the product.</summary>
    public int Rows, Columns, Depth;

    /// <summary>Depth of a chunk (the last one may be shorter), and number of chunks.</summary>
    public int ChunkDepth, Chunks;

    /// <summary>Left panels (of rows) and right panels (of columns).</summary>
    public int RowPanels, ColumnPanels;

    /// <summary>Blocks of panels; an item is one block of rows by one block of columns.</summary>
    public int RowBlocks, ColumnBlocks;

    /// <summary>Neighbouring items share their columns, not their rows, so that the larger operand is read from memory only once.</summary>
    public Flag RowsInner;

    /// <summary>Divides a product for a vector width.</summary>
    public static MatrixProductGeometry For(int rows, int columns, int depth, int width)
    {
        var g = new MatrixProductGeometry { Rows = rows, Columns = columns, Depth = depth, RowsInner = columns > rows };
        // Chunks of about equal depth, a multiple of the widest vector because operands are transposed in blocks of that size.
        g.ChunkDepth = IntMath.DivRoundUp(IntMath.DivRoundUp(depth, IntMath.DivRoundUp(depth, LongestChunk)), 16) * 16;
        g.Chunks = IntMath.DivRoundUp(depth, g.ChunkDepth);
        g.RowPanels = IntMath.DivRoundUp(rows, PanelRows);
        g.ColumnPanels = IntMath.DivRoundUp(columns, PanelVectors * width);
        var (rowPanels, columnPanels) = (Math.Min(MostRowPanels, g.RowPanels), Math.Min(MostColumnPanels, g.ColumnPanels));
        while (true)
        {
            g.RowBlocks = IntMath.DivRoundUp(g.RowPanels, rowPanels);
            g.ColumnBlocks = IntMath.DivRoundUp(g.ColumnPanels, columnPanels);
            var cost = (long)rowPanels * columnPanels * PanelRows * PanelVectors * depth;
            if (g.RowBlocks * g.ColumnBlocks >= ItemsToShare || cost < 2 * ItemCost || (rowPanels == 1 && columnPanels == 1)) return g;
            // Halve the longer side of the block: an item reads the rows of its block once for all its columns, and its columns once for all its rows.
            if (columnPanels == 1 || (rowPanels > 1 && rowPanels * PanelRows >= columnPanels * PanelVectors * width)) rowPanels = (rowPanels + 1) / 2;
            else columnPanels = (columnPanels + 1) / 2;
        }
    }
}
