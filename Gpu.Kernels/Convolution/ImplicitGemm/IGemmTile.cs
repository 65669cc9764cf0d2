using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using ILGPU;

namespace Gpu.Kernels.Convolution;

/// <summary>
/// The part of a matrix product that a group of threads computes: ThreadsX * ThreadsY threads, each of which sums RowsEach x ColumnsEach elements in registers.
/// Thread (x, y) has the rows 4 y to 4 y + 3 and, of eight, those from 4 ThreadsY + 4 y on; columns likewise. So neighbouring threads read neighbouring
/// quads of shared memory, without bank conflicts.
/// </summary>
internal interface IGemmTile
{
    /// <summary>Threads along the columns; a power of two.</summary>
    static abstract int ThreadsX { get; }

    /// <summary>Threads along the rows; a power of two.</summary>
    static abstract int ThreadsY { get; }

    /// <summary>Rows of a thread: 4 or 8.</summary>
    static abstract int RowsPerThread { get; }

    /// <summary>Columns of a thread: 4 or 8.</summary>
    static abstract int ColumnsPerThread { get; }

    /// <summary>The sums of the first row: its first four columns.</summary>
    Float4 Left { get; }

    /// <summary>The sums of the first row: its last four columns, of eight.</summary>
    Float4 Right { get; }

    /// <summary>Adds the products of rows and columns; of four rows or columns the second argument is not looked at.</summary>
    void MultiplyAdd(Float4 a0, Float4 a1, Float4 b0, Float4 b1);

    /// <summary>Moves every row of sums one up, so that a loop can go through them: registers cannot be indexed.</summary>
    void ShiftRows();
}

/// <summary>
/// How a tile's operands lie in shared memory: twice (one half is filled while the other is read) <see cref="Depth"/> rows of the left operand, transposed, and as
/// many of the right one. Rows are a quad longer than the tile: the threads that store transposed quads then meet different banks.
/// </summary>
internal static class GemmTileMemory
{
    /// <summary>Products of each element that are added up from one barrier to the next.</summary>
    public const int Depth = 8;

    public static int Threads<TTile>()
        where TTile : struct, IGemmTile => TTile.ThreadsX * TTile.ThreadsY;

    public static int Rows<TTile>()
        where TTile : struct, IGemmTile => TTile.ThreadsY * TTile.RowsPerThread;

    public static int Columns<TTile>()
        where TTile : struct, IGemmTile => TTile.ThreadsX * TTile.ColumnsPerThread;

    /// <summary>Quads from one row of the left operand to the next.</summary>
    public static int LeftStride<TTile>()
        where TTile : struct, IGemmTile => Rows<TTile>() / 4 + 1;

    /// <summary>Quads from one row of the right operand to the next.</summary>
    public static int RightStride<TTile>()
        where TTile : struct, IGemmTile => Columns<TTile>() / 4 + 1;

    /// <summary>Quads before the right operand.</summary>
    public static int LeftQuads<TTile>()
        where TTile : struct, IGemmTile => Depth * LeftStride<TTile>();

    /// <summary>Quads of one half.</summary>
    public static int StageQuads<TTile>()
        where TTile : struct, IGemmTile => Depth * (LeftStride<TTile>() + RightStride<TTile>());

    /// <summary>Quads of an operand that a thread fetches for one half: 1 or 2.</summary>
    public static int LeftQuadsPerThread<TTile>()
        where TTile : struct, IGemmTile => 2 * Rows<TTile>() > Threads<TTile>() ? 2 : 1;

    /// <inheritdoc cref="LeftQuadsPerThread{TTile}"/>
    public static int RightQuadsPerThread<TTile>()
        where TTile : struct, IGemmTile => 2 * Columns<TTile>() > Threads<TTile>() ? 2 : 1;

    /// <summary>There are more threads than quads of the right operand: some fetch none.</summary>
    public static bool HasIdleThreads<TTile>()
        where TTile : struct, IGemmTile => Threads<TTile>() > 2 * Columns<TTile>();

    /// <summary>Adds the products of one half to a thread's sums.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void MultiplyAdd<TTile>(ArrayView<Float4> memory, int half, int threadX, int threadY, ref TTile tile)
        where TTile : struct, IGemmTile
    {
        var left = half * StageQuads<TTile>() + threadY;
        var right = half * StageQuads<TTile>() + LeftQuads<TTile>() + threadX;
        // While the products of one depth are added, the operands of the next are on their way. Two depths at a time: four would need 32 registers more, for ILGPU
        // orders the additions element by element.
        var even = new Operands<TTile>(memory, left, right);
        for (var depth = 2; depth < Depth; depth += 2)
        {
            var odd = new Operands<TTile>(memory, left + LeftStride<TTile>(), right + RightStride<TTile>());
            tile.MultiplyAdd(even.A0, even.A1, even.B0, even.B1);
            left += 2 * LeftStride<TTile>();
            right += 2 * RightStride<TTile>();
            even = new Operands<TTile>(memory, left, right);
            tile.MultiplyAdd(odd.A0, odd.A1, odd.B0, odd.B1);
        }

        var last = new Operands<TTile>(memory, left + LeftStride<TTile>(), right + RightStride<TTile>());
        tile.MultiplyAdd(even.A0, even.A1, even.B0, even.B1);
        tile.MultiplyAdd(last.A0, last.A1, last.B0, last.B1);
    }

    /// <summary>Stores a quad of one row (or column) of an operand: four depths from <paramref name="depth"/> on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreTransposed(ArrayView<float> words, int firstQuad, int stride, int depth, int at, Float4 value)
    {
        var index = (firstQuad + depth * stride) * 4 + at;
        words[index] = value.X;
        words[index + 4 * stride] = value.Y;
        words[index + 8 * stride] = value.Z;
        words[index + 12 * stride] = value.W;
    }

    // What a thread multiplies at one depth.
    private readonly struct Operands<TTile>
        where TTile : struct, IGemmTile
    {
        public readonly Float4 A0, A1, B0, B1;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Operands(ArrayView<Float4> memory, int left, int right)
        {
            A0 = memory[left];
            A1 = TTile.RowsPerThread == 8 ? memory[left + TTile.ThreadsY] : A0;
            B0 = memory[right];
            B1 = TTile.ColumnsPerThread == 8 ? memory[right + TTile.ThreadsX] : B0;
        }
    }
}
