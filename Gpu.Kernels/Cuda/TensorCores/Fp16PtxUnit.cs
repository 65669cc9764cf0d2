using ILGPU;
using ILGPU.Runtime.Cuda;

namespace Gpu.Kernels.Cuda.TensorCores;

/// <summary>Tensor cores in FP16: operands rounded to half precision (to nearest, ties to even), sums in 32 bits. From compute capability 8.0 on.</summary>
/// <remarks>
/// PTX ISA, "Matrix fragments for mma.m16n8k16": lane 4 g + t holds pairs along k, of the first operand (g, 2 t), (g + 8, 2 t), (g, 2 t + 8), (g + 8, 2 t + 8), of the
/// second (2 t, g), (2 t + 8, g); the sums as with m16n8k8. Banks: rows 24 words apart put pair (g, t) at 24 g + 2 t, which the 16 lanes of a half-warp (64-bit reads) spread over 32
/// banks; lines 4 words (modulo 32) apart put (2 t, g) at 8 t + g.
/// </remarks>
public struct Fp16PtxUnit : IMatrixUnit
{
    private const string Multiply = "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32";

    private const string Products =
        Multiply + PtxText.P00 + Multiply + PtxText.P01 + Multiply + PtxText.P02 + Multiply + PtxText.P03
        + Multiply + PtxText.P10 + Multiply + PtxText.P11 + Multiply + PtxText.P12 + Multiply + PtxText.P13
        + Multiply + PtxText.P20 + Multiply + PtxText.P21 + Multiply + PtxText.P22 + Multiply + PtxText.P23
        + Multiply + PtxText.P30 + Multiply + PtxText.P31 + Multiply + PtxText.P32 + Multiply + PtxText.P33;

    // %0: where (g, 2 t) of the first fragment lies, in bytes. 768 bytes are eight rows of 24 words, 32 bytes are eight values of k. The lower half of a pair has the smaller k.
    private const string FirstInRows =
        "add.u32 tcp0, tcs, %0;\n\t"
        + "ld.shared.v2.f32 {tcx, tcy}, [tcp0+0]; cvt.rn.f16x2.f32 tca0, tcy, tcx; ld.shared.v2.f32 {tcx, tcy}, [tcp0+768]; cvt.rn.f16x2.f32 tca1, tcy, tcx;\n\t"
        + "ld.shared.v2.f32 {tcx, tcy}, [tcp0+32]; cvt.rn.f16x2.f32 tca2, tcy, tcx; ld.shared.v2.f32 {tcx, tcy}, [tcp0+800]; cvt.rn.f16x2.f32 tca3, tcy, tcx;\n\t"
        + "ld.shared.v2.f32 {tcx, tcy}, [tcp0+1536]; cvt.rn.f16x2.f32 tca4, tcy, tcx; ld.shared.v2.f32 {tcx, tcy}, [tcp0+2304]; cvt.rn.f16x2.f32 tca5, tcy, tcx;\n\t"
        + "ld.shared.v2.f32 {tcx, tcy}, [tcp0+1568]; cvt.rn.f16x2.f32 tca6, tcy, tcx; ld.shared.v2.f32 {tcx, tcy}, [tcp0+2336]; cvt.rn.f16x2.f32 tca7, tcy, tcx;\n\t"
        + "ld.shared.v2.f32 {tcx, tcy}, [tcp0+3072]; cvt.rn.f16x2.f32 tca8, tcy, tcx; ld.shared.v2.f32 {tcx, tcy}, [tcp0+3840]; cvt.rn.f16x2.f32 tca9, tcy, tcx;\n\t"
        + "ld.shared.v2.f32 {tcx, tcy}, [tcp0+3104]; cvt.rn.f16x2.f32 tca10, tcy, tcx; ld.shared.v2.f32 {tcx, tcy}, [tcp0+3872]; cvt.rn.f16x2.f32 tca11, tcy, tcx;\n\t"
        + "ld.shared.v2.f32 {tcx, tcy}, [tcp0+4608]; cvt.rn.f16x2.f32 tca12, tcy, tcx; ld.shared.v2.f32 {tcx, tcy}, [tcp0+5376]; cvt.rn.f16x2.f32 tca13, tcy, tcx;\n\t"
        + "ld.shared.v2.f32 {tcx, tcy}, [tcp0+4640]; cvt.rn.f16x2.f32 tca14, tcy, tcx; ld.shared.v2.f32 {tcx, tcy}, [tcp0+5408]; cvt.rn.f16x2.f32 tca15, tcy, tcx;";

