using ILGPU;

namespace Gpu.Kernels.Convolution.TensorCore;

/// <summary>
/// Matrix multiplication by a warp of 32 lanes on tensor cores. The unit holds <see cref="WarpTile.Rows"/> x 32 or 64 sums in registers that only its own
/// inline PTX can access, loads operands from shared memory, and copies tiles from global to shared memory.
/// </summary>
/// <remarks>
/// Offsets are in 32-bit words from the start of the group's shared memory, unless stated otherwise. <see cref="TileLayout"/> defines the layout of the tiles.
/// The first operand is stored in rows, [row][k] (K-major in CUTLASS), or in lines, [k][row] (M-major). The second operand is always stored in lines,
/// [k][column] (N-major).
/// Tiles are copied in one of two ways. A unit with asynchronous copies (cp.async) copies FP32 values to shared memory, and rounds them when it loads operands
/// from there. A register-staged unit fetches quads of four values into slots (registers of the thread), and later rounds and stores them to shared memory.
/// All lanes of a warp call a method together, except those that fetch and store slots.
/// </remarks>
internal interface ITensorCoreUnit
{
    /// <summary>Values of k in a tile, twice the k of one instruction.</summary>
    static abstract int Depth { get; }

    /// <summary>Whether tiles are copied through registers, and not by asynchronous copies.</summary>
    static abstract bool IsRegisterStaged { get; }

    /// <summary>Words from one line of a tile to the next.</summary>
    /// <param name="columns">values of a line: 32, 64 or 128</param>
    static abstract int LineStride(int columns);

    /// <summary>
    /// Offset of four values of a row in a tile of rows. For all quads, the offsets of row r + 8 and row r differ by 8 * <see cref="TileLayout.RowWords"/>.
    /// </summary>
    static abstract int RowOffset(int row, int quad);

    /// <summary>Offset of a value in its line.</summary>
    /// <param name="column">number of the value, a multiple of four</param>
    static abstract int LineOffset(int column);

    /// <summary>Words from one row of sums to the next in the epilogue, without bank conflicts.</summary>
    /// <param name="columns">columns of a warp, 32 or 64</param>
    static abstract int EpilogueStride(int columns);

    /// <summary>The row of the warp's tile that <see cref="StoreSums"/> stores as row 0 to 15 of a part, if the first operand is stored in lines.</summary>
    static abstract int RowOfLines(int part, int row);

    /// <summary>Sets the sums to zero. Must be called once, before any other method.</summary>
    void Begin();

    /// <summary>Prepares <see cref="MultiplyRows"/>.</summary>
    /// <param name="lane">lane of the warp, 0 to 31</param>
    /// <param name="first">offset of the warp's first row in a stage</param>
    /// <param name="second">offset of the warp's first column in a stage</param>
    /// <param name="secondStride">words from one line of the second operand to the next</param>
    void BeginRows(int lane, int first, int second, int secondStride);

    /// <summary>
    /// <see cref="BeginRows"/> for <see cref="MultiplyLines"/>, with the first operand stored in lines of <paramref name="firstStride"/> words.
    /// </summary>
    void BeginLines(int lane, int first, int firstStride, int second, int secondStride);

    /// <summary>Computes sums += first * second over one half of the <see cref="Depth"/> values of k. The first operand is stored in rows.</summary>
    /// <param name="shared">shared memory of the group</param>
    /// <param name="half">half of the values of k, 0 or 1</param>
    /// <param name="wide">whether the warp has 64 columns instead of 32; a constant</param>
    /// <param name="stage">offset of the stage</param>
    /// <param name="secondStride">as for <see cref="BeginRows"/>; a constant</param>
    void MultiplyRows(ArrayView<float> shared, int half, bool wide, int stage, int secondStride);

    /// <summary><see cref="MultiplyRows"/> with the first operand stored in lines of <paramref name="firstStride"/> words, a constant.</summary>
    void MultiplyLines(ArrayView<float> shared, int half, bool wide, int stage, int firstStride, int secondStride);

    /// <summary>Ends the products. If an operand was NaN, some sum of every row of the warp becomes NaN.</summary>
    void End();

    /// <summary>
    /// Stores 16 of the 64 rows of sums to shared memory: rows 16 * <paramref name="part"/> to 16 * <paramref name="part"/> + 15, as
    /// [row][<see cref="EpilogueStride"/>] at offset <paramref name="target"/>.
    /// </summary>
    void StoreSums(int part, bool wide, ArrayView<float> shared, int lane, int target);

    /// <summary>Starts to copy four words, or zeros if <paramref name="valid"/> is 0.</summary>
    /// <typeparam name="TSlot">destination of a register-staged unit</typeparam>
    /// <param name="shared">shared memory of the group</param>
    /// <param name="target">destination of an asynchronous copy, a multiple of four</param>
    /// <param name="offset">words to add to <paramref name="target"/>; a constant</param>
    /// <param name="source">the source, for units that do not use addresses</param>
    /// <param name="address">address of the first word of the source, for units that use addresses</param>
    /// <param name="index">index of the first of the four words, a multiple of four; ignored if <paramref name="valid"/> is 0</param>
    /// <param name="valid">1 or 0</param>
    /// <param name="again">whether other groups on the multiprocessor are likely to read these words soon; a constant</param>
    void FetchFour<TSlot>(ArrayView<float> shared, int target, int offset, ArrayView<float> source, long address, int index, int valid, bool again)
        where TSlot : struct, ISlot;

    /// <summary>
    /// <see cref="FetchFour"/> for <paramref name="count"/> words at any index, followed by zeros. A count of more than four means four, a negative one means
    /// none.
    /// </summary>
    void FetchSome<TSlot>(ArrayView<float> shared, int target, int offset, ArrayView<float> source, long address, int index, int count)
        where TSlot : struct, ISlot;

    /// <summary>
    /// Register-staged units: rounds the values of a slot and stores them at <paramref name="target"/> + <paramref name="offset"/>, a constant.
    /// </summary>
    void StoreSlot<TSlot>(ArrayView<float> shared, int target, int offset)
        where TSlot : struct, ISlot;

    /// <summary>Register-staged units: adds the values of a slot, not rounded, to the four totals of the thread.</summary>
    void AddToTotals<TSlot>()
        where TSlot : struct, ISlot;

    /// <summary>Register-staged units: stores the four totals of the thread to shared memory.</summary>
    /// <param name="shared">shared memory of the group</param>
    /// <param name="target">offset of the first total, a multiple of four</param>
    void StoreTotals(ArrayView<float> shared, int target);

    /// <summary>Ends a batch of asynchronous copies. Does nothing in a register-staged unit.</summary>
    static abstract void Commit();

    /// <summary>
    /// Waits for the asynchronous copies of the calling thread, except those of the last <paramref name="batches"/> batches (0, 1 or 2). A group barrier must
    /// follow before other threads read them.
    /// </summary>
    static abstract void WaitForAllBut(int batches);

    /// <summary>A barrier for the lanes of a warp. It also makes their writes to shared memory visible to each other.</summary>
    static abstract void WarpBarrier();
}

/// <summary>Sizes of the tile of a warp, the same for every unit.</summary>
internal static class WarpTile
{
    /// <summary>Rows of sums: four fragments of 16.</summary>
    public const int Rows = 64;

    /// <summary>Lanes of a warp.</summary>
    public const int Lanes = 32;

    /// <summary>Rows that the epilogue stores to shared memory at a time.</summary>
    public const int EpilogueRows = 16;
}
