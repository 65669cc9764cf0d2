using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using ILGPU;

namespace Gpu.Kernels.Convolution;

/// <summary>
/// The tile of a matrix product that a thread group computes. Each of its ThreadsX * ThreadsY threads sums RowsPerThread x ColumnsPerThread elements in
/// registers.
/// </summary>
/// <remarks>
/// Thread (x, y) computes the rows 4 y to 4 y + 3 and, if it has eight rows, the four rows from 4 ThreadsY + 4 y on. The same holds for columns. So consecutive
/// threads read consecutive quads (four floats, 16 bytes) of shared memory, without bank conflicts.
/// </remarks>
internal interface IGemmTile
{
    /// <summary>Threads along the columns, a power of two.</summary>
    static abstract int ThreadsX { get; }

    /// <summary>Threads along the rows, a power of two.</summary>
    static abstract int ThreadsY { get; }

    /// <summary>Rows of a thread: 4 or 8.</summary>
    static abstract int RowsPerThread { get; }

    /// <summary>Columns of a thread: 4 or 8.</summary>
    static abstract int ColumnsPerThread { get; }

    /// <summary>The first four columns of the first row of sums.</summary>
    Float4 Left { get; }

    /// <summary>The last four of eight columns of the first row of sums.</summary>
    Float4 Right { get; }

    /// <summary>
    /// Adds the outer product of a column of the left operand (a0, a1) and a row of the right operand (b0, b1). A thread with four rows ignores a1, a thread
    /// with four columns b1.
    /// </summary>
    void MultiplyAdd(Float4 a0, Float4 a1, Float4 b0, Float4 b1);

    /// <summary>Moves all rows of sums up by one, so that a loop can process them. Registers cannot be indexed.</summary>
    void ShiftRows();
}

/// <summary>
/// Layout of the operands in shared memory: two stages, one of which is filled while the other is read. A stage holds <see cref="Depth"/> rows of the left
/// operand, transposed, and <see cref="Depth"/> rows of the right operand. The padding of one quad per row avoids bank conflicts between the threads that store
/// transposed quads.
/// </summary>
internal static class GemmTileMemory
{
    /// <summary>Values of k in a stage, which are summed from one barrier to the next.</summary>
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

    /// <summary>Quads of the left operand in a stage. The right operand follows.</summary>
    public static int LeftQuads<TTile>()
        where TTile : struct, IGemmTile => Depth * LeftStride<TTile>();

    /// <summary>Quads of a stage.</summary>
    public static int StageQuads<TTile>()
        where TTile : struct, IGemmTile => Depth * (LeftStride<TTile>() + RightStride<TTile>());

    /// <summary>
    /// Quads of both stages. The views that <see cref="MultiplyAdd"/> moves end up to <see cref="IGemmTile.ThreadsX"/> quads after the second stage; nothing is
    /// read there.
    /// </summary>
    public static int Quads<TTile>()
        where TTile : struct, IGemmTile => 2 * StageQuads<TTile>() + TTile.ThreadsX;

    /// <summary>Quads of the operand that a thread loads in a step: 1 or 2.</summary>
    public static int LeftQuadsPerThread<TTile>()
        where TTile : struct, IGemmTile => 2 * Rows<TTile>() > Threads<TTile>() ? 2 : 1;

    /// <inheritdoc cref="LeftQuadsPerThread{TTile}"/>
    public static int RightQuadsPerThread<TTile>()
        where TTile : struct, IGemmTile => 2 * Columns<TTile>() > Threads<TTile>() ? 2 : 1;

    /// <summary>Whether there are more threads than quads of the right operand, so that some threads load none.</summary>
    public static bool HasIdleThreads<TTile>()
        where TTile : struct, IGemmTile => Threads<TTile>() > 2 * Columns<TTile>();

    /// <summary>Adds the products of one stage to the sums of a thread.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void MultiplyAdd<TTile>(ArrayView<Float4> memory, int stage, int threadX, int threadY, ref TTile tile)
        where TTile : struct, IGemmTile
    {
        var left = memory.SubView(stage * StageQuads<TTile>() + threadY);
        var right = memory.SubView(stage * StageQuads<TTile>() + LeftQuads<TTile>() + threadX);
        if (Threads<TTile>() >= 256)
        {
            // A multiprocessor holds two such groups if a thread has at most 128 registers. Then other warps hide the latency of these loads, and a thread has
            // no registers for operands that it does not need yet.
            for (var depth = 0; depth < Depth; depth += 2)
            {
                var first = new Operands<TTile>(left, right, 0);
                var second = new Operands<TTile>(left, right, 1);
                tile.MultiplyAdd(first.A0, first.A1, first.B0, first.B1);
                tile.MultiplyAdd(second.A0, second.A1, second.B0, second.B1);
                left = left.SubView(2 * LeftStride<TTile>());
                right = right.SubView(2 * RightStride<TTile>());
            }

            return;
        }

        // The operands of the next value of k are loaded while the products of the current one are added. The loop is unrolled by two. Unrolled by four, it
        // would need 32 more registers, because ILGPU orders the additions element by element. The loop moves views, so that the indices in them are constants,
        // which become part of the load instructions.
        var even = new Operands<TTile>(left, right, 0);
        for (var depth = 2; depth < Depth; depth += 2)
        {
            var odd = new Operands<TTile>(left, right, 1);
            tile.MultiplyAdd(even.A0, even.A1, even.B0, even.B1);
            left = left.SubView(2 * LeftStride<TTile>());
            right = right.SubView(2 * RightStride<TTile>());
            even = new Operands<TTile>(left, right, 0);
            tile.MultiplyAdd(odd.A0, odd.A1, odd.B0, odd.B1);
        }

        var last = new Operands<TTile>(left, right, 1);
        tile.MultiplyAdd(even.A0, even.A1, even.B0, even.B1);
        tile.MultiplyAdd(last.A0, last.A1, last.B0, last.B1);
    }

    /// <summary>
    /// Stores a quad transposed: its floats belong to one row (or column) of the product and to four values of k, from <paramref name="depth"/> on.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreTransposed(ArrayView<float> words, int firstQuad, int stride, int depth, int at, Float4 value)
    {
        // A view, so that the indices are constants.
        var first = words.SubView((firstQuad + depth * stride) * 4 + at);
        first[0] = value.X;
        first[4 * stride] = value.Y;
        first[8 * stride] = value.Z;
        first[12 * stride] = value.W;
    }

    // The operands of a thread for one value of k, number rows after the start of the views.
    private readonly struct Operands<TTile>
        where TTile : struct, IGemmTile
    {
        public readonly Float4 A0, A1, B0, B1;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Operands(ArrayView<Float4> left, ArrayView<Float4> right, int number)
        {
            A0 = left[number * LeftStride<TTile>()];
            A1 = TTile.RowsPerThread == 8 ? left[number * LeftStride<TTile>() + TTile.ThreadsY] : A0;
            B0 = right[number * RightStride<TTile>()];
            B1 = TTile.ColumnsPerThread == 8 ? right[number * RightStride<TTile>() + TTile.ThreadsX] : B0;
        }
    }
}
