using ILGPU;
using ILGPU.Runtime.Cuda;

namespace Gpu.Kernels.Convolution.TensorCore;

/// <summary>
/// Tensor cores in TF32: operands are rounded to 10 bits of mantissa (to nearest, ties away from zero), sums are FP32. Requires compute capability 8.0 or
/// higher.
/// </summary>
/// <remarks>
/// Tiles hold FP32 values, copied by cp.async, which are rounded when they are loaded from shared memory. Rows are loaded by ldmatrix, as a matrix of 8 x 8
/// halves is also eight rows of four words. Lines are loaded four words at a time, one for each of four fragments; see <see cref="TileLayout.InLines32"/>.
/// Fragments of lane 4 g + t, as in the PTX ISA, "Matrix fragments for mma.m16n8k8": (g, t), (g + 8, t), (g, t + 4), (g + 8, t + 4) of the first operand;
/// (t, g), (t + 4, g) of the second; the sums (g, 2 t), (g, 2 t + 1), (g + 8, 2 t), (g + 8, 2 t + 1).
/// mma ignores the 13 bits of an operand that TF32 lacks, so rounding is an addition of half the last bit that remains. cvt.rna.tf32 would take two
/// instructions. The addition turns infinity into itself, but the NaN of a GPU (0x7fffffff) into a number close to zero. So tcn sums products of the operands
/// before they are rounded, two at a time; with rounding towards zero these sums stay finite for finite operands. <see cref="End"/> makes sums NaN if tcn is.
/// </remarks>
internal struct Tf32Unit : ITensorCoreUnit
{
    private const string Multiply = "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32";
    private const string Round = "add.u32 ";
    private const string Half = ", 0x1000; ";
    private const string Check = "fma.rz.f32 tcn, ";
    private const string Load = "ld.shared.v4.b32 ";

    private const string RoundFirst = ""
        + Check + "tca0, tca1, tcn; " + Check + "tca2, tca3, tcn; "
        + Round + "tca0, tca0" + Half + Round + "tca1, tca1" + Half + Round + "tca2, tca2" + Half + Round + "tca3, tca3" + Half
        + Check + "tca4, tca5, tcn; " + Check + "tca6, tca7, tcn; "
        + Round + "tca4, tca4" + Half + Round + "tca5, tca5" + Half + Round + "tca6, tca6" + Half + Round + "tca7, tca7" + Half
        + Check + "tca8, tca9, tcn; " + Check + "tca10, tca11, tcn; "
        + Round + "tca8, tca8" + Half + Round + "tca9, tca9" + Half + Round + "tca10, tca10" + Half + Round + "tca11, tca11" + Half
        + Check + "tca12, tca13, tcn; " + Check + "tca14, tca15, tcn; "
        + Round + "tca12, tca12" + Half + Round + "tca13, tca13" + Half + Round + "tca14, tca14" + Half + Round + "tca15, tca15" + Half;

    private const string FirstInRows = PtxText.FirstInRows + RoundFirst;

    // %0 bytes are four lines; 128 bytes are 32 rows of the product. Quad h of the lane belongs to the half fragment h of eight rows.
    private const string FirstInLines =
        "add.u32 tcp1, tcp0, %0;\n\t"
        + Load + "{tca0, tca1, tca4, tca5}, [tcp0+0]; " + Load + "{tca2, tca3, tca6, tca7}, [tcp1+0];\n\t"
        + Load + "{tca8, tca9, tca12, tca13}, [tcp0+128]; " + Load + "{tca10, tca11, tca14, tca15}, [tcp1+128];\n\t"
        + RoundFirst;

    // Loads of four fragments of the second operand. %0 bytes are four lines; 128 bytes are 32 columns of the product.
    private const string Load0 = Load + "{tcb0, tcb2, tcb4, tcb6}, [tcp2+0]; " + Load + "{tcb1, tcb3, tcb5, tcb7}, [tcp3+0]; ";
    private const string Load1 = Load + "{tcb8, tcb10, tcb12, tcb14}, [tcp2+128]; " + Load + "{tcb9, tcb11, tcb13, tcb15}, [tcp3+128]; ";

