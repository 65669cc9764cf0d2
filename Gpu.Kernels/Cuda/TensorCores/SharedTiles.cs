namespace Gpu.Kernels.Cuda.TensorCores;

/// <summary>Where things lie in a group's shared memory, in words: the stages, each a tile of the first operand and one of the second, then a table of 16-byte entries.</summary>
internal static class SharedTiles<TUnit, TTile>
    where TUnit : struct, IMatrixUnit
    where TTile : struct, IBlockTile
{
    /// <summary>Threads of a group: a warp for each <see cref="WarpTile"/>.</summary>
    public static int Threads => TTile.Rows / WarpTile.Rows * (TTile.Columns / WarpTile.Columns) * WarpTile.Lanes;

    /// <summary>Words from line to line of the second operand.</summary>
    public static int SecondStride => TTile.Columns + TUnit.LinePadding;

    /// <summary>Words from line to line of the first operand, where it lies in lines.</summary>
    public static int FirstStride => TTile.Rows + TUnit.LinePadding;

    /// <summary>Words of a first operand in rows.</summary>
    public static int FirstInRows => TTile.Rows * TUnit.RowStride;

    /// <summary>Words of a first operand in lines.</summary>
    public static int FirstInLines => WarpTile.Depth * FirstStride;

    /// <summary>Words of a second operand.</summary>
    public static int Second => WarpTile.Depth * SecondStride;

    /// <summary>Words from stage to stage.</summary>
    public static int StageOfRows => FirstInRows + Second;

    /// <summary>Words from stage to stage.</summary>
    public static int StageOfLines => FirstInLines + Second;
}

/// <summary>An entry of a table in shared memory; what the numbers mean is said where it is used.</summary>
public struct TableEntry
{
    /// <summary>Four integers, read and written together.</summary>
    public int A, B, C, D;
}
