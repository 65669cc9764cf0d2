namespace Gpu.Kernels.Convolution.TensorCore;

/// <summary>
/// Layout of the shared memory of a group, in words: the stages, each with a tile of the first operand and a tile of the second, followed by a table of 16-byte
/// entries. Also the quads (four values) that each thread copies to it.
/// </summary>
internal static class SharedTiles<TUnit, TTile>
    where TUnit : struct, ITensorCoreUnit
    where TTile : struct, IBlockTile
{
    /// <summary>Threads of a group: one warp for each 64 rows by <see cref="IBlockTile.WarpColumns"/> columns.</summary>
    public static int Threads => TTile.Rows / WarpTile.Rows * (TTile.Columns / TTile.WarpColumns) * WarpTile.Lanes;

    /// <summary>Whether a warp has 64 columns.</summary>
    public static bool Wide => TTile.WarpColumns == 64;

    /// <summary>Stages in shared memory.</summary>
    public static int Stages => TUnit.IsRegisterStaged ? 2 : TTile.Stages;

    /// <summary>Steps between the step whose table entries are computed and the step that is multiplied.</summary>
    public static int Ahead => TUnit.IsRegisterStaged ? 3 : TTile.Stages;

    /// <summary>Steps that the table holds. It is a ring buffer.</summary>
    public const int Ring = 4;

    /// <summary>Quads of the first operand that a thread copies in a step, at most 16.</summary>
    public static int FirstQuads => TTile.Rows * TUnit.Depth / 4 / Threads;

    /// <summary>Quads of the second operand that a thread copies in a step, at most 8.</summary>
    public static int SecondQuads => TTile.Columns * TUnit.Depth / 4 / Threads;

    /// <summary>Words from one line of the second operand to the next.</summary>
    public static int SecondStride => TUnit.LineStride(TTile.Columns);

    /// <summary>Words from one line of the first operand to the next, if it is stored in lines.</summary>
    public static int FirstStride => TUnit.LineStride(TTile.Rows);

    /// <summary>Words of the first operand in a stage, if it is stored in rows.</summary>
    public static int FirstInRows => TTile.Rows * TileLayout.RowWords;

    /// <summary>Words of the first operand in a stage, if it is stored in lines.</summary>
    public static int FirstInLines => TUnit.Depth * FirstStride;

    /// <summary>Words of the second operand in a stage.</summary>
    public static int SecondInLines => TUnit.Depth * SecondStride;

    /// <summary>Words of a stage with the first operand in rows.</summary>
    public static int StageOfRows => FirstInRows + SecondInLines;

    /// <summary>Words of a stage with the first operand in lines.</summary>
    public static int StageOfLines => FirstInLines + SecondInLines;

    /// <summary>Words of the part of a warp's sums that the epilogue stores to shared memory at a time.</summary>
    public static int EpilogueWords => WarpTile.EpilogueRows * TUnit.EpilogueStride(TTile.WarpColumns);
}

/// <summary>An entry of a table in shared memory. The kernels define the meaning of the numbers.</summary>
internal struct TableEntry
{
    /// <summary>Four integers, which are read and written together.</summary>
    public int A, B, C, D;
}