    // The products of a fragment of the second operand with all four fragments of the first.
    private const string Products0 = Check + "tcb0, tcb1, tcn; " + Round + "tcb0, tcb0" + Half + Round + "tcb1, tcb1" + Half + "\n\t"
        + Multiply + PtxText.P00 + Multiply + PtxText.P10 + Multiply + PtxText.P20 + Multiply + PtxText.P30;
    private const string Products1 = Check + "tcb2, tcb3, tcn; " + Round + "tcb2, tcb2" + Half + Round + "tcb3, tcb3" + Half + "\n\t"
        + Multiply + PtxText.P01 + Multiply + PtxText.P11 + Multiply + PtxText.P21 + Multiply + PtxText.P31;
    private const string Products2 = Check + "tcb4, tcb5, tcn; " + Round + "tcb4, tcb4" + Half + Round + "tcb5, tcb5" + Half + "\n\t"
        + Multiply + PtxText.P02 + Multiply + PtxText.P12 + Multiply + PtxText.P22 + Multiply + PtxText.P32;
    private const string Products3 = Check + "tcb6, tcb7, tcn; " + Round + "tcb6, tcb6" + Half + Round + "tcb7, tcb7" + Half + "\n\t"
        + Multiply + PtxText.P03 + Multiply + PtxText.P13 + Multiply + PtxText.P23 + Multiply + PtxText.P33;
    private const string Products4 = Check + "tcb8, tcb9, tcn; " + Round + "tcb8, tcb8" + Half + Round + "tcb9, tcb9" + Half + "\n\t"
        + Multiply + PtxText.P04 + Multiply + PtxText.P14 + Multiply + PtxText.P24 + Multiply + PtxText.P34;
    private const string Products5 = Check + "tcb10, tcb11, tcn; " + Round + "tcb10, tcb10" + Half + Round + "tcb11, tcb11" + Half + "\n\t"
        + Multiply + PtxText.P05 + Multiply + PtxText.P15 + Multiply + PtxText.P25 + Multiply + PtxText.P35;
    private const string Products6 = Check + "tcb12, tcb13, tcn; " + Round + "tcb12, tcb12" + Half + Round + "tcb13, tcb13" + Half + "\n\t"
        + Multiply + PtxText.P06 + Multiply + PtxText.P16 + Multiply + PtxText.P26 + Multiply + PtxText.P36;
    private const string Products7 = Check + "tcb14, tcb15, tcn; " + Round + "tcb14, tcb14" + Half + Round + "tcb15, tcb15" + Half + "\n\t"
        + Multiply + PtxText.P07 + Multiply + PtxText.P17 + Multiply + PtxText.P27 + Multiply + PtxText.P37;

    private const string Second = "add.u32 tcp3, tcp2, %0;\n\t";
    private const string Narrow = Second + Load0 + "\n\t" + Products0 + Products1 + Products2 + Products3;
    private const string Wide = Second + Load0 + Load1 + "\n\t" + Products0 + Products1 + Products2 + Products3 + Products4 + Products5 + Products6
        + Products7;

    // Makes the sums of the first fragment of each row NaN in all lanes if an operand of a lane was NaN.
    private const string SpreadNaN = "setp.nan.f32 %%tcq, tcn, tcn; vote.sync.any.pred %%tcq, %%tcq, 0xffffffff;\n\t"
        + Nan + "tcc0" + IsNan + Nan + "tcc2" + IsNan + Nan + "tcc32" + IsNan + Nan + "tcc34" + IsNan
        + Nan + "tcc64" + IsNan + Nan + "tcc66" + IsNan + Nan + "tcc96" + IsNan + Nan + "tcc98" + IsNan;
    private const string Nan = "@%%tcq mov.f32 ";
    private const string IsNan = ", 0f7FFFFFFF; ";

    /// <inheritdoc/>
    public static int Depth => 16;

    /// <inheritdoc/>
    public static bool IsRegisterStaged => false;

    /// <inheritdoc/>
    public static int LineStride(int columns) => TileLayout.LineStride32(columns);

    /// <inheritdoc/>
    public static int RowOffset(int row, int quad) => TileLayout.RowOffset32(row, quad);

    /// <inheritdoc/>
    public static int LineOffset(int column) => column;

    /// <inheritdoc/>
    public readonly void Begin() => CudaAsm.Emit(PtxText.Begin);

    /// <inheritdoc/>
    public static int EpilogueStride(int columns) => TileLayout.EpilogueStride32(columns);

    /// <inheritdoc/>
    public static int RowOfLines(int part, int row) => TileLayout.RowOfLines32(part, row);

    /// <inheritdoc/>
    public readonly void BeginRows(int lane, int first, int second, int secondStride) => PtxUnits.SetLane(
        first + TileLayout.FirstInRows(lane, 0), first + TileLayout.FirstInRows(lane, 1), second + TileLayout.InLines32(lane, 0, secondStride));

    /// <inheritdoc/>
    public readonly void BeginLines(int lane, int first, int firstStride, int second, int secondStride) => PtxUnits.SetLane(
        first + TileLayout.InLines32(lane, 0, firstStride), 0, second + TileLayout.InLines32(lane, 0, secondStride));

