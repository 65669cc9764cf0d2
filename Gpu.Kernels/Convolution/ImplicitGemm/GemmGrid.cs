using System.Runtime.CompilerServices;

namespace Gpu.Kernels.Convolution;

/// <summary>How a matrix product is cut into groups: tiles of rows and columns, and splits of the products that each element is the sum of.</summary>
internal struct GemmGrid
{
    /// <summary>Tiles along the rows and along the columns, and splits: as many groups as these three multiplied.</summary>
    public int RowBlocks, ColumnBlocks, Splits;

    /// <summary>Steps of <see cref="GemmTileMemory.Depth"/> products in all, and of a split (the last may have fewer).</summary>
    public int Steps, StepsPerSplit;

    /// <summary>What a group computes. Neighbouring groups are tiles of the same rows: those are then read from the device's cache.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void GetTile(int group, out int rowBlock, out int columnBlock, out int split)
    {
        var rest = group / ColumnBlocks;
        columnBlock = group - rest * ColumnBlocks;
        split = rest / RowBlocks;
        rowBlock = rest - split * RowBlocks;
    }
}
