namespace Gpu.Kernels.Convolution.TensorCore;

/// <summary>
/// Layout of the tiles in shared memory, and the offsets from which each lane loads its part of a fragment, in 32-bit words. Both units of inline PTX use these
/// formulas, so tests of one unit also check the formulas for the other.
/// </summary>
/// <remarks>
/// A row of a tile of rows has 64 bytes: 16 values of TF32 or 32 of FP16, in four chunks of 16 bytes. The chunks are swizzled: chunk c of row r is stored at
/// position c ^ (r / 2 % 4) of its row. So chunk c of eight rows, which ldmatrix reads together, falls into eight different groups of four banks
/// (16 (r % 2) + 4 (c ^ r / 2) modulo 32), and two whole rows, which are written together, cover all 32 banks.
/// A line of a tile of lines is padded. In FP16 the padding is 4 words, so that the eight lines that ldmatrix reads together begin 4 banks apart. In TF32 it is
/// 8 words, so that lane (g, t), which reads quad g of line t, begins at bank 8 t + 4 g; the eight lanes of a phase, two values of g, use all 32 banks.
/// </remarks>
internal static class TileLayout
{
    /// <summary>Words of a row, in both precisions.</summary>
    public const int RowWords = 16;

    /// <summary>Offset of a chunk of a row.</summary>
    public static int ChunkOffset(int row, int chunk) => row * RowWords + ((chunk ^ ((row >> 1) & 3)) << 2);

    /// <summary>See <see cref="ITensorCoreUnit.RowOffset"/>. Four values of TF32 are a chunk.</summary>
    public static int RowOffset32(int row, int quad) => ChunkOffset(row, quad);

    /// <summary>See <see cref="ITensorCoreUnit.RowOffset"/>. Four values of FP16 are half a chunk.</summary>
    public static int RowOffset16(int row, int quad) => ChunkOffset(row, quad >> 1) + ((quad & 1) << 1);

    /// <summary>See <see cref="ITensorCoreUnit.LineStride"/>.</summary>
    public static int LineStride32(int columns) => columns + 8;

    /// <inheritdoc cref="LineStride32"/>
    public static int LineStride16(int columns) => columns / 2 + 4;

    /// <summary>
    /// See <see cref="ITensorCoreUnit.EpilogueStride"/>. Lane (g, t) stores two words from bank 8 g + 2 t (modulo 32) on, so the 16 lanes of a half-warp use
    /// 32 different banks.
    /// </summary>
    public static int EpilogueStride16(int columns) => columns + 8;

    /// <summary>
    /// See <see cref="ITensorCoreUnit.EpilogueStride"/>. Lane (g, t) stores four words from bank 4 g + 8 t (modulo 32) on, so the eight lanes of a phase use 32
    /// different banks.
    /// </summary>
    public static int EpilogueStride32(int columns) => columns + 4;

    /// <summary>
    /// Offset that a lane passes to ldmatrix.x4 for 16 rows of a first operand in rows. Lanes 0 to 15 pass the first chunk of their row, the other lanes pass
    /// the second one. So the four matrices are (rows 0 to 7, first chunk), (rows 8 to 15, first chunk), (rows 0 to 7, second chunk), (rows 8 to 15, second
    /// chunk): the registers a0 to a3 of mma.m16n8k8 (TF32) and mma.m16n8k16 (FP16).
    /// </summary>
    public static int FirstInRows(int lane, int half) => ChunkOffset(lane & 15, (lane >> 4) + 2 * half);

    /// <summary>
    /// Offset that a lane passes to ldmatrix.x4.trans for a first operand in lines (FP16). The four matrices are eight lines by eight rows of the product, in
    /// the order (k, row) = (0, 0), (0, 8), (8, 0), (8, 8).
    /// </summary>
    public static int FirstInLines16(int lane, int half, int stride) => (16 * half + (lane & 7) + ((lane >> 4) << 3)) * stride + (((lane >> 3) & 1) << 2);

    /// <summary>
    /// Offset that a lane passes to ldmatrix.x4.trans for two fragments of a second operand in lines (FP16). The four matrices are (k, column) = (0, 0), (8,
    /// 0), (0, 8), (8, 8): b0 and b1 of the first fragment, then of the second.
    /// </summary>
    public static int SecondInLines16(int lane, int half, int stride) => (16 * half + (lane & 15)) * stride + ((lane >> 4) << 2);

    /// <summary>
    /// Offset at which lane (g, t) reads quad g of line t of either operand (TF32). A second quad is four lines further; with 64 values there are two more, 32
    /// words after these. So value g of fragment (or half fragment) j is value 4 g + j % 4 + 32 (j / 4) of the line: the order of columns (or rows) in a
    /// product is free, and a lane loads the values of four fragments at once.
    /// </summary>
    public static int InLines32(int lane, int half, int stride) => (8 * half + (lane & 3)) * stride + 4 * (lane >> 2);

    /// <summary>The row of a warp's sums that is row <paramref name="row"/> of fragment <paramref name="fragment"/>, if the first operand is read so.</summary>
    public static int RowOfLines32(int fragment, int row) => 4 * (row & 7) + ((2 * fragment + (row >> 3)) & 3) + 32 * (fragment >> 1);
}
