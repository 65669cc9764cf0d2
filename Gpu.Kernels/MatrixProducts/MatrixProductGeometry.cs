using Gpu.Kernels.Devices;

namespace Gpu.Kernels.MatrixProducts;

/// <summary>
/// How <see cref="MatrixProduct{TBackend,TVector,TActivation}"/> cuts a product [rows, depth] * [depth, columns] up. Nothing here depends on the number of threads.
/// </summary>
internal struct MatrixProductGeometry
{
    /// <summary>Rows of a panel of the left operand.</summary>
    public const int PanelRows = 12;

    /// <summary>Vectors of a panel of the right operand.</summary>
    public const int PanelVectors = 2;

    // A chunk of a right panel of 512-bit vectors is 32 KB, and stays in the first-level cache while the left panels pass by.
    private const int LongestChunk = 256;

    // Panels of rows of an item: a chunk of them takes up to 192 KB of a second-level cache.
    private const int MostRowPanels = 16;

    // Panels of columns of an item: each item reads its rows once for all of them.
    private const int MostColumnPanels = 4;

    // Enough to share evenly among the threads of a large processor.
    private const int ItemsToShare = 64;

    // Vector instructions that an item should take at least, so that taking it costs nothing beside it.
    private const int ItemCost = 6_000;

    /// <summary>Extents of the product.</summary>
    public int Rows, Columns, Depth;

    /// <summary>Depth of a chunk (the last may have less), and chunks.</summary>
    public int ChunkDepth, Chunks;

    /// <summary>Panels of rows and of columns.</summary>
    public int RowPanels, ColumnPanels;

    /// <summary>Blocks that the panels are cut into; an item is one of rows by one of columns.</summary>
    public int RowBlocks, ColumnBlocks;

    /// <summary>Neighbouring items share their columns and not their rows: so that the larger operand is read from far away once.</summary>
    public Flag RowsInner;

    /// <summary>Cuts a product up for a machine of a vector width.</summary>
    public static MatrixProductGeometry For(int rows, int columns, int depth, int width)
    {
        var g = new MatrixProductGeometry { Rows = rows, Columns = columns, Depth = depth, RowsInner = columns > rows };
        // Chunks of even length, in whole blocks of the widest vector: transposing goes by such blocks.
        g.ChunkDepth = Items.Covering(Items.Covering(depth, Items.Covering(depth, LongestChunk)), 16) * 16;
        g.Chunks = Items.Covering(depth, g.ChunkDepth);
        g.RowPanels = Items.Covering(rows, PanelRows);
        g.ColumnPanels = Items.Covering(columns, PanelVectors * width);
        var (rowPanels, columnPanels) = (Math.Min(MostRowPanels, g.RowPanels), Math.Min(MostColumnPanels, g.ColumnPanels));
        while (true)
        {
            g.RowBlocks = Items.Covering(g.RowPanels, rowPanels);
            g.ColumnBlocks = Items.Covering(g.ColumnPanels, columnPanels);
            var cost = (long)rowPanels * columnPanels * PanelRows * PanelVectors * depth;
            if (g.RowBlocks * g.ColumnBlocks >= ItemsToShare || cost < 2 * ItemCost || (rowPanels == 1 && columnPanels == 1)) return g;
            // What is larger is halved: each item reads the rows of its block once for all its columns, and the columns once for all its rows.
            if (columnPanels == 1 || (rowPanels > 1 && rowPanels * PanelRows >= columnPanels * PanelVectors * width)) rowPanels = (rowPanels + 1) / 2;
            else columnPanels = (columnPanels + 1) / 2;
        }
    }
}
