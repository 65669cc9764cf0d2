using Gpu.Kernels.Machines;
using ILGPU;

namespace Gpu.Kernels.Cuda.TensorCores;

/// <summary>
/// What multiplies matrices for a warp of 32 lanes: a product of <see cref="WarpTile.Rows"/> by <see cref="WarpTile.Columns"/> sums that stay where the unit keeps them
/// (registers that only its own inline PTX knows, or fields of the emulation), the reading of its operands out of shared memory, and the copies that bring tiles there.
/// </summary>
/// <remarks>
/// All offsets are in words from the start of the group's shared memory. Tiles hold 32-bit floats; they are rounded to the unit's format when they are taken from there.
/// The first operand lies in rows along k ("rows": [row][k], <see cref="RowStride"/> words from row to row) or in lines across it ("lines": [k][row]);
/// the second one always in lines, [k][column]. Every method is called by all lanes of a warp together, except the copies.
/// </remarks>
public interface IMatrixUnit
{
    /// <summary>Words from row to row of a tile in rows: <see cref="WarpTile.Depth"/> and what keeps the lanes' reads on 32 different banks.</summary>
    static abstract int RowStride { get; }

    /// <summary>Words that a line of a tile in lines is longer than its content, for the same reason.</summary>
    static abstract int LinePadding { get; }

    /// <summary>Sets the sums to zero. Called once, before everything else.</summary>
    void Begin();

    /// <summary>sums += first * second over <see cref="WarpTile.Depth"/> values of k; the first operand lies in rows.</summary>
    /// <param name="shared">the group's shared memory</param>
    /// <param name="lane">0 to 31</param>
    /// <param name="first">where the warp's first row begins</param>
    /// <param name="second">where the warp's first column begins</param>
    /// <param name="secondStride">words from line to line of the second operand</param>
    void MultiplyRows(ArrayView<float> shared, int lane, int first, int second, int secondStride);

    /// <summary>sums += first * second over <see cref="WarpTile.Depth"/> values of k; the first operand lies in lines of <paramref name="firstStride"/> words.</summary>
    void MultiplyLines(ArrayView<float> shared, int lane, int first, int firstStride, int second, int secondStride);

    /// <summary>
    /// Writes 16 rows of sums, number <paramref name="part"/> of four, to shared memory: [row][<see cref="WarpTile.SpillStride"/>] from <paramref name="target"/> on.
    /// </summary>
    void Spill(int part, ArrayView<float> shared, int lane, int target);

    /// <summary>Begins to copy four words to <paramref name="target"/>, or zeros instead where <paramref name="valid"/> is 0 and not 1.</summary>
    /// <param name="shared">the group's shared memory</param>
    /// <param name="target">a multiple of four</param>
    /// <param name="source">where to read, for a unit that has no use for addresses</param>
    /// <param name="address">the address of the source's first word, for one that has</param>
    /// <param name="index">the first word to read: a multiple of four that lies in the source; not read where nothing is valid</param>
    /// <param name="valid">1 or 0</param>
    static abstract void CopyFour(ArrayView<float> shared, int target, ArrayView<float> source, long address, int index, int valid);

    /// <summary>The same for one word at any index.</summary>
    static abstract void CopyOne(ArrayView<float> shared, int target, ArrayView<float> source, long address, int index, int valid);

    /// <summary>Ends a batch of copies.</summary>
    static abstract void Commit();

    /// <summary>Waits for the thread's own copies, except those of the last <paramref name="batches"/> batches (0, 1 or 2); a barrier makes them known to the group.</summary>
    static abstract void WaitForAllBut(int batches);
}

/// <summary>The sizes of a warp's work, the same for every unit.</summary>
public static class WarpTile
{
    /// <summary>Rows of sums: four fragments of 16.</summary>
    public const int Rows = 64;

    /// <summary>Columns of sums: four fragments of 8.</summary>
    public const int Columns = 32;

    /// <summary>Values of k in a tile: two steps of eight in TF32, one of sixteen in FP16.</summary>
    public const int Depth = 16;

    /// <summary>Lanes of a warp.</summary>
    public const int Lanes = 32;

    /// <summary>Words from row to row of sums on their way out: lane (g, t) writes two at 40 g + 2 t, so that the 16 lanes of a half-warp meet 32 banks.</summary>
    public const int SpillStride = 40;

    /// <summary>Rows that are written out at a time.</summary>
    public const int SpillRows = 16;
}
