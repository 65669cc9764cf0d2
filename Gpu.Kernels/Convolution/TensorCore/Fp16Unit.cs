using ILGPU;
using ILGPU.Runtime.Cuda;

namespace Gpu.Kernels.Convolution.TensorCore;

/// <summary>
/// Tensor cores in FP16: operands are rounded to half precision (to nearest, ties to even), sums are FP32. Requires compute capability 8.0 or higher.
/// </summary>
/// <remarks>
/// Tiles hold halves and are loaded by ldmatrix; see <see cref="TileLayout"/>. Fragments of lane 4 g + t, as in the PTX ISA, "Matrix fragments for
/// mma.m16n8k16": pairs of values along k, from (g, 2 t), (g + 8, 2 t), (g, 2 t + 8) and (g + 8, 2 t + 8) of the first operand and from (2 t, g) and
/// (2 t + 8, g) of the second; the sums (g, 2 t), (g, 2 t + 1), (g + 8, 2 t), (g + 8, 2 t + 1).
/// </remarks>
internal struct Fp16Unit : ITensorCoreUnit
{
    private const string Multiply = "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32";
    private const string Load = "ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16";

    // Products of two fragments of the second operand with all four of the first.
    private const string Pair0 =
        Multiply + PtxText.P00 + Multiply + PtxText.P10 + Multiply + PtxText.P20 + Multiply + PtxText.P30
        + Multiply + PtxText.P01 + Multiply + PtxText.P11 + Multiply + PtxText.P21 + Multiply + PtxText.P31;
    private const string Pair1 =
        Multiply + PtxText.P02 + Multiply + PtxText.P12 + Multiply + PtxText.P22 + Multiply + PtxText.P32
        + Multiply + PtxText.P03 + Multiply + PtxText.P13 + Multiply + PtxText.P23 + Multiply + PtxText.P33;
    private const string Pair2 =
        Multiply + PtxText.P04 + Multiply + PtxText.P14 + Multiply + PtxText.P24 + Multiply + PtxText.P34
        + Multiply + PtxText.P05 + Multiply + PtxText.P15 + Multiply + PtxText.P25 + Multiply + PtxText.P35;
    private const string Pair3 =
        Multiply + PtxText.P06 + Multiply + PtxText.P16 + Multiply + PtxText.P26 + Multiply + PtxText.P36
        + Multiply + PtxText.P07 + Multiply + PtxText.P17 + Multiply + PtxText.P27 + Multiply + PtxText.P37;

    // 32 bytes are 16 rows of the product.
    private const string FirstInLines =
        Load + " {tca0, tca1, tca2, tca3}, [tcp0+0];\n\t"
        + Load + " {tca4, tca5, tca6, tca7}, [tcp0+32];\n\t"
        + Load + " {tca8, tca9, tca10, tca11}, [tcp0+64];\n\t"
        + Load + " {tca12, tca13, tca14, tca15}, [tcp0+96];\n\t";

    // 32 bytes are 16 columns of the product.
    private const string Narrow =
        Load + " {tcb0, tcb1, tcb2, tcb3}, [tcp2+0];\n\t"
        + Load + " {tcb4, tcb5, tcb6, tcb7}, [tcp2+32];\n\t"
        + Pair0 + Pair1;

    private const string Wide =
        Load + " {tcb0, tcb1, tcb2, tcb3}, [tcp2+0];\n\t"
        + Load + " {tcb4, tcb5, tcb6, tcb7}, [tcp2+32];\n\t"
        + Pair0
        + Load + " {tcb8, tcb9, tcb10, tcb11}, [tcp2+64];\n\t"
        + Pair1
        + Load + " {tcb12, tcb13, tcb14, tcb15}, [tcp2+96];\n\t"
        + Pair2 + Pair3;

    /// <inheritdoc/>
    public static int Depth => 32;

    /// <inheritdoc/>
    public static bool IsRegisterStaged => true;

    /// <inheritdoc/>
    public static int LineStride(int columns) => TileLayout.LineStride16(columns);

    /// <inheritdoc/>
    public static int RowOffset(int row, int quad) => TileLayout.RowOffset16(row, quad);

