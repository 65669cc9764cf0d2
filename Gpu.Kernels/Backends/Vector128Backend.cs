using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Gpu.Kernels.Backends;

/// <summary>The CPU with 128-bit vectors: a pointer to words, and 4 floats a vector.</summary>
internal readonly unsafe struct Vector128Backend : ICpuBackend<Vector128Backend>, IVectorBackend<Vector128Backend, Vector128<float>>
{
    private readonly float* _words;

    private Vector128Backend(float* words) => _words = words;

    /// <inheritdoc/>
    public static Vector128Backend At(float* words) => new(words);

    /// <inheritdoc/>
    public static int Width => 4;

    /// <inheritdoc/>
    public static bool IsGpu => false;

    /// <inheritdoc/>
    public static Vector128<float> Zero => Vector128<float>.Zero;

    /// <inheritdoc/>
    public static Vector128<float> LaneNumbers => Vector128.ConvertToSingle(Vector128<int>.Indices);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128Backend Slice(Vector128Backend memory, int offset) => new(memory._words + offset);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128Backend Choose(bool condition, Vector128Backend whenTrue, Vector128Backend whenFalse) => new(condition ? whenTrue._words : whenFalse._words);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Load(Vector128Backend memory, int index) => Vector128.Load(memory._words + index);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector128Backend memory, int index, Vector128<float> value) => value.Store(memory._words + index);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> LoadPartial(Vector128Backend memory, int index, int count)
    {
        if (Avx.IsSupported)
            return Avx.MaskLoad(memory._words + index, FirstLanes(count));
        var value = Vector128<float>.Zero;
        for (var lane = 0; lane < Math.Min(count, Width); lane++) value = value.WithElement(lane, memory._words[index + lane]);
        return value;
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StorePartial(Vector128Backend memory, int index, Vector128<float> value, int count)
    {
        if (Avx.IsSupported)
        {
            Avx.MaskStore(memory._words + index, FirstLanes(count), value);
            return;
        }

        for (var lane = 0; lane < Math.Min(count, Width); lane++) memory._words[index + lane] = value.GetElement(lane);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> FirstLanes(int count) => Vector128.GreaterThan(Vector128.Create(count), Vector128<int>.Indices).AsSingle();

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Transpose(Vector128Backend source, int sourceStride, int rows, int columns, Vector128Backend target, int targetStride) =>
        CpuTranspose.Block128(source._words, sourceStride, rows, Math.Min(columns, Width), target._words, targetStride);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Broadcast(Vector128Backend memory, int index) => Vector128.Create(memory._words[index]);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(Vector128Backend memory, int index)
    {
        if (Sse.IsSupported) Sse.Prefetch0(memory._words + index);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float LoadScalar(Vector128Backend memory, int index) => memory._words[index];

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreScalar(Vector128Backend memory, int index, float value) => memory._words[index] = value;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int LoadInt(Vector128Backend memory, int index) => ((int*)memory._words)[index];

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreInt(Vector128Backend memory, int index, int value) => ((int*)memory._words)[index] = value;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int LoadByte(Vector128Backend memory, int index) => ((byte*)memory._words)[index];

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> LoadBytes(Vector128Backend memory, int index)
    {
        var bytes = Vector128.CreateScalar(Unsafe.ReadUnaligned<uint>((byte*)memory._words + index)).AsByte();
        return Vector128.ConvertToSingle(Vector128.WidenLower(Vector128.WidenLower(bytes)).AsInt32());
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Splat(float value) => Vector128.Create(value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Add(Vector128<float> a, Vector128<float> b) => a + b;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Subtract(Vector128<float> a, Vector128<float> b) => a - b;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Multiply(Vector128<float> a, Vector128<float> b) => a * b;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Divide(Vector128<float> a, Vector128<float> b) => a / b;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> MultiplyAdd(Vector128<float> a, Vector128<float> b, Vector128<float> c) => Vector128.FusedMultiplyAdd(a, b, c);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Min(Vector128<float> a, Vector128<float> b) => Vector128.MinNative(a, b);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Max(Vector128<float> a, Vector128<float> b) => Vector128.MaxNative(a, b);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> MaxOrNaN(Vector128<float> a, Vector128<float> b) =>
        // The instruction gives b where one of them is NaN, so that only a NaN in a has to be put back.
        Vector128.ConditionalSelect(Vector128.Equals(a, a), Vector128.MaxNative(a, b), a);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Sqrt(Vector128<float> a) => Vector128.Sqrt(a);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Abs(Vector128<float> a) => Vector128.Abs(a);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Floor(Vector128<float> a) => Vector128.Floor(a);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> SelectGreater(Vector128<float> a, Vector128<float> b, Vector128<float> whenTrue, Vector128<float> whenFalse) =>
        Vector128.ConditionalSelect(Vector128.GreaterThan(a, b), whenTrue, whenFalse);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> SelectEqual(Vector128<float> a, Vector128<float> b, Vector128<float> whenTrue, Vector128<float> whenFalse) =>
        Vector128.ConditionalSelect(Vector128.Equals(a, b), whenTrue, whenFalse);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> PowerOfTwo(Vector128<float> integers) =>
        ((Vector128.ConvertToInt32Native(integers) + Vector128.Create(127)) << 23).AsSingle();

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> SplitExponent(Vector128<float> a, out Vector128<float> mantissa)
    {
        var bits = a.AsInt32();
        mantissa = ((bits & Vector128.Create(0x007F_FFFF)) | Vector128.Create(0x3F80_0000)).AsSingle();
        return Vector128.ConvertToSingle((bits >>> 23) - Vector128.Create(127));
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Vector128<float> a)
    {
        var c = a;
        return (c.GetElement(0) + c.GetElement(2)) + (c.GetElement(1) + c.GetElement(3));
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Largest(Vector128<float> a)
    {
        var c = a;
        return MathF.Max(MathF.Max(c.GetElement(0), c.GetElement(2)), MathF.Max(c.GetElement(1), c.GetElement(3)));
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Uniform(
        uint seed0, uint seed1, uint stream, uint counter,
        out Vector128<float> word0, out Vector128<float> word1, out Vector128<float> word2, out Vector128<float> word3)
    {
        // 32 x 32 -> 64 bits is an instruction of 64-bit places, which looks at their low halves only: even and odd lanes are kept apart all the way,
        // and what lies in the high halves does not matter.
        var counters = Vector128.Create(counter) + Vector128<uint>.Indices;
        Vector128<ulong> even0 = counters.AsUInt64(), odd0 = even0 >>> 32;
        Vector128<ulong> even1 = Vector128.Create((ulong)stream), odd1 = even1;
        Vector128<ulong> even2 = Vector128<ulong>.Zero, odd2 = even2, even3 = even2, odd3 = even2;
        Vector128<ulong> key0 = Vector128.Create((ulong)seed0), key1 = Vector128.Create((ulong)seed1);
        // Two rounds at a time: words change their places in a round, and so come back without having been moved.
        for (var round = 0; round < Philox.Rounds; round += 2)
        {
            Round(key0, key1, ref even0, ref even1, ref even2, ref even3);
            Round(key0, key1, ref odd0, ref odd1, ref odd2, ref odd3);
            key0 += Vector128.Create((ulong)Philox.Weyl0);
            key1 += Vector128.Create((ulong)Philox.Weyl1);
            Round(key0, key1, ref even0, ref even1, ref even2, ref even3);
            Round(key0, key1, ref odd0, ref odd1, ref odd2, ref odd3);
            key0 += Vector128.Create((ulong)Philox.Weyl0);
            key1 += Vector128.Create((ulong)Philox.Weyl1);
        }

        word0 = ToUniform(even0, odd0);
        word1 = ToUniform(even1, odd1);
        word2 = ToUniform(even2, odd2);
        word3 = ToUniform(even3, odd3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Round(
        Vector128<ulong> key0, Vector128<ulong> key1, ref Vector128<ulong> c0, ref Vector128<ulong> c1, ref Vector128<ulong> c2, ref Vector128<ulong> c3)
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
    private static Vector128<float> ToUniform(Vector128<ulong> even, Vector128<ulong> odd)
    {
        var word = (even & Vector128.Create(0xFFFF_FFFFul)) | (odd << 32);
        return Vector128.ConvertToSingle((word.AsUInt32() >>> 8).AsInt32()) * Vector128.Create(Philox.UniformScale);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ulong> MultiplyLow(Vector128<ulong> a, uint multiplier)
    {
        var m = Vector128.Create((ulong)multiplier);
        return Sse2.IsSupported ? Sse2.Multiply(a.AsUInt32(), m.AsUInt32()) : (a & Vector128.Create(0xFFFF_FFFFul)) * m;
    }
}