    /// <inheritdoc/>
    public readonly void MultiplyRows(ArrayView<float> shared, int half, bool wide, int stage, int secondStride)
    {
        PtxUnits.SetFirstInRows(half, stage);
        CudaAsm.Emit(FirstInRows);
        MultiplySecond(half, wide, stage, secondStride);
    }

    /// <inheritdoc/>
    public readonly void MultiplyLines(ArrayView<float> shared, int half, bool wide, int stage, int firstStride, int secondStride)
    {
        CudaAsm.Emit(PtxText.SetFirst0, (stage + half * Depth / 2 * firstStride) * sizeof(float));
        CudaAsm.Emit(FirstInLines, 4 * firstStride * sizeof(float));
        MultiplySecond(half, wide, stage, secondStride);
    }

    /// <inheritdoc/>
    public readonly void End() => CudaAsm.Emit(SpreadNaN);

    /// <inheritdoc/>
    public readonly void StoreSums(int part, bool wide, ArrayView<float> shared, int lane, int target)
    {
        var offset = (target + (lane >> 2) * EpilogueStride(wide ? 64 : 32) + 8 * (lane & 3)) * sizeof(float);
        if (wide)
        {
            if (part == 0) CudaAsm.Emit(PtxText.StoreWideQuads0, offset);
            else if (part == 1) CudaAsm.Emit(PtxText.StoreWideQuads1, offset);
            else if (part == 2) CudaAsm.Emit(PtxText.StoreWideQuads2, offset);
            else CudaAsm.Emit(PtxText.StoreWideQuads3, offset);
        }
        else
        {
            if (part == 0) CudaAsm.Emit(PtxText.StoreNarrowQuads0, offset);
            else if (part == 1) CudaAsm.Emit(PtxText.StoreNarrowQuads1, offset);
            else if (part == 2) CudaAsm.Emit(PtxText.StoreNarrowQuads2, offset);
            else CudaAsm.Emit(PtxText.StoreNarrowQuads3, offset);
        }
    }

    /// <inheritdoc/>
    public readonly void FetchFour<TSlot>(
        ArrayView<float> shared, int target, int offset, ArrayView<float> source, long address, int index, int valid, bool again)
        where TSlot : struct, ISlot
    {
        var bytes = target * sizeof(float) + offset * sizeof(float);
        // If no bytes are copied, the address is not accessed.
        if (again) CudaAsm.Emit(PtxText.CopyFourAgain, bytes, address, index, valid * 16);
        else CudaAsm.Emit(PtxText.CopyFour, bytes, address, index, valid * 16);
    }

    /// <inheritdoc/>
    public readonly void FetchSome<TSlot>(ArrayView<float> shared, int target, int offset, ArrayView<float> source, long address, int index, int count)
        where TSlot : struct, ISlot
    {
        CopyOne(target, offset, address, index, count);
        CopyOne(target, offset + 1, address, index + 1, count - 1);
        CopyOne(target, offset + 2, address, index + 2, count - 2);
        CopyOne(target, offset + 3, address, index + 3, count - 3);
    }

    /// <inheritdoc/>
    public readonly void StoreSlot<TSlot>(ArrayView<float> shared, int target, int offset)
        where TSlot : struct, ISlot
    {
        // Asynchronous copies write to shared memory directly.
    }

    /// <inheritdoc/>
    public readonly void AddToTotals<TSlot>()
        where TSlot : struct, ISlot
    {
        // Without slots, there are no totals.
    }

    /// <inheritdoc/>
    public readonly void StoreTotals(ArrayView<float> shared, int target)
    {
        // Without slots, there are no totals.
    }

    /// <inheritdoc/>
    public static void Commit() => CudaAsm.Emit(PtxText.Commit);

    /// <inheritdoc/>
    public static void WaitForAllBut(int batches) => PtxUnits.WaitForAllBut(batches);

    /// <inheritdoc/>
    public static void WarpBarrier() => CudaAsm.Emit(PtxText.WarpBarrier);

    private static void CopyOne(int target, int offset, long address, int index, int left)
    {
        var valid = left > 0 ? 1 : 0;
        CudaAsm.Emit(PtxText.CopyOne, target * sizeof(float) + offset * sizeof(float), address, index, valid * 4);
    }

    private static void MultiplySecond(int half, bool wide, int stage, int stride)
    {
        CudaAsm.Emit(PtxText.SetSecond, (stage + half * Depth / 2 * stride) * sizeof(float));
        if (wide) CudaAsm.Emit(Wide, 4 * stride * sizeof(float));
        else CudaAsm.Emit(Narrow, 4 * stride * sizeof(float));
    }
}
