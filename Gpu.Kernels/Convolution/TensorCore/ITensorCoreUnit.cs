using ILGPU;

namespace Gpu.Kernels.Convolution.TensorCore;

/// <summary>
/// What multiplies matrices for a warp of 32 lanes: a product of <see cref="WarpTile.Rows"/> by 32 or 64 sums that stay where the unit keeps them
/// (registers that only its own inline PTX knows), the reading of its operands out of shared memory, and the copies that bring tiles there.
/// </summary>
/// <remarks>
/// All offsets are in 32-bit words from the start of the group's shared memory; <see cref="TileLayout"/> says how tiles lie there. The first operand lies in rows along k
/// ("rows": [row][k]) or in lines across it ("lines": [k][row]); the second one always in lines, [k][column]. Tiles come in two ways. A unit that is not staged copies from global
/// to shared memory behind the threads' back and rounds when it takes operands from there. A staged one fetches four values at a time into slots (registers of the thread),
/// and settles them later, rounded. Every method is called by all lanes of a warp together, except fetching and settling.
/// </remarks>
internal interface ITensorCoreUnit
{
    /// <summary>Values of k in a tile: twice what one instruction multiplies.</summary>
    static abstract int Depth { get; }

    /// <summary>Whether tiles come by way of slots.</summary>
    static abstract bool IsRegisterStaged { get; }

    /// <summary>Words from line to line of a tile in lines.</summary>
    /// <param name="columns">values of a line: 32, 64 or 128</param>
    static abstract int LineStride(int columns);

    /// <summary>Where four values of a row begin in a tile in rows; rows that are eight apart lie 8 * <see cref="TileLayout.RowWords"/> apart.</summary>
    static abstract int RowOffset(int row, int quad);

    /// <summary>Where a value begins in its line; a multiple of four.</summary>
    static abstract int LineOffset(int column);

    /// <summary>Sets the sums to zero. Called once, before everything else.</summary>
    void Begin();

    /// <summary>sums += first * second over one half of the <see cref="Depth"/> values of k; the first operand lies in rows.</summary>
    /// <param name="shared">the group's shared memory</param>
    /// <param name="lane">0 to 31</param>
    /// <param name="half">0 or 1: which half</param>
    /// <param name="wide">64 columns instead of 32; a constant</param>
    /// <param name="first">where the warp's first row begins</param>
    /// <param name="second">where the warp's first column begins</param>
    /// <param name="secondStride">words from line to line of the second operand</param>
    void MultiplyRows(ArrayView<float> shared, int lane, int half, bool wide, int first, int second, int secondStride);

    /// <summary>The same with a first operand in lines of <paramref name="firstStride"/> words.</summary>
    void MultiplyLines(ArrayView<float> shared, int lane, int half, bool wide, int first, int firstStride, int second, int secondStride);

    /// <summary>Writes 16 rows of sums, number <paramref name="part"/> of four, to shared memory: [row][<see cref="WarpTile.EpilogueStride"/>] from <paramref name="target"/> on.</summary>
    void StoreSums(int part, bool wide, ArrayView<float> shared, int lane, int target);

    /// <summary>Fetches four words, or zeros instead where <paramref name="valid"/> is 0 and not 1.</summary>
    /// <typeparam name="TSlot">where a staged unit keeps them</typeparam>
    /// <param name="shared">the group's shared memory</param>
    /// <param name="target">where a unit that is not staged copies them to: a multiple of four</param>
    /// <param name="offset">words behind that; a constant</param>
    /// <param name="source">where to read, for a unit that has no use for addresses</param>
    /// <param name="address">the address of the source's first word, for one that has</param>
    /// <param name="index">the first word to read: a multiple of four that lies in the source; not read where nothing is valid</param>
    /// <param name="valid">1 or 0</param>
    /// <param name="again">whether groups of the same multiprocessor are likely to read these words again soon; a constant</param>
    void FetchFour<TSlot>(ArrayView<float> shared, int target, int offset, ArrayView<float> source, long address, int index, int valid, bool again)
        where TSlot : struct, ISlot;

    /// <summary>The same for <paramref name="count"/> words at any index and zeros behind them; four and more are four, 0 and less are none.</summary>
    void FetchSome<TSlot>(ArrayView<float> shared, int target, int offset, ArrayView<float> source, long address, int index, int count)
        where TSlot : struct, ISlot;

    /// <summary>Staged units: rounds what is in a slot and writes it to <paramref name="target"/> and <paramref name="offset"/>, a constant, of a tile.</summary>
    void StoreSlot<TSlot>(ArrayView<float> shared, int target, int offset)
        where TSlot : struct, ISlot;

    /// <summary>Staged units: adds what is in a slot, not rounded, to four totals of the thread.</summary>
    void AddToTotals<TSlot>()
        where TSlot : struct, ISlot;

    /// <summary>Staged units: writes the thread's four totals to shared memory.</summary>
    /// <param name="shared">the group's shared memory</param>
    /// <param name="target">a multiple of four</param>
    void StoreTotals(ArrayView<float> shared, int target);

    /// <summary>Ends a batch of copies; for units that are not staged.</summary>
    static abstract void Commit();

    /// <summary>Waits for the thread's own copies, except those of the last <paramref name="batches"/> batches (0, 1 or 2); a barrier makes them known to the group.</summary>
    static abstract void WaitForAllBut(int batches);

    /// <summary>A barrier for the lanes of a warp and what they wrote to shared memory.</summary>
    static abstract void WarpBarrier();
}

/// <summary>The sizes of a warp's work, the same for every unit.</summary>
internal static class WarpTile
{
    /// <summary>Rows of sums: four fragments of 16.</summary>
    public const int Rows = 64;

    /// <summary>Lanes of a warp.</summary>
    public const int Lanes = 32;

    /// <summary>Rows that are written out at a time.</summary>
    public const int EpilogueRows = 16;

    /// <summary>Words from row to row of sums on their way out: lane (g, t) writes two at 8 g + 2 t modulo 32, so that the 16 lanes of a half-warp meet 32 banks.</summary>
    /// <param name="columns">32 or 64</param>
    public static int EpilogueStride(int columns) => columns + 8;
}
