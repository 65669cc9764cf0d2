using ILGPU;
using ILGPU.Runtime.Cuda;

namespace Gpu.Kernels.Convolution.TensorCore;

/// <summary>
/// Tensor cores in TF32: operands are rounded to 10 bits of mantissa (to nearest, ties away from zero), sums are FP32. Requires compute capability 8.0 or
/// higher.
/// </summary>
/// <remarks>
/// Tiles hold FP32 values, copied by cp.async, which are rounded when they are loaded from shared memory. Rows are loaded by ldmatrix, as a matrix of 8 x 8
/// halves is also eight rows of four words. Lines are loaded word by word, because ldmatrix would transpose the halves of words. Fragments of lane 4 g + t, as
/// in the PTX ISA, "Matrix fragments for mma.m16n8k8": (g, t), (g + 8, t), (g, t + 4), (g + 8, t + 4) of the first operand; (t, g), (t + 4, g) of the second;
/// the sums (g, 2 t), (g, 2 t + 1), (g + 8, 2 t), (g + 8, 2 t + 1).
/// </remarks>
internal struct Tf32Unit : ITensorCoreUnit
{
    private const string Multiply = "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32";
    private const string Round = "cvt.rna.tf32.f32 ";
    private const string Load = "ld.shared.b32 ";

    private const string FirstInRows = PtxText.FirstInRows
        + Round + "tca0, tca0; " + Round + "tca1, tca1; " + Round + "tca2, tca2; " + Round + "tca3, tca3; " + "\n\t"
        + Round + "tca4, tca4; " + Round + "tca5, tca5; " + Round + "tca6, tca6; " + Round + "tca7, tca7; " + "\n\t"
        + Round + "tca8, tca8; " + Round + "tca9, tca9; " + Round + "tca10, tca10; " + Round + "tca11, tca11; " + "\n\t"
        + Round + "tca12, tca12; " + Round + "tca13, tca13; " + Round + "tca14, tca14; " + Round + "tca15, tca15; ";

    // %0 and %1 are the byte offsets of value g of lines t and t + 4; 32 bytes are eight rows of the product.
    private const string FirstInLines =
        "add.u32 tcp0, tcs, %0; add.u32 tcp1, tcs, %1;\n\t"
        + Load + "tca0, [tcp0+0]; " + Round + "tca0, tca0; " + Load + "tca1, [tcp0+32]; " + Round + "tca1, tca1; "
        + Load + "tca2, [tcp1+0]; " + Round + "tca2, tca2; " + Load + "tca3, [tcp1+32]; " + Round + "tca3, tca3; " + "\n\t"
        + Load + "tca4, [tcp0+64]; " + Round + "tca4, tca4; " + Load + "tca5, [tcp0+96]; " + Round + "tca5, tca5; "
        + Load + "tca6, [tcp1+64]; " + Round + "tca6, tca6; " + Load + "tca7, [tcp1+96]; " + Round + "tca7, tca7; " + "\n\t"
        + Load + "tca8, [tcp0+128]; " + Round + "tca8, tca8; " + Load + "tca9, [tcp0+160]; " + Round + "tca9, tca9; "
        + Load + "tca10, [tcp1+128]; " + Round + "tca10, tca10; " + Load + "tca11, [tcp1+160]; " + Round + "tca11, tca11; " + "\n\t"
        + Load + "tca12, [tcp0+192]; " + Round + "tca12, tca12; " + Load + "tca13, [tcp0+224]; " + Round + "tca13, tca13; "
        + Load + "tca14, [tcp1+192]; " + Round + "tca14, tca14; " + Load + "tca15, [tcp1+224]; " + Round + "tca15, tca15; ";

