using ILGPU;
using ILGPU.Runtime.Cuda;

namespace Gpu.Kernels.Cuda.TensorCores;

/// <summary>Tensor cores in TF32: operands rounded to 10 bits of mantissa (to nearest, ties away from zero), sums in 32 bits. From compute capability 8.0 on.</summary>
/// <remarks>
/// PTX ISA, "Matrix fragments for mma.m16n8k8": lane 4 g + t holds of the first operand (g, t), (g + 8, t), (g, t + 4), (g + 8, t + 4), of the second
/// (t, g), (t + 4, g), of the sums (g, 2 t), (g, 2 t + 1), (g + 8, 2 t), (g + 8, 2 t + 1). Banks: rows 20 words apart put g and t at 20 g + t, lines 8 words (modulo 32)
/// apart at 8 t + g; both are 32 different numbers modulo 32.
/// </remarks>
public struct Tf32PtxUnit : IMatrixUnit
{
    private const string Multiply = "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32";

    private const string Products =
        Multiply + PtxText.P00 + Multiply + PtxText.P01 + Multiply + PtxText.P02 + Multiply + PtxText.P03
        + Multiply + PtxText.P10 + Multiply + PtxText.P11 + Multiply + PtxText.P12 + Multiply + PtxText.P13
        + Multiply + PtxText.P20 + Multiply + PtxText.P21 + Multiply + PtxText.P22 + Multiply + PtxText.P23
        + Multiply + PtxText.P30 + Multiply + PtxText.P31 + Multiply + PtxText.P32 + Multiply + PtxText.P33;

    // %0: where (g, t) of the first fragment lies, in bytes. 640 bytes are eight rows of 20 words, 16 bytes are four values of k.
    private const string FirstInRows =
        "add.u32 tcp0, tcs, %0;\n\t"
        + "ld.shared.f32 tcx, [tcp0+0]; cvt.rna.tf32.f32 tca0, tcx; ld.shared.f32 tcx, [tcp0+640]; cvt.rna.tf32.f32 tca1, tcx;\n\t"
        + "ld.shared.f32 tcx, [tcp0+16]; cvt.rna.tf32.f32 tca2, tcx; ld.shared.f32 tcx, [tcp0+656]; cvt.rna.tf32.f32 tca3, tcx;\n\t"
        + "ld.shared.f32 tcx, [tcp0+1280]; cvt.rna.tf32.f32 tca4, tcx; ld.shared.f32 tcx, [tcp0+1920]; cvt.rna.tf32.f32 tca5, tcx;\n\t"
        + "ld.shared.f32 tcx, [tcp0+1296]; cvt.rna.tf32.f32 tca6, tcx; ld.shared.f32 tcx, [tcp0+1936]; cvt.rna.tf32.f32 tca7, tcx;\n\t"
        + "ld.shared.f32 tcx, [tcp0+2560]; cvt.rna.tf32.f32 tca8, tcx; ld.shared.f32 tcx, [tcp0+3200]; cvt.rna.tf32.f32 tca9, tcx;\n\t"
        + "ld.shared.f32 tcx, [tcp0+2576]; cvt.rna.tf32.f32 tca10, tcx; ld.shared.f32 tcx, [tcp0+3216]; cvt.rna.tf32.f32 tca11, tcx;\n\t"
        + "ld.shared.f32 tcx, [tcp0+3840]; cvt.rna.tf32.f32 tca12, tcx; ld.shared.f32 tcx, [tcp0+4480]; cvt.rna.tf32.f32 tca13, tcx;\n\t"
        + "ld.shared.f32 tcx, [tcp0+3856]; cvt.rna.tf32.f32 tca14, tcx; ld.shared.f32 tcx, [tcp0+4496]; cvt.rna.tf32.f32 tca15, tcx;";

    // %0 and %1: lines t and t + 4, at g.
    private const string FirstInLines =
        "add.u32 tcp0, tcs, %0; add.u32 tcp1, tcs, %1;\n\t"
        + "ld.shared.f32 tcx, [tcp0+0]; cvt.rna.tf32.f32 tca0, tcx; ld.shared.f32 tcx, [tcp0+32]; cvt.rna.tf32.f32 tca1, tcx;\n\t"
        + "ld.shared.f32 tcx, [tcp1+0]; cvt.rna.tf32.f32 tca2, tcx; ld.shared.f32 tcx, [tcp1+32]; cvt.rna.tf32.f32 tca3, tcx;\n\t"
        + "ld.shared.f32 tcx, [tcp0+64]; cvt.rna.tf32.f32 tca4, tcx; ld.shared.f32 tcx, [tcp0+96]; cvt.rna.tf32.f32 tca5, tcx;\n\t"
        + "ld.shared.f32 tcx, [tcp1+64]; cvt.rna.tf32.f32 tca6, tcx; ld.shared.f32 tcx, [tcp1+96]; cvt.rna.tf32.f32 tca7, tcx;\n\t"
        + "ld.shared.f32 tcx, [tcp0+128]; cvt.rna.tf32.f32 tca8, tcx; ld.shared.f32 tcx, [tcp0+160]; cvt.rna.tf32.f32 tca9, tcx;\n\t"
        + "ld.shared.f32 tcx, [tcp1+128]; cvt.rna.tf32.f32 tca10, tcx; ld.shared.f32 tcx, [tcp1+160]; cvt.rna.tf32.f32 tca11, tcx;\n\t"
        + "ld.shared.f32 tcx, [tcp0+192]; cvt.rna.tf32.f32 tca12, tcx; ld.shared.f32 tcx, [tcp0+224]; cvt.rna.tf32.f32 tca13, tcx;\n\t"
        + "ld.shared.f32 tcx, [tcp1+192]; cvt.rna.tf32.f32 tca14, tcx; ld.shared.f32 tcx, [tcp1+224]; cvt.rna.tf32.f32 tca15, tcx;";

