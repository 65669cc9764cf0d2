using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Gpu.Kernels.Backends;

/// <summary>
/// Transposes square blocks of the vector width in registers: interleaves pairs of rows, then pairs of the results, then exchanges 128-bit parts.
/// Target rows are stored in order, as <see cref="IVectorBackend{TSelf,TVector}.Transpose"/> requires.
/// </summary>
internal static unsafe class CpuTranspose
{
    /// <summary><see cref="IVectorBackend{TSelf,TVector}.Transpose"/> for 512-bit vectors; at most 16 columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Block512(float* source, nint sourceStride, int rows, int columns, float* target, nint targetStride)
    {
        if (!Avx512F.IsSupported)
        {
            Scalars(source, sourceStride, rows, columns, target, targetStride, 16);
            return;
        }

        var mask = Vector512.GreaterThan(Vector512.Create(columns), Vector512<int>.Indices).AsSingle();
        Quad512(source, sourceStride, rows, mask, out var a0, out var a1, out var a2, out var a3);
        Quad512(source + 4 * sourceStride, sourceStride, rows - 4, mask, out var b0, out var b1, out var b2, out var b3);
        Quad512(source + 8 * sourceStride, sourceStride, rows - 8, mask, out var c0, out var c1, out var c2, out var c3);
        Quad512(source + 12 * sourceStride, sourceStride, rows - 12, mask, out var d0, out var d1, out var d2, out var d3);
        Parts512(a0, b0, c0, d0, out var r0, out var r4, out var r8, out var r12);
        Parts512(a1, b1, c1, d1, out var r1, out var r5, out var r9, out var r13);
        Parts512(a2, b2, c2, d2, out var r2, out var r6, out var r10, out var r14);
        Parts512(a3, b3, c3, d3, out var r3, out var r7, out var r11, out var r15);
        Store512(target, targetStride, columns, r0, r1, r2, r3);
        Store512(target + 4 * targetStride, targetStride, columns - 4, r4, r5, r6, r7);
        Store512(target + 8 * targetStride, targetStride, columns - 8, r8, r9, r10, r11);
        Store512(target + 12 * targetStride, targetStride, columns - 12, r12, r13, r14, r15);
    }

    /// <summary><see cref="IVectorBackend{TSelf,TVector}.Transpose"/> for 256-bit vectors; at most 8 columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Block256(float* source, nint sourceStride, int rows, int columns, float* target, nint targetStride)
    {
        if (!Avx.IsSupported)
        {
            Scalars(source, sourceStride, rows, columns, target, targetStride, 8);
            return;
        }

        var mask = Vector256.GreaterThan(Vector256.Create(columns), Vector256<int>.Indices).AsSingle();
        Quad256(source, sourceStride, rows, mask, out var a0, out var a1, out var a2, out var a3);
        Quad256(source + 4 * sourceStride, sourceStride, rows - 4, mask, out var b0, out var b1, out var b2, out var b3);
        if (columns > 0) Avx.Permute2x128(a0, b0, 0x20).Store(target);
        if (columns > 1) Avx.Permute2x128(a1, b1, 0x20).Store(target + targetStride);
        if (columns > 2) Avx.Permute2x128(a2, b2, 0x20).Store(target + 2 * targetStride);
        if (columns > 3) Avx.Permute2x128(a3, b3, 0x20).Store(target + 3 * targetStride);
        if (columns > 4) Avx.Permute2x128(a0, b0, 0x31).Store(target + 4 * targetStride);
        if (columns > 5) Avx.Permute2x128(a1, b1, 0x31).Store(target + 5 * targetStride);
        if (columns > 6) Avx.Permute2x128(a2, b2, 0x31).Store(target + 6 * targetStride);
        if (columns > 7) Avx.Permute2x128(a3, b3, 0x31).Store(target + 7 * targetStride);
    }

    /// <summary><see cref="IVectorBackend{TSelf,TVector}.Transpose"/> for 128-bit vectors; at most 4 columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Block128(float* source, nint sourceStride, int rows, int columns, float* target, nint targetStride)
    {
        if (!Sse.IsSupported || rows < 4 || columns < 4)
        {
            Scalars(source, sourceStride, rows, columns, target, targetStride, 4);
            return;
        }

        Vector128<float> a = Vector128.Load(source), b = Vector128.Load(source + sourceStride);
        Vector128<float> c = Vector128.Load(source + 2 * sourceStride), d = Vector128.Load(source + 3 * sourceStride);
        Vector128<float> ac = Sse.UnpackLow(a, c), bd = Sse.UnpackLow(b, d), acHigh = Sse.UnpackHigh(a, c), bdHigh = Sse.UnpackHigh(b, d);
        Sse.UnpackLow(ac, bd).Store(target);
        Sse.UnpackHigh(ac, bd).Store(target + targetStride);
        Sse.UnpackLow(acHigh, bdHigh).Store(target + 2 * targetStride);
        Sse.UnpackHigh(acHigh, bdHigh).Store(target + 3 * targetStride);
    }

