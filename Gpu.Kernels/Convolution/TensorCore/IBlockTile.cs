namespace Gpu.Kernels.Convolution.TensorCore;

/// <summary>The tile of a matrix product that a thread group computes.</summary>
internal interface IBlockTile
{
    /// <summary>Rows, a multiple of <see cref="WarpTile.Rows"/>.</summary>
    static abstract int Rows { get; }

    /// <summary>Columns, a multiple of <see cref="WarpColumns"/>.</summary>
    static abstract int Columns { get; }

    /// <summary>Columns of a warp: 32 or 64.</summary>
    static abstract int WarpColumns { get; }

    /// <summary>
    /// Stages in shared memory with asynchronous copies: one is multiplied while the others are filled. Register-staged units always have two stages.
    /// </summary>
    static abstract int Stages { get; }
}

/// <summary>128 x 128: four warps of 64 x 64.</summary>
internal readonly struct LargeTile : IBlockTile
{
    /// <inheritdoc/>
    public static int Rows => 128;

    /// <inheritdoc/>
    public static int Columns => 128;

    /// <inheritdoc/>
    public static int WarpColumns => 64;

    /// <inheritdoc/>
    public static int Stages => 2;
}

/// <summary>128 x 64: four warps of 64 x 32; for layers of at most 64 channels.</summary>
internal readonly struct TallTile : IBlockTile
{
    /// <inheritdoc/>
    public static int Rows => 128;

    /// <inheritdoc/>
    public static int Columns => 64;

    /// <inheritdoc/>
    public static int WarpColumns => 32;

    /// <inheritdoc/>
    public static int Stages => 3;
}

/// <summary>64 x 64: two warps of 64 x 32; for products with too few larger tiles to fill the device.</summary>
internal readonly struct MediumTile : IBlockTile
{
    /// <inheritdoc/>
    public static int Rows => 64;

    /// <inheritdoc/>
    public static int Columns => 64;

    /// <inheritdoc/>
    public static int WarpColumns => 32;

    /// <inheritdoc/>
    public static int Stages => 4;
}

/// <summary>128 x 32: two warps of 64 x 32; for layers of at most 32 channels.</summary>
internal readonly struct NarrowTile : IBlockTile
{
    /// <inheritdoc/>
    public static int Rows => 128;

    /// <inheritdoc/>
    public static int Columns => 32;

    /// <inheritdoc/>
    public static int WarpColumns => 32;

    /// <inheritdoc/>
    public static int Stages => 2;
}