    // %0 and %1: lines t and t + 4, at g.
    private const string Second =
        "add.u32 tcp0, tcs, %0; add.u32 tcp1, tcs, %1;\n\t"
        + "ld.shared.f32 tcx, [tcp0+0]; cvt.rna.tf32.f32 tcb0, tcx; ld.shared.f32 tcx, [tcp1+0]; cvt.rna.tf32.f32 tcb1, tcx;\n\t"
        + "ld.shared.f32 tcx, [tcp0+32]; cvt.rna.tf32.f32 tcb2, tcx; ld.shared.f32 tcx, [tcp1+32]; cvt.rna.tf32.f32 tcb3, tcx;\n\t"
        + "ld.shared.f32 tcx, [tcp0+64]; cvt.rna.tf32.f32 tcb4, tcx; ld.shared.f32 tcx, [tcp1+64]; cvt.rna.tf32.f32 tcb5, tcx;\n\t"
        + "ld.shared.f32 tcx, [tcp0+96]; cvt.rna.tf32.f32 tcb6, tcx; ld.shared.f32 tcx, [tcp1+96]; cvt.rna.tf32.f32 tcb7, tcx;";

    /// <inheritdoc/>
    public static int RowStride => 20;

    /// <inheritdoc/>
    public static int LinePadding => 8;

    /// <inheritdoc/>
    public readonly void Begin() => CudaAsm.Emit(PtxText.Begin);

    /// <inheritdoc/>
    public readonly void MultiplyRows(ArrayView<float> shared, int lane, int first, int second, int secondStride)
    {
        var g = lane >> 2;
        var t = lane & 3;
        var a = (first + g * 20 + t) * sizeof(float);
        var b = (second + t * secondStride + g) * sizeof(float);
        var four = secondStride * 4 * sizeof(float);
        CudaAsm.Emit(FirstInRows, a);
        CudaAsm.Emit(Second, b, b + four);
        CudaAsm.Emit(Products);
        CudaAsm.Emit(FirstInRows, a + 8 * sizeof(float));
        CudaAsm.Emit(Second, b + 2 * four, b + 3 * four);
        CudaAsm.Emit(Products);
    }

    /// <inheritdoc/>
    public readonly void MultiplyLines(ArrayView<float> shared, int lane, int first, int firstStride, int second, int secondStride)
    {
        var g = lane >> 2;
        var t = lane & 3;
        var a = (first + t * firstStride + g) * sizeof(float);
        var b = (second + t * secondStride + g) * sizeof(float);
        var fourA = firstStride * 4 * sizeof(float);
        var fourB = secondStride * 4 * sizeof(float);
        CudaAsm.Emit(FirstInLines, a, a + fourA);
        CudaAsm.Emit(Second, b, b + fourB);
        CudaAsm.Emit(Products);
        CudaAsm.Emit(FirstInLines, a + 2 * fourA, a + 3 * fourA);
        CudaAsm.Emit(Second, b + 2 * fourB, b + 3 * fourB);
        CudaAsm.Emit(Products);
    }

    /// <inheritdoc/>
    public readonly void Spill(int part, ArrayView<float> shared, int lane, int target) => PtxUnits.Spill(part, lane, target);

    /// <inheritdoc/>
    public static void CopyFour(ArrayView<float> shared, int target, ArrayView<float> source, long address, int index, int valid) =>
        CudaAsm.Emit(PtxText.CopyFour, target * sizeof(float), address + (long)index * sizeof(float), valid * 16);

    /// <inheritdoc/>
    public static void CopyOne(ArrayView<float> shared, int target, ArrayView<float> source, long address, int index, int valid) =>
        CudaAsm.Emit(PtxText.CopyOne, target * sizeof(float), address + (long)index * sizeof(float), valid * 4);

    /// <inheritdoc/>
    public static void Commit() => CudaAsm.Emit(PtxText.Commit);

    /// <inheritdoc/>
    public static void WaitForAllBut(int batches) => PtxUnits.WaitForAllBut(batches);
}