    // Loads of a fragment of the second operand, and its products with all four fragments of the first. %0 and %1 are the byte offsets of value g of lines t
    // and t + 4; 32 bytes are eight columns of the product.
    private const string Load0 = Load + "tcb0, [tcp2+0]; " + Load + "tcb1, [tcp3+0]; ";
    private const string Load1 = Load + "tcb2, [tcp2+32]; " + Load + "tcb3, [tcp3+32]; ";
    private const string Load2 = Load + "tcb4, [tcp2+64]; " + Load + "tcb5, [tcp3+64]; ";
    private const string Load3 = Load + "tcb6, [tcp2+96]; " + Load + "tcb7, [tcp3+96]; ";
    private const string Load4 = Load + "tcb8, [tcp2+128]; " + Load + "tcb9, [tcp3+128]; ";
    private const string Load5 = Load + "tcb10, [tcp2+160]; " + Load + "tcb11, [tcp3+160]; ";
    private const string Load6 = Load + "tcb12, [tcp2+192]; " + Load + "tcb13, [tcp3+192]; ";
    private const string Load7 = Load + "tcb14, [tcp2+224]; " + Load + "tcb15, [tcp3+224]; ";
    private const string Products0 = Round + "tcb0, tcb0; " + Round + "tcb1, tcb1;\n\t"
        + Multiply + PtxText.P00 + Multiply + PtxText.P10 + Multiply + PtxText.P20 + Multiply + PtxText.P30;
    private const string Products1 = Round + "tcb2, tcb2; " + Round + "tcb3, tcb3;\n\t"
        + Multiply + PtxText.P01 + Multiply + PtxText.P11 + Multiply + PtxText.P21 + Multiply + PtxText.P31;
    private const string Products2 = Round + "tcb4, tcb4; " + Round + "tcb5, tcb5;\n\t"
        + Multiply + PtxText.P02 + Multiply + PtxText.P12 + Multiply + PtxText.P22 + Multiply + PtxText.P32;
    private const string Products3 = Round + "tcb6, tcb6; " + Round + "tcb7, tcb7;\n\t"
        + Multiply + PtxText.P03 + Multiply + PtxText.P13 + Multiply + PtxText.P23 + Multiply + PtxText.P33;
    private const string Products4 = Round + "tcb8, tcb8; " + Round + "tcb9, tcb9;\n\t"
        + Multiply + PtxText.P04 + Multiply + PtxText.P14 + Multiply + PtxText.P24 + Multiply + PtxText.P34;
    private const string Products5 = Round + "tcb10, tcb10; " + Round + "tcb11, tcb11;\n\t"
        + Multiply + PtxText.P05 + Multiply + PtxText.P15 + Multiply + PtxText.P25 + Multiply + PtxText.P35;
    private const string Products6 = Round + "tcb12, tcb12; " + Round + "tcb13, tcb13;\n\t"
        + Multiply + PtxText.P06 + Multiply + PtxText.P16 + Multiply + PtxText.P26 + Multiply + PtxText.P36;
    private const string Products7 = Round + "tcb14, tcb14; " + Round + "tcb15, tcb15;\n\t"
        + Multiply + PtxText.P07 + Multiply + PtxText.P17 + Multiply + PtxText.P27 + Multiply + PtxText.P37;

    private const string Second = "add.u32 tcp2, tcs, %0; add.u32 tcp3, tcs, %1;\n\t";
    private const string Narrow = Second + Load0 + Load1 + Load2 + Load3 + "\n\t" + Products0 + Products1 + Products2 + Products3;
    private const string Wide = Second + Load0 + Load1 + Load2 + Load3 + "\n\t" + Products0 + Load4 + Products1 + Load5 + Products2 + Load6 + Products3 + Load7
        + Products4 + Products5 + Products6 + Products7;

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
    public readonly void MultiplyRows(ArrayView<float> shared, int lane, int half, bool wide, int first, int second, int secondStride)
    {
        CudaAsm.Emit(FirstInRows, (first + TileLayout.FirstInRows(lane, half)) * sizeof(float));
        MultiplySecond(lane, half, wide, second, secondStride);
    }

    /// <inheritdoc/>
    public readonly void MultiplyLines(ArrayView<float> shared, int lane, int half, bool wide, int first, int firstStride, int second, int secondStride)
    {
        var offset = (first + TileLayout.InLines32(lane, half, firstStride)) * sizeof(float);
        CudaAsm.Emit(FirstInLines, offset, offset + 4 * firstStride * sizeof(float));
        MultiplySecond(lane, half, wide, second, secondStride);
    }

    /// <inheritdoc/>
    public readonly void StoreSums(int part, bool wide, ArrayView<float> shared, int lane, int target) => PtxUnits.StoreSums(part, wide, lane, target);

    /// <inheritdoc/>
    public readonly void FetchFour<TSlot>(
        ArrayView<float> shared, int target, int offset, ArrayView<float> source, long address, int index, int valid, bool again)
        where TSlot : struct, ISlot
    {
        var bytes = target * sizeof(float) + offset * sizeof(float);
        if (again) CudaAsm.Emit(PtxText.CopyFourAgain, bytes, address, index * valid, valid * 16);
        else CudaAsm.Emit(PtxText.CopyFour, bytes, address, index * valid, valid * 16);
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
        CudaAsm.Emit(PtxText.CopyOne, target * sizeof(float) + offset * sizeof(float), address, index * valid, valid * 4);
    }

    private static void MultiplySecond(int lane, int half, bool wide, int second, int stride)
    {
        var offset = (second + TileLayout.InLines32(lane, half, stride)) * sizeof(float);
        if (wide) CudaAsm.Emit(Wide, offset, offset + 4 * stride * sizeof(float));
        else CudaAsm.Emit(Narrow, offset, offset + 4 * stride * sizeof(float));
    }
}