    private static void Scalars(float* source, nint sourceStride, int rows, int columns, float* target, nint targetStride, int width)
    {
        for (var column = 0; column < columns; column++)
        for (var row = 0; row < width; row++)
            target[column * targetStride + row] = row < rows ? source[row * sourceStride + column] : 0f;
    }

    // Transposes the 4 x 4 blocks of four rows: q{j} holds column j of every block, side by side.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Quad512(
        float* source, nint stride, int rows, Vector512<float> mask,
        out Vector512<float> q0, out Vector512<float> q1, out Vector512<float> q2, out Vector512<float> q3)
    {
        var a = rows > 0 ? Avx512F.MaskLoad(source, mask, Vector512<float>.Zero) : Vector512<float>.Zero;
        var b = rows > 1 ? Avx512F.MaskLoad(source + stride, mask, Vector512<float>.Zero) : Vector512<float>.Zero;
        var c = rows > 2 ? Avx512F.MaskLoad(source + 2 * stride, mask, Vector512<float>.Zero) : Vector512<float>.Zero;
        var d = rows > 3 ? Avx512F.MaskLoad(source + 3 * stride, mask, Vector512<float>.Zero) : Vector512<float>.Zero;
        Vector512<float> ac = Avx512F.UnpackLow(a, c), bd = Avx512F.UnpackLow(b, d), acHigh = Avx512F.UnpackHigh(a, c), bdHigh = Avx512F.UnpackHigh(b, d);
        q0 = Avx512F.UnpackLow(ac, bd);
        q1 = Avx512F.UnpackHigh(ac, bd);
        q2 = Avx512F.UnpackLow(acHigh, bdHigh);
        q3 = Avx512F.UnpackHigh(acHigh, bdHigh);
    }

    // Transposes a 4 x 4 matrix of 128-bit parts: takes parts 0 and 1 (0x44) and parts 2 and 3 (0xEE) of two rows, then the even (0x88) and odd (0xDD) parts.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Parts512(
        Vector512<float> a, Vector512<float> b, Vector512<float> c, Vector512<float> d,
        out Vector512<float> r0, out Vector512<float> r1, out Vector512<float> r2, out Vector512<float> r3)
    {
        Vector512<float> ab = Avx512F.Shuffle4x128(a, b, 0x44), abHigh = Avx512F.Shuffle4x128(a, b, 0xEE);
        Vector512<float> cd = Avx512F.Shuffle4x128(c, d, 0x44), cdHigh = Avx512F.Shuffle4x128(c, d, 0xEE);
        r0 = Avx512F.Shuffle4x128(ab, cd, 0x88);
        r1 = Avx512F.Shuffle4x128(ab, cd, 0xDD);
        r2 = Avx512F.Shuffle4x128(abHigh, cdHigh, 0x88);
        r3 = Avx512F.Shuffle4x128(abHigh, cdHigh, 0xDD);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store512(float* target, nint stride, int columns, Vector512<float> a, Vector512<float> b, Vector512<float> c, Vector512<float> d)
    {
        if (columns > 0) a.Store(target);
        if (columns > 1) b.Store(target + stride);
        if (columns > 2) c.Store(target + 2 * stride);
        if (columns > 3) d.Store(target + 3 * stride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Quad256(
        float* source, nint stride, int rows, Vector256<float> mask,
        out Vector256<float> q0, out Vector256<float> q1, out Vector256<float> q2, out Vector256<float> q3)
    {
        var a = rows > 0 ? Avx.MaskLoad(source, mask) : Vector256<float>.Zero;
        var b = rows > 1 ? Avx.MaskLoad(source + stride, mask) : Vector256<float>.Zero;
        var c = rows > 2 ? Avx.MaskLoad(source + 2 * stride, mask) : Vector256<float>.Zero;
        var d = rows > 3 ? Avx.MaskLoad(source + 3 * stride, mask) : Vector256<float>.Zero;
        Vector256<float> ac = Avx.UnpackLow(a, c), bd = Avx.UnpackLow(b, d), acHigh = Avx.UnpackHigh(a, c), bdHigh = Avx.UnpackHigh(b, d);
        q0 = Avx.UnpackLow(ac, bd);
        q1 = Avx.UnpackHigh(ac, bd);
        q2 = Avx.UnpackLow(acHigh, bdHigh);
        q3 = Avx.UnpackHigh(acHigh, bdHigh);
    }
}
