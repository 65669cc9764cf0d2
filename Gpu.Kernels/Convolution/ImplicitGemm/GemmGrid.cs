using System.Runtime.CompilerServices;

namespace Gpu.Kernels.Convolution;

/// <summary>The division of a matrix product into thread groups: tiles of rows and columns, and splits of k, the dimension that is summed over.</summary>
internal struct GemmGrid
{
    /// <summary>Tiles along the rows, tiles along the columns, and splits. The number of thread groups is the product of the three.</summary>
    public int RowBlocks, ColumnBlocks, Splits;

    /// <summary>Steps of <see cref="GemmTileMemory.Depth"/> values of k: in all, and in one split (the last may have fewer).</summary>
    public int Steps, StepsPerSplit;

    /// <summary>Returns the tile and the split of a thread group. Consecutive groups have the same rows, which the cache then serves.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void GetTile(int group, out int rowBlock, out int columnBlock, out int split)
    {
        var rest = group / ColumnBlocks;
        columnBlock = group - rest * ColumnBlocks;
        split = rest / RowBlocks;
        rowBlock = rest - split * RowBlocks;
    }
}
