using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;

namespace Gpu.Kernels.Convolution;

/// <summary>256 threads, each 8 x 8 sums: for products that fill the device with such tiles.</summary>
internal struct Tile128x128 : IGemmTile
{
    private RegisterTile8x8 _sums;

    /// <inheritdoc/>
    public static int ThreadsX => 16;

    /// <inheritdoc/>
    public static int ThreadsY => 16;

    /// <inheritdoc/>
    public static int RowsEach => 8;

    /// <inheritdoc/>
    public static int ColumnsEach => 8;

    /// <inheritdoc/>
    public readonly Float4 Left => _sums.Left;

    /// <inheritdoc/>
    public readonly Float4 Right => _sums.Right;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void MultiplyAdd(Float4 a0, Float4 a1, Float4 b0, Float4 b1) => _sums.MultiplyAdd(a0, a1, b0, b1);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Next() => _sums.Next();
}

/// <summary>64 threads, each 8 x 8 sums: for products of middle size, several groups on a multiprocessor.</summary>
internal struct Tile64x64 : IGemmTile
{
    private RegisterTile8x8 _sums;

    /// <inheritdoc/>
    public static int ThreadsX => 8;

    /// <inheritdoc/>
    public static int ThreadsY => 8;

    /// <inheritdoc/>
    public static int RowsEach => 8;

    /// <inheritdoc/>
    public static int ColumnsEach => 8;

    /// <inheritdoc/>
    public readonly Float4 Left => _sums.Left;

    /// <inheritdoc/>
    public readonly Float4 Right => _sums.Right;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void MultiplyAdd(Float4 a0, Float4 a1, Float4 b0, Float4 b1) => _sums.MultiplyAdd(a0, a1, b0, b1);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Next() => _sums.Next();
}

/// <summary>128 threads, each 8 x 4 sums: half the sums of a thread, so that a group is done sooner: where there are few groups.</summary>
internal struct Tile64x64Half : IGemmTile
{
    private RegisterTile8x4 _sums;

    /// <inheritdoc/>
    public static int ThreadsX => 16;

    /// <inheritdoc/>
    public static int ThreadsY => 8;

    /// <inheritdoc/>
    public static int RowsEach => 8;

    /// <inheritdoc/>
    public static int ColumnsEach => 4;

    /// <inheritdoc/>
    public readonly Float4 Left => _sums.Left;

    /// <inheritdoc/>
    public readonly Float4 Right => default;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void MultiplyAdd(Float4 a0, Float4 a1, Float4 b0, Float4 b1) => _sums.MultiplyAdd(a0, a1, b0);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Next() => _sums.Next();
}

/// <summary>128 threads, each 8 x 4 sums: for few columns.</summary>
internal struct Tile128x32 : IGemmTile
{
    private RegisterTile8x4 _sums;

    /// <inheritdoc/>
    public static int ThreadsX => 8;

    /// <inheritdoc/>
    public static int ThreadsY => 16;

    /// <inheritdoc/>
    public static int RowsEach => 8;

    /// <inheritdoc/>
    public static int ColumnsEach => 4;

    /// <inheritdoc/>
    public readonly Float4 Left => _sums.Left;

    /// <inheritdoc/>
    public readonly Float4 Right => default;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void MultiplyAdd(Float4 a0, Float4 a1, Float4 b0, Float4 b1) => _sums.MultiplyAdd(a0, a1, b0);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Next() => _sums.Next();
}

/// <summary>64 threads, each 4 x 4 sums: for small products.</summary>
internal struct Tile32x32 : IGemmTile
{
    private RegisterTile4x4 _sums;

    /// <inheritdoc/>
    public static int ThreadsX => 8;

    /// <inheritdoc/>
    public static int ThreadsY => 8;

    /// <inheritdoc/>
    public static int RowsEach => 4;

    /// <inheritdoc/>
    public static int ColumnsEach => 4;

    /// <inheritdoc/>
    public readonly Float4 Left => _sums.Left;

    /// <inheritdoc/>
    public readonly Float4 Right => default;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void MultiplyAdd(Float4 a0, Float4 a1, Float4 b0, Float4 b1) => _sums.MultiplyAdd(a0, b0);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Next() => _sums.Next();
}

/// <summary>16 threads, each 4 x 4 sums: for devices with small groups (ILGPU's own CPU accelerator).</summary>
internal struct Tile16x16 : IGemmTile
{
    private RegisterTile4x4 _sums;

    /// <inheritdoc/>
    public static int ThreadsX => 4;

    /// <inheritdoc/>
    public static int ThreadsY => 4;

    /// <inheritdoc/>
    public static int RowsEach => 4;

    /// <inheritdoc/>
    public static int ColumnsEach => 4;

    /// <inheritdoc/>
    public readonly Float4 Left => _sums.Left;

    /// <inheritdoc/>
    public readonly Float4 Right => default;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void MultiplyAdd(Float4 a0, Float4 a1, Float4 b0, Float4 b1) => _sums.MultiplyAdd(a0, b0);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Next() => _sums.Next();
}
