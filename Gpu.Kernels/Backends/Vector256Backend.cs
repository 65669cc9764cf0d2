using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Gpu.Kernels.Backends;

/// <summary>The CPU with 256-bit vectors: a pointer to words, and 8 floats a vector.</summary>
internal readonly unsafe struct Vector256Backend : ICpuBackend<Vector256Backend>, IVectorBackend<Vector256Backend, Vector256<float>>
{
    private readonly float* _words;

    private Vector256Backend(float* words) => _words = words;

    /// <inheritdoc/>
    public static Vector256Backend At(float* words) => new(words);

    /// <inheritdoc/>
    public static int Width => 8;

    /// <inheritdoc/>
    public static bool IsGpu => false;

    /// <inheritdoc/>
    public static Vector256<float> Zero => Vector256<float>.Zero;

    /// <inheritdoc/>
    public static Vector256<float> LaneNumbers => Vector256.ConvertToSingle(Vector256<int>.Indices);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256Backend Slice(Vector256Backend memory, int offset) => new(memory._words + offset);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256Backend Choose(bool condition, Vector256Backend whenTrue, Vector256Backend whenFalse) => new(condition ? whenTrue._words : whenFalse._words);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Load(Vector256Backend memory, int index) => Vector256.Load(memory._words + index);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector256Backend memory, int index, Vector256<float> value) => value.Store(memory._words + index);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> LoadPartial(Vector256Backend memory, int index, int count)
    {
        if (Avx.IsSupported)
            return Avx.MaskLoad(memory._words + index, FirstLanes(count));
        var value = Vector256<float>.Zero;
        for (var lane = 0; lane < Math.Min(count, Width); lane++) value = value.WithElement(lane, memory._words[index + lane]);
        return value;
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StorePartial(Vector256Backend memory, int index, Vector256<float> value, int count)
    {
        if (Avx.IsSupported)
        {
            Avx.MaskStore(memory._words + index, FirstLanes(count), value);
            return;
        }

        for (var lane = 0; lane < Math.Min(count, Width); lane++) memory._words[index + lane] = value.GetElement(lane);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> FirstLanes(int count) => Vector256.GreaterThan(Vector256.Create(count), Vector256<int>.Indices).AsSingle();

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Transpose(Vector256Backend source, int sourceStride, int rows, int columns, Vector256Backend target, int targetStride) =>
        CpuTranspose.Block256(source._words, sourceStride, rows, Math.Min(columns, Width), target._words, targetStride);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Broadcast(Vector256Backend memory, int index) => Vector256.Create(memory._words[index]);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(Vector256Backend memory, int index)
    {
        if (Sse.IsSupported) Sse.Prefetch0(memory._words + index);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float LoadScalar(Vector256Backend memory, int index) => memory._words[index];

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreScalar(Vector256Backend memory, int index, float value) => memory._words[index] = value;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int LoadInt(Vector256Backend memory, int index) => ((int*)memory._words)[index];

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreInt(Vector256Backend memory, int index, int value) => ((int*)memory._words)[index] = value;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int LoadByte(Vector256Backend memory, int index) => ((byte*)memory._words)[index];

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> LoadBytes(Vector256Backend memory, int index)
    {
        var bytes = Vector128.CreateScalar(Unsafe.ReadUnaligned<ulong>((byte*)memory._words + index)).AsByte();
        if (Avx2.IsSupported) return Vector256.ConvertToSingle(Avx2.ConvertToVector256Int32(bytes));
        var words = Vector128.WidenLower(bytes);
        return Vector256.ConvertToSingle(Vector256.Create(Vector128.WidenLower(words), Vector128.WidenUpper(words)).AsInt32());
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Splat(float value) => Vector256.Create(value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Add(Vector256<float> a, Vector256<float> b) => a + b;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Subtract(Vector256<float> a, Vector256<float> b) => a - b;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Multiply(Vector256<float> a, Vector256<float> b) => a * b;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Divide(Vector256<float> a, Vector256<float> b) => a / b;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> MultiplyAdd(Vector256<float> a, Vector256<float> b, Vector256<float> c) => Vector256.FusedMultiplyAdd(a, b, c);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Min(Vector256<float> a, Vector256<float> b) => Vector256.MinNative(a, b);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Max(Vector256<float> a, Vector256<float> b) => Vector256.MaxNative(a, b);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> MaxOrNaN(Vector256<float> a, Vector256<float> b) =>
        // The instruction gives b where one of them is NaN, so that only a NaN in a has to be put back.
        Vector256.ConditionalSelect(Vector256.Equals(a, a), Vector256.MaxNative(a, b), a);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Sqrt(Vector256<float> a) => Vector256.Sqrt(a);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Abs(Vector256<float> a) => Vector256.Abs(a);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Floor(Vector256<float> a) => Vector256.Floor(a);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> SelectGreater(Vector256<float> a, Vector256<float> b, Vector256<float> whenTrue, Vector256<float> whenFalse) =>
        Vector256.ConditionalSelect(Vector256.GreaterThan(a, b), whenTrue, whenFalse);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> SelectEqual(Vector256<float> a, Vector256<float> b, Vector256<float> whenTrue, Vector256<float> whenFalse) =>
        Vector256.ConditionalSelect(Vector256.Equals(a, b), whenTrue, whenFalse);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> PowerOfTwo(Vector256<float> integers) =>
        ((Vector256.ConvertToInt32Native(integers) + Vector256.Create(127)) << 23).AsSingle();

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> SplitExponent(Vector256<float> a, out Vector256<float> mantissa)
    {
        var bits = a.AsInt32();
        mantissa = ((bits & Vector256.Create(0x007F_FFFF)) | Vector256.Create(0x3F80_0000)).AsSingle();
        return Vector256.ConvertToSingle((bits >>> 23) - Vector256.Create(127));
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Vector256<float> a)
    {
        var c = a.GetLower() + a.GetUpper();
        return (c.GetElement(0) + c.GetElement(2)) + (c.GetElement(1) + c.GetElement(3));
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Largest(Vector256<float> a)
    {
        var c = Vector128.MaxNative(a.GetLower(), a.GetUpper());
        return MathF.Max(MathF.Max(c.GetElement(0), c.GetElement(2)), MathF.Max(c.GetElement(1), c.GetElement(3)));
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Uniform(
        uint seed0, uint seed1, uint stream, uint counter,
        out Vector256<float> word0, out Vector256<float> word1, out Vector256<float> word2, out Vector256<float> word3)
    {
        // 32 x 32 -> 64 bits is an instruction of 64-bit places, which looks at their low halves only: even and odd lanes are kept apart all the way,
        // and what lies in the high halves does not matter.
        var counters = Vector256.Create(counter) + Vector256<uint>.Indices;
        Vector256<ulong> even0 = counters.AsUInt64(), odd0 = even0 >>> 32;
        Vector256<ulong> even1 = Vector256.Create((ulong)stream), odd1 = even1;
        Vector256<ulong> even2 = Vector256<ulong>.Zero, odd2 = even2, even3 = even2, odd3 = even2;
        Vector256<ulong> key0 = Vector256.Create((ulong)seed0), key1 = Vector256.Create((ulong)seed1);
        // Two rounds at a time: words change their places in a round, and so come back without having been moved.
        for (var round = 0; round < Philox.Rounds; round += 2)
        {
            Round(key0, key1, ref even0, ref even1, ref even2, ref even3);
            Round(key0, key1, ref odd0, ref odd1, ref odd2, ref odd3);
            key0 += Vector256.Create((ulong)Philox.Weyl0);
            key1 += Vector256.Create((ulong)Philox.Weyl1);
            Round(key0, key1, ref even0, ref even1, ref even2, ref even3);
            Round(key0, key1, ref odd0, ref odd1, ref odd2, ref odd3);
            key0 += Vector256.Create((ulong)Philox.Weyl0);
            key1 += Vector256.Create((ulong)Philox.Weyl1);
        }

        word0 = ToUniform(even0, odd0);
        word1 = ToUniform(even1, odd1);
        word2 = ToUniform(even2, odd2);
        word3 = ToUniform(even3, odd3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Round(
        Vector256<ulong> key0, Vector256<ulong> key1, ref Vector256<ulong> c0, ref Vector256<ulong> c1, ref Vector256<ulong> c2, ref Vector256<ulong> c3)
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
    private static Vector256<float> ToUniform(Vector256<ulong> even, Vector256<ulong> odd)
    {
        var word = (even & Vector256.Create(0xFFFF_FFFFul)) | (odd << 32);
        return Vector256.ConvertToSingle((word.AsUInt32() >>> 8).AsInt32()) * Vector256.Create(Philox.UniformScale);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ulong> MultiplyLow(Vector256<ulong> a, uint multiplier)
    {
        var m = Vector256.Create((ulong)multiplier);
        return Avx2.IsSupported ? Avx2.Multiply(a.AsUInt32(), m.AsUInt32()) : (a & Vector256.Create(0xFFFF_FFFFul)) * m;
    }
}
