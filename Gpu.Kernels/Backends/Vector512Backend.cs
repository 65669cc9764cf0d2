using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Gpu.Kernels.Backends;

/// <summary>The CPU with 512-bit vectors: a pointer to words, and 16 floats a vector.</summary>
internal readonly unsafe struct Vector512Backend : ICpuBackend<Vector512Backend>, IVectorBackend<Vector512Backend, Vector512<float>>
{
    private readonly float* _words;

    private Vector512Backend(float* words) => _words = words;

    /// <inheritdoc/>
    public static Vector512Backend At(float* words) => new(words);

    /// <inheritdoc/>
    public static int Width => 16;

    /// <inheritdoc/>
    public static bool IsGpu => false;

    /// <inheritdoc/>
    public static Vector512<float> Zero => Vector512<float>.Zero;

    /// <inheritdoc/>
    public static Vector512<float> LaneNumbers => Vector512.ConvertToSingle(Vector512<int>.Indices);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512Backend Slice(Vector512Backend memory, int offset) => new(memory._words + offset);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512Backend Choose(bool condition, Vector512Backend whenTrue, Vector512Backend whenFalse) => new(condition ? whenTrue._words : whenFalse._words);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load(Vector512Backend memory, int index) => Vector512.Load(memory._words + index);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector512Backend memory, int index, Vector512<float> value) => value.Store(memory._words + index);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> LoadPartial(Vector512Backend memory, int index, int count)
    {
        if (Avx512F.IsSupported)
            return Avx512F.MaskLoad(memory._words + index, FirstLanes(count), Vector512<float>.Zero);
        var value = Vector512<float>.Zero;
        for (var lane = 0; lane < Math.Min(count, Width); lane++) value = value.WithElement(lane, memory._words[index + lane]);
        return value;
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StorePartial(Vector512Backend memory, int index, Vector512<float> value, int count)
    {
        if (Avx512F.IsSupported)
        {
            Avx512F.MaskStore(memory._words + index, FirstLanes(count), value);
            return;
        }

        for (var lane = 0; lane < Math.Min(count, Width); lane++) memory._words[index + lane] = value.GetElement(lane);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> FirstLanes(int count) => Vector512.GreaterThan(Vector512.Create(count), Vector512<int>.Indices).AsSingle();

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Transpose(Vector512Backend source, int sourceStride, int rows, int columns, Vector512Backend target, int targetStride) =>
        CpuTranspose.Block512(source._words, sourceStride, rows, Math.Min(columns, Width), target._words, targetStride);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Broadcast(Vector512Backend memory, int index) => Vector512.Create(memory._words[index]);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(Vector512Backend memory, int index)
    {
        if (Sse.IsSupported) Sse.Prefetch0(memory._words + index);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float LoadScalar(Vector512Backend memory, int index) => memory._words[index];

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreScalar(Vector512Backend memory, int index, float value) => memory._words[index] = value;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int LoadInt(Vector512Backend memory, int index) => ((int*)memory._words)[index];

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreInt(Vector512Backend memory, int index, int value) => ((int*)memory._words)[index] = value;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int LoadByte(Vector512Backend memory, int index) => ((byte*)memory._words)[index];

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> LoadBytes(Vector512Backend memory, int index)
    {
        var bytes = Vector128.Load((byte*)memory._words + index);
        if (Avx512F.IsSupported) return Avx512F.ConvertToVector512Single(Avx512F.ConvertToVector512Int32(bytes));
        var (low, high) = Vector128.Widen(bytes);
        return Vector512.ConvertToSingle(Vector512.Create(Vector256.Create(Vector128.WidenLower(low), Vector128.WidenUpper(low)),
            Vector256.Create(Vector128.WidenLower(high), Vector128.WidenUpper(high))).AsInt32());
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Splat(float value) => Vector512.Create(value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Add(Vector512<float> a, Vector512<float> b) => a + b;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Subtract(Vector512<float> a, Vector512<float> b) => a - b;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Multiply(Vector512<float> a, Vector512<float> b) => a * b;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Divide(Vector512<float> a, Vector512<float> b) => a / b;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> MultiplyAdd(Vector512<float> a, Vector512<float> b, Vector512<float> c) => Vector512.FusedMultiplyAdd(a, b, c);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Min(Vector512<float> a, Vector512<float> b) => Vector512.MinNative(a, b);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Max(Vector512<float> a, Vector512<float> b) => Vector512.MaxNative(a, b);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> MaxOrNaN(Vector512<float> a, Vector512<float> b) =>
        // The instruction gives b where one of them is NaN, so that only a NaN in a has to be put back.
        Vector512.ConditionalSelect(Vector512.Equals(a, a), Vector512.MaxNative(a, b), a);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Sqrt(Vector512<float> a) => Vector512.Sqrt(a);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Abs(Vector512<float> a) => Vector512.Abs(a);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Floor(Vector512<float> a) => Vector512.Floor(a);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> SelectGreater(Vector512<float> a, Vector512<float> b, Vector512<float> whenTrue, Vector512<float> whenFalse) =>
        Vector512.ConditionalSelect(Vector512.GreaterThan(a, b), whenTrue, whenFalse);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> SelectEqual(Vector512<float> a, Vector512<float> b, Vector512<float> whenTrue, Vector512<float> whenFalse) =>
        Vector512.ConditionalSelect(Vector512.Equals(a, b), whenTrue, whenFalse);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> PowerOfTwo(Vector512<float> integers) =>
        ((Vector512.ConvertToInt32Native(integers) + Vector512.Create(127)) << 23).AsSingle();

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> SplitExponent(Vector512<float> a, out Vector512<float> mantissa)
    {
        var bits = a.AsInt32();
        mantissa = ((bits & Vector512.Create(0x007F_FFFF)) | Vector512.Create(0x3F80_0000)).AsSingle();
        return Vector512.ConvertToSingle((bits >>> 23) - Vector512.Create(127));
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Vector512<float> a)
    {
        var b = a.GetLower() + a.GetUpper();
        var c = b.GetLower() + b.GetUpper();
        return (c.GetElement(0) + c.GetElement(2)) + (c.GetElement(1) + c.GetElement(3));
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Largest(Vector512<float> a)
    {
        var b = Vector256.MaxNative(a.GetLower(), a.GetUpper());
        var c = Vector128.MaxNative(b.GetLower(), b.GetUpper());
        return MathF.Max(MathF.Max(c.GetElement(0), c.GetElement(2)), MathF.Max(c.GetElement(1), c.GetElement(3)));
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Uniform(
        uint seed0, uint seed1, uint stream, uint counter,
        out Vector512<float> word0, out Vector512<float> word1, out Vector512<float> word2, out Vector512<float> word3)
    {
        // 32 x 32 -> 64 bits is an instruction of 64-bit places, which looks at their low halves only: even and odd lanes are kept apart all the way,
        // and what lies in the high halves does not matter.
        var counters = Vector512.Create(counter) + Vector512<uint>.Indices;
        Vector512<ulong> even0 = counters.AsUInt64(), odd0 = even0 >>> 32;
        Vector512<ulong> even1 = Vector512.Create((ulong)stream), odd1 = even1;
        Vector512<ulong> even2 = Vector512<ulong>.Zero, odd2 = even2, even3 = even2, odd3 = even2;
        Vector512<ulong> key0 = Vector512.Create((ulong)seed0), key1 = Vector512.Create((ulong)seed1);
        // Two rounds at a time: words change their places in a round, and so come back without having been moved.
        for (var round = 0; round < Philox.Rounds; round += 2)
        {
            Round(key0, key1, ref even0, ref even1, ref even2, ref even3);
            Round(key0, key1, ref odd0, ref odd1, ref odd2, ref odd3);
            key0 += Vector512.Create((ulong)Philox.Weyl0);
            key1 += Vector512.Create((ulong)Philox.Weyl1);
            Round(key0, key1, ref even0, ref even1, ref even2, ref even3);
            Round(key0, key1, ref odd0, ref odd1, ref odd2, ref odd3);
            key0 += Vector512.Create((ulong)Philox.Weyl0);
            key1 += Vector512.Create((ulong)Philox.Weyl1);
        }

        word0 = ToUniform(even0, odd0);
        word1 = ToUniform(even1, odd1);
        word2 = ToUniform(even2, odd2);
        word3 = ToUniform(even3, odd3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Round(
        Vector512<ulong> key0, Vector512<ulong> key1, ref Vector512<ulong> c0, ref Vector512<ulong> c1, ref Vector512<ulong> c2, ref Vector512<ulong> c3)
    {
        var product0 = MultiplyLow(c0, Philox.Multiplier0);
        var product1 = MultiplyLow(c2, Philox.Multiplier1);
        c0 = (product1 >>> 32) ^ c1 ^ key0;
        c1 = product1;
        c2 = (product0 >>> 32) ^ c3 ^ key1;
        c3 = product0;
    }

    // A word's lanes put together again, and the high 24 bits of each as a number in [0, 1).
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> ToUniform(Vector512<ulong> even, Vector512<ulong> odd)
    {
        var word = (even & Vector512.Create(0xFFFF_FFFFul)) | (odd << 32);
        return Vector512.ConvertToSingle((word.AsUInt32() >>> 8).AsInt32()) * Vector512.Create(Philox.UniformScale);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<ulong> MultiplyLow(Vector512<ulong> a, uint multiplier)
    {
        var m = Vector512.Create((ulong)multiplier);
        return Avx512F.IsSupported ? Avx512F.Multiply(a.AsUInt32(), m.AsUInt32()) : (a & Vector512.Create(0xFFFF_FFFFul)) * m;
    }
}