    /// <inheritdoc/>
    public static int LineOffset(int column) => column >> 1;

    /// <inheritdoc/>
    public readonly void Begin() => CudaAsm.Emit(PtxText.Begin);

    /// <inheritdoc/>
    public static int EpilogueStride(int columns) => TileLayout.EpilogueStride16(columns);

    /// <inheritdoc/>
    public static int RowOfLines(int part, int row) => part * WarpTile.EpilogueRows + row;

    /// <inheritdoc/>
    public readonly void BeginRows(int lane, int first, int second, int secondStride) => PtxUnits.SetLane(
        first + TileLayout.FirstInRows(lane, 0), first + TileLayout.FirstInRows(lane, 1), second + TileLayout.SecondInLines16(lane, 0, secondStride));

    /// <inheritdoc/>
    public readonly void BeginLines(int lane, int first, int firstStride, int second, int secondStride) => PtxUnits.SetLane(
        first + TileLayout.FirstInLines16(lane, 0, firstStride), 0, second + TileLayout.SecondInLines16(lane, 0, secondStride));

    /// <inheritdoc/>
    public readonly void MultiplyRows(ArrayView<float> shared, int half, bool wide, int stage, int secondStride)
    {
        PtxUnits.SetFirstInRows(half, stage);
        CudaAsm.Emit(PtxText.FirstInRows);
        MultiplySecond(half, wide, stage, secondStride);
    }

    /// <inheritdoc/>
    public readonly void MultiplyLines(ArrayView<float> shared, int half, bool wide, int stage, int firstStride, int secondStride)
    {
        CudaAsm.Emit(PtxText.SetFirst0, (stage + half * Depth / 2 * firstStride) * sizeof(float));
        CudaAsm.Emit(FirstInLines);
        MultiplySecond(half, wide, stage, secondStride);
    }

    /// <inheritdoc/>
    public readonly void End()
    {
        // NaN stays NaN in half precision.
    }

    /// <inheritdoc/>
    public readonly void StoreSums(int part, bool wide, ArrayView<float> shared, int lane, int target) =>
        PtxUnits.StoreSums(part, wide, target + (lane >> 2) * EpilogueStride(wide ? 64 : 32) + 2 * (lane & 3));

    /// <inheritdoc/>
    public readonly void FetchFour<TSlot>(
        ArrayView<float> shared, int target, int offset, ArrayView<float> source, long address, int index, int valid, bool again)
        where TSlot : struct, ISlot => TSlot.Four(address, index, valid);

    /// <inheritdoc/>
    public readonly void FetchSome<TSlot>(ArrayView<float> shared, int target, int offset, ArrayView<float> source, long address, int index, int count)
        where TSlot : struct, ISlot => TSlot.Some(address, index, count);

    /// <inheritdoc/>
    public readonly void StoreSlot<TSlot>(ArrayView<float> shared, int target, int offset)
        where TSlot : struct, ISlot => TSlot.Settle(target * sizeof(float) + offset * sizeof(float));

    /// <inheritdoc/>
    public readonly void AddToTotals<TSlot>()
        where TSlot : struct, ISlot => TSlot.AddUp();

    /// <inheritdoc/>
    public readonly void StoreTotals(ArrayView<float> shared, int target) => CudaAsm.Emit(PtxText.StoreTotals, target * sizeof(float));

    /// <inheritdoc/>
    public static void Commit()
    {
        // A register-staged unit has no asynchronous copies.
    }

    /// <inheritdoc/>
    public static void WaitForAllBut(int batches)
    {
        // A register-staged unit has no asynchronous copies.
    }

    /// <inheritdoc/>
    public static void WarpBarrier() => CudaAsm.Emit(PtxText.WarpBarrier);

    private static void MultiplySecond(int half, bool wide, int stage, int stride)
    {
        CudaAsm.Emit(PtxText.SetSecond, (stage + half * Depth / 2 * stride) * sizeof(float));
        if (wide) CudaAsm.Emit(Wide);
        else CudaAsm.Emit(Narrow);
    }
}
