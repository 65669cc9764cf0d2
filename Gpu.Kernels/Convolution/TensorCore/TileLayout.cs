namespace Gpu.Kernels.Convolution.TensorCore;

/// <summary>
/// How tiles lie in shared memory, and from where each lane takes its part of a fragment. All numbers are words of 32 bits. Both units of inline PTX use these
/// formulas, so that tests of the one check them for the other.
/// </summary>
/// <remarks>
/// A row of a tile in rows is 64 bytes, 16 values of TF32 or 32 of FP16, in four chunks of 16 bytes. Chunk c of row r lies at place c ^ (r / 2 % 4) of its row: the eight rows of
/// one chunk, which ldmatrix reads together, then lie in eight different groups of four banks (16 (r % 2) + 4 (c ^ r / 2) modulo 32), and two whole rows, which a half-warp writes
/// together, in 32 banks. A line of a tile in lines is longer than its content. In FP16 by 4 words, so that eight lines that ldmatrix reads together begin 4 banks apart; in TF32
/// by 8, so that lane (g, t), which reads line t at g, meets bank 8 t + g.
/// </remarks>
internal static class TileLayout
{
    /// <summary>Words of a row, of either precision.</summary>
    public const int RowWords = 16;

    /// <summary>Where chunk <paramref name="chunk"/> of a row begins.</summary>
    public static int ChunkOffset(int row, int chunk) => row * RowWords + ((chunk ^ ((row >> 1) & 3)) << 2);

    /// <summary>See <see cref="ITensorCoreUnit.RowOffset"/>: four values of TF32 are a chunk.</summary>
    public static int RowOffset32(int row, int quad) => ChunkOffset(row, quad);

    /// <summary>Four values of FP16 are half a chunk.</summary>
    public static int RowOffset16(int row, int quad) => ChunkOffset(row, quad >> 1) + ((quad & 1) << 1);

    /// <summary>See <see cref="ITensorCoreUnit.LineStride"/>.</summary>
    public static int LineStride32(int columns) => columns + 8;

    /// <inheritdoc cref="LineStride32"/>
    public static int LineStride16(int columns) => columns / 2 + 4;

    /// <summary>
    /// What lane l hands to ldmatrix.x4 for 16 rows of a first operand in rows: the lanes 0 to 15 name the first chunk of their row, the others the second. The four matrices are then
    /// rows 0 to 7 and 8 to 15 of the first chunk and of the second, which are the registers a0 to a3 of mma.m16n8k8 (TF32) and of mma.m16n8k16 (FP16).
    /// </summary>
    public static int FirstInRows(int lane, int half) => ChunkOffset(lane & 15, (lane >> 4) + 2 * half);

    /// <summary>
    /// The same for a first operand in lines, FP16, with .trans: matrices of eight lines by eight rows of the product, in the order (k, row) = (0, 0), (0, 8), (8, 0), (8, 8).
    /// </summary>
    public static int FirstInLines16(int lane, int half, int stride) => (16 * half + (lane & 7) + ((lane >> 4) << 3)) * stride + (((lane >> 3) & 1) << 2);

    /// <summary>
    /// The same for two fragments of a second operand in lines, FP16, with .trans: (k, column) = (0, 0), (8, 0), (0, 8), (8, 8), which are b0 and b1 of the first and of the second.
    /// </summary>
    public static int SecondInLines16(int lane, int half, int stride) => (16 * half + (lane & 15)) * stride + ((lane >> 4) << 2);

    /// <summary>Where lane (g, t) reads line t, the first of either operand in TF32; the fourth line after it is the next.</summary>
    public static int InLines32(int lane, int half, int stride) => (8 * half + (lane & 3)) * stride + (lane >> 2);
}
