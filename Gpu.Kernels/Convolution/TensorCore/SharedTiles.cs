namespace Gpu.Kernels.Convolution.TensorCore;

/// <summary>
/// Where things lie in a group's shared memory, in words (the stages, each a tile of the first operand and one of the second, then a table of 16-byte entries), and how many quads of
/// four values a thread brings there.
/// </summary>
internal static class SharedTiles<TUnit, TTile>
    where TUnit : struct, ITensorCoreUnit
    where TTile : struct, IBlockTile
{
    /// <summary>Threads of a group: a warp for each part of 64 rows.</summary>
    public static int Threads => TTile.Rows / WarpTile.Rows * (TTile.Columns / TTile.WarpColumns) * WarpTile.Lanes;

    /// <summary>Whether a warp has 64 columns.</summary>
    public static bool Wide => TTile.WarpColumns == 64;

    /// <summary>Stages in shared memory.</summary>
    public static int Stages => TUnit.IsRegisterStaged ? 2 : TTile.Stages;

    /// <summary>By how many steps the table of what a step reads is ahead of the product. The table holds <see cref="Ring"/> steps.</summary>
    public static int Ahead => TUnit.IsRegisterStaged ? 3 : TTile.Stages;

    /// <summary>Steps in the table.</summary>
    public const int Ring = 4;

    /// <summary>Quads of the first and of the second operand that a thread copies in a step: at most 16 and 8.</summary>
    public static int FirstQuads => TTile.Rows * TUnit.Depth / 4 / Threads;

    /// <inheritdoc cref="FirstQuads"/>
    public static int SecondQuads => TTile.Columns * TUnit.Depth / 4 / Threads;

    /// <summary>Words from line to line of the second operand.</summary>
    public static int SecondStride => TUnit.LineStride(TTile.Columns);

    /// <summary>Words from line to line of the first operand, where it lies in lines.</summary>
    public static int FirstStride => TUnit.LineStride(TTile.Rows);

    /// <summary>Words of a first operand in rows.</summary>
    public static int FirstInRows => TTile.Rows * TileLayout.RowWords;

    /// <summary>Words of a first operand in lines.</summary>
    public static int FirstInLines => TUnit.Depth * FirstStride;

    /// <summary>Words of a second operand.</summary>
    public static int SecondInLines => TUnit.Depth * SecondStride;

    /// <summary>Words from stage to stage.</summary>
    public static int StageOfRows => FirstInRows + SecondInLines;

    /// <summary>Words from stage to stage.</summary>
    public static int StageOfLines => FirstInLines + SecondInLines;

    /// <summary>Words that a warp's sums take on their way out.</summary>
    public static int EpilogueWords => WarpTile.EpilogueRows * WarpTile.EpilogueStride(TTile.WarpColumns);
}

/// <summary>An entry of a table in shared memory; what the numbers mean is said where it is used.</summary>
internal struct TableEntry
{
    /// <summary>Four integers, read and written together.</summary>
    public int A, B, C, D;
}
