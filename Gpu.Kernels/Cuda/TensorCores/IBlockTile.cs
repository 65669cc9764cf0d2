namespace Gpu.Kernels.Cuda.TensorCores;

/// <summary>The part of a product that a group of threads computes.</summary>
public interface IBlockTile
{
    /// <summary>Rows, a multiple of <see cref="WarpTile.Rows"/>.</summary>
    static abstract int Rows { get; }

    /// <summary>Columns, a multiple of <see cref="WarpTile.Columns"/>.</summary>
    static abstract int Columns { get; }

    /// <summary>Tiles of operands that lie in shared memory at a time: one is used while the others arrive.</summary>
    static abstract int Stages { get; }
}

/// <summary>128 x 128: eight warps, two stages in at most 43.5 KB.</summary>
public readonly struct LargeTile : IBlockTile
{
    /// <inheritdoc/>
    public static int Rows => 128;

    /// <inheritdoc/>
    public static int Columns => 128;

    /// <inheritdoc/>
    public static int Stages => 2;
}

/// <summary>64 x 64: two warps, four stages in at most 43 KB; for products that would make too few large tiles.</summary>
public readonly struct MediumTile : IBlockTile
{
    /// <inheritdoc/>
    public static int Rows => 64;

    /// <inheritdoc/>
    public static int Columns => 64;

    /// <inheritdoc/>
    public static int Stages => 4;
}

/// <summary>128 x 32: two warps, two stages; for layers of at most 32 channels.</summary>
public readonly struct NarrowTile : IBlockTile
{
    /// <inheritdoc/>
    public static int Rows => 128;

    /// <inheritdoc/>
    public static int Columns => 32;

    /// <inheritdoc/>
    public static int Stages => 2;
}
