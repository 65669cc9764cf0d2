using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Gpu.Kernels.Machines;

/// <summary>The CPU with 128-bit vectors: a pointer to words, and 4 floats a vector.</summary>
public readonly unsafe struct Cpu128 : ICpuMachine<Cpu128>, IMachine<Cpu128, Vector128<float>>
{
    private readonly float* _words;

    private Cpu128(float* words) => _words = words;

    /// <inheritdoc/>
    public static Cpu128 At(float* words) => new(words);

    /// <inheritdoc/>
    public static int Width => 4;

    /// <inheritdoc/>
    public static bool ItemIsThread => false;

    /// <inheritdoc/>
    public static Vector128<float> Zero => Vector128<float>.Zero;

    /// <inheritdoc/>
    public static Vector128<float> LaneNumbers => Vector128.ConvertToSingle(Vector128<int>.Indices);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Cpu128 Slice(Cpu128 memory, int offset) => new(memory._words + offset);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Cpu128 Choose(bool condition, Cpu128 whenTrue, Cpu128 whenFalse) => new(condition ? whenTrue._words : whenFalse._words);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Load(Cpu128 memory, int index) => Vector128.Load(memory._words + index);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Cpu128 memory, int index, Vector128<float> value) => value.Store(memory._words + index);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> LoadPartial(Cpu128 memory, int index, int count)
    {
        if (Avx.IsSupported)
            return Avx.MaskLoad(memory._words + index, FirstLanes(count));
        var value = Vector128<float>.Zero;
        for (var lane = 0; lane < Math.Min(count, Width); lane++) value = value.WithElement(lane, memory._words[index + lane]);
        return value;
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StorePartial(Cpu128 memory, int index, Vector128<float> value, int count)
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
    public static Vector128<float> Broadcast(Cpu128 memory, int index) => Vector128.Create(memory._words[index]);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float LoadScalar(Cpu128 memory, int index) => memory._words[index];

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreScalar(Cpu128 memory, int index, float value) => memory._words[index] = value;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int LoadInt(Cpu128 memory, int index) => ((int*)memory._words)[index];

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreInt(Cpu128 memory, int index, int value) => ((int*)memory._words)[index] = value;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int LoadByte(Cpu128 memory, int index) => ((byte*)memory._words)[index];

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> LoadBytes(Cpu128 memory, int index)
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
        var c0 = Vector128.Create(counter) + Vector128<uint>.Indices;
        var c1 = Vector128.Create(stream);
        var c2 = Vector128<uint>.Zero;
        var c3 = Vector128<uint>.Zero;
        for (var round = 0; round < Philox.Rounds; round++)
        {
            MultiplyWide(c0, Philox.Multiplier0, out var high0, out var low0);
            MultiplyWide(c2, Philox.Multiplier1, out var high1, out var low1);
            c0 = high1 ^ c1 ^ Vector128.Create(seed0);
            c1 = low1;
            c2 = high0 ^ c3 ^ Vector128.Create(seed1);
            c3 = low0;
            seed0 += Philox.Weyl0;
            seed1 += Philox.Weyl1;
        }

        word0 = ToUniform(c0);
        word1 = ToUniform(c1);
        word2 = ToUniform(c2);
        word3 = ToUniform(c3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> ToUniform(Vector128<uint> word) =>
        Vector128.ConvertToSingle((word >>> 8).AsInt32()) * Vector128.Create(Philox.UniformScale);

    // 32 x 32 -> 64 bits: the even lanes, then the odd ones moved onto even places, put together again.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void MultiplyWide(Vector128<uint> a, uint multiplier, out Vector128<uint> high, out Vector128<uint> low)
    {
        var m = Vector128.Create((ulong)multiplier);
        var lowHalf = Vector128.Create(0xFFFF_FFFFul);
        var even = Sse2.IsSupported ? Sse2.Multiply(a, m.AsUInt32()) : (a.AsUInt64() & lowHalf) * m;
        var odd = Sse2.IsSupported ? Sse2.Multiply((a.AsUInt64() >>> 32).AsUInt32(), m.AsUInt32()) : (a.AsUInt64() >>> 32) * m;
        low = a * Vector128.Create(multiplier);
        high = ((even >>> 32) | (odd & ~lowHalf)).AsUInt32();
    }
}