    // %0 to %3: lines 2 t, 2 t + 1, 2 t + 8, 2 t + 9, at g.
    private const string FirstInLines =
        "add.u32 tcp0, tcs, %0; add.u32 tcp1, tcs, %1; add.u32 tcp2, tcs, %2; add.u32 tcp3, tcs, %3;\n\t"
        + "ld.shared.f32 tcx, [tcp0+0]; ld.shared.f32 tcy, [tcp1+0]; cvt.rn.f16x2.f32 tca0, tcy, tcx;\n\t"
        + "ld.shared.f32 tcx, [tcp0+32]; ld.shared.f32 tcy, [tcp1+32]; cvt.rn.f16x2.f32 tca1, tcy, tcx;\n\t"
        + "ld.shared.f32 tcx, [tcp2+0]; ld.shared.f32 tcy, [tcp3+0]; cvt.rn.f16x2.f32 tca2, tcy, tcx;\n\t"
        + "ld.shared.f32 tcx, [tcp2+32]; ld.shared.f32 tcy, [tcp3+32]; cvt.rn.f16x2.f32 tca3, tcy, tcx;\n\t"
        + "ld.shared.f32 tcx, [tcp0+64]; ld.shared.f32 tcy, [tcp1+64]; cvt.rn.f16x2.f32 tca4, tcy, tcx;\n\t"
        + "ld.shared.f32 tcx, [tcp0+96]; ld.shared.f32 tcy, [tcp1+96]; cvt.rn.f16x2.f32 tca5, tcy, tcx;\n\t"
        + "ld.shared.f32 tcx, [tcp2+64]; ld.shared.f32 tcy, [tcp3+64]; cvt.rn.f16x2.f32 tca6, tcy, tcx;\n\t"
        + "ld.shared.f32 tcx, [tcp2+96]; ld.shared.f32 tcy, [tcp3+96]; cvt.rn.f16x2.f32 tca7, tcy, tcx;\n\t"
        + "ld.shared.f32 tcx, [tcp0+128]; ld.shared.f32 tcy, [tcp1+128]; cvt.rn.f16x2.f32 tca8, tcy, tcx;\n\t"
        + "ld.shared.f32 tcx, [tcp0+160]; ld.shared.f32 tcy, [tcp1+160]; cvt.rn.f16x2.f32 tca9, tcy, tcx;\n\t"
        + "ld.shared.f32 tcx, [tcp2+128]; ld.shared.f32 tcy, [tcp3+128]; cvt.rn.f16x2.f32 tca10, tcy, tcx;\n\t"
        + "ld.shared.f32 tcx, [tcp2+160]; ld.shared.f32 tcy, [tcp3+160]; cvt.rn.f16x2.f32 tca11, tcy, tcx;\n\t"
        + "ld.shared.f32 tcx, [tcp0+192]; ld.shared.f32 tcy, [tcp1+192]; cvt.rn.f16x2.f32 tca12, tcy, tcx;\n\t"
        + "ld.shared.f32 tcx, [tcp0+224]; ld.shared.f32 tcy, [tcp1+224]; cvt.rn.f16x2.f32 tca13, tcy, tcx;\n\t"
        + "ld.shared.f32 tcx, [tcp2+192]; ld.shared.f32 tcy, [tcp3+192]; cvt.rn.f16x2.f32 tca14, tcy, tcx;\n\t"
        + "ld.shared.f32 tcx, [tcp2+224]; ld.shared.f32 tcy, [tcp3+224]; cvt.rn.f16x2.f32 tca15, tcy, tcx;";

    // %0 to %3: lines 2 t, 2 t + 1, 2 t + 8, 2 t + 9, at g.
    private const string Second =
        "add.u32 tcp0, tcs, %0; add.u32 tcp1, tcs, %1; add.u32 tcp2, tcs, %2; add.u32 tcp3, tcs, %3;\n\t"
        + "ld.shared.f32 tcx, [tcp0+0]; ld.shared.f32 tcy, [tcp1+0]; cvt.rn.f16x2.f32 tcb0, tcy, tcx;\n\t"
        + "ld.shared.f32 tcx, [tcp2+0]; ld.shared.f32 tcy, [tcp3+0]; cvt.rn.f16x2.f32 tcb1, tcy, tcx;\n\t"
        + "ld.shared.f32 tcx, [tcp0+32]; ld.shared.f32 tcy, [tcp1+32]; cvt.rn.f16x2.f32 tcb2, tcy, tcx;\n\t"
        + "ld.shared.f32 tcx, [tcp2+32]; ld.shared.f32 tcy, [tcp3+32]; cvt.rn.f16x2.f32 tcb3, tcy, tcx;\n\t"
        + "ld.shared.f32 tcx, [tcp0+64]; ld.shared.f32 tcy, [tcp1+64]; cvt.rn.f16x2.f32 tcb4, tcy, tcx;\n\t"
        + "ld.shared.f32 tcx, [tcp2+64]; ld.shared.f32 tcy, [tcp3+64]; cvt.rn.f16x2.f32 tcb5, tcy, tcx;\n\t"
        + "ld.shared.f32 tcx, [tcp0+96]; ld.shared.f32 tcy, [tcp1+96]; cvt.rn.f16x2.f32 tcb6, tcy, tcx;\n\t"
        + "ld.shared.f32 tcx, [tcp2+96]; ld.shared.f32 tcy, [tcp3+96]; cvt.rn.f16x2.f32 tcb7, tcy, tcx;";

    /// <inheritdoc/>
    public static int RowStride => 24;

    /// <inheritdoc/>
    public static int LinePadding => 4;

    /// <inheritdoc/>
    public readonly void Begin() => CudaAsm.Emit(PtxText.Begin);

    /// <inheritdoc/>
    public readonly void MultiplyRows(ArrayView<float> shared, int lane, int first, int second, int secondStride)
    {
        var g = lane >> 2;
        var t = lane & 3;
        CudaAsm.Emit(FirstInRows, (first + g * 24 + 2 * t) * sizeof(float));
        var b = (second + 2 * t * secondStride + g) * sizeof(float);
        var line = secondStride * sizeof(float);
        CudaAsm.Emit(Second, b, b + line, b + 8 * line, b + 9 * line);
        CudaAsm.Emit(Products);
    }

    /// <inheritdoc/>
    public readonly void MultiplyLines(ArrayView<float> shared, int lane, int first, int firstStride, int second, int secondStride)
    {
        var g = lane >> 2;
        var t = lane & 3;
        var a = (first + 2 * t * firstStride + g) * sizeof(float);
        var lineA = firstStride * sizeof(float);
        CudaAsm.Emit(FirstInLines, a, a + lineA, a + 8 * lineA, a + 9 * lineA);
        var b = (second + 2 * t * secondStride + g) * sizeof(float);
        var lineB = secondStride * sizeof(float);
        CudaAsm.Emit(Second, b, b + lineB, b + 8 * lineB, b + 9 * lineB);
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
