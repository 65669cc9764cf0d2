using ILGPU;

namespace Gpu.Kernels.Backends;

/// <summary>A GPU with vectors of one float, for shapes whose innermost extent is not a multiple of four.</summary>
internal readonly struct GpuScalarBackend : IGpuBackend<GpuScalarBackend>, IVectorBackend<GpuScalarBackend, float>
{
    private readonly ArrayView<float> _words;

    // A slice is the whole view and an offset, because a loop may step past the end of the view, where no sub-view can be made.
    private readonly int _first;

    private GpuScalarBackend(ArrayView<float> words, int first)
    {
        _words = words;
        _first = first;
    }

    /// <inheritdoc/>
    public static GpuScalarBackend At(ArrayView<float> words) => new(words, 0);

    /// <inheritdoc/>
    public static Float4 LoadFour(GpuScalarBackend memory, int index, int count) =>
        new(
            LoadPartial(memory, index, count), LoadPartial(memory, index + 1, count - 1),
            LoadPartial(memory, index + 2, count - 2), LoadPartial(memory, index + 3, count - 3));

    /// <inheritdoc/>
    public static void StoreFour(GpuScalarBackend memory, int index, Float4 value, int count)
    {
        StorePartial(memory, index, value.X, count);
        StorePartial(memory, index + 1, value.Y, count - 1);
        StorePartial(memory, index + 2, value.Z, count - 2);
        StorePartial(memory, index + 3, value.W, count - 3);
    }

    /// <inheritdoc/>
    public static int Width => 1;

    /// <inheritdoc/>
    public static bool IsGpu => true;

    /// <inheritdoc/>
    public static float Zero => Splat(0f);

    /// <inheritdoc/>
    public static float LaneNumbers => 0f;

    /// <inheritdoc/>
    public static GpuScalarBackend Slice(GpuScalarBackend memory, int offset) => new(memory._words, memory._first + offset);

    /// <inheritdoc/>
    public static GpuScalarBackend Choose(bool condition, GpuScalarBackend whenTrue, GpuScalarBackend whenFalse) => condition ? whenTrue : whenFalse;

    /// <inheritdoc/>
    public static float Load(GpuScalarBackend memory, int index) => memory._words[memory._first + index];

    /// <inheritdoc/>
    public static void Store(GpuScalarBackend memory, int index, float value) => memory._words[memory._first + index] = value;

    /// <inheritdoc/>
    public static float LoadPartial(GpuScalarBackend memory, int index, int count) => count > 0 ? memory._words[memory._first + index] : 0f;

    /// <inheritdoc/>
    public static void StorePartial(GpuScalarBackend memory, int index, float value, int count)
    {
        if (count > 0) memory._words[memory._first + index] = value;
    }

    /// <inheritdoc/>
    public static void Transpose(GpuScalarBackend source, int sourceStride, int rows, int columns, GpuScalarBackend target, int targetStride) =>
        Store(target, 0, LoadPartial(source, 0, rows));

    /// <inheritdoc/>
    public static float Broadcast(GpuScalarBackend memory, int index) => Splat(memory._words[memory._first + index]);

    /// <inheritdoc/>
    public static void Prefetch(GpuScalarBackend memory, int index)
    {
        // A GPU hides latency behind other threads.
    }

    /// <inheritdoc/>
    public static float LoadScalar(GpuScalarBackend memory, int index) => memory._words[memory._first + index];

    /// <inheritdoc/>
    public static void StoreScalar(GpuScalarBackend memory, int index, float value) => memory._words[memory._first + index] = value;

    /// <inheritdoc/>
    public static int LoadInt(GpuScalarBackend memory, int index) => memory._words.Cast<int>()[memory._first + index];

    /// <inheritdoc/>
    public static void StoreInt(GpuScalarBackend memory, int index, int value) => memory._words.Cast<int>()[memory._first + index] = value;

    /// <inheritdoc/>
    public static int LoadByte(GpuScalarBackend memory, int index) => memory._words.Cast<byte>()[(long)memory._first * sizeof(float) + index];

    /// <inheritdoc/>
    public static float LoadBytes(GpuScalarBackend memory, int index) => LoadByte(memory, index);

    /// <inheritdoc/>
    public static float Splat(float value) => value;

    /// <inheritdoc/>
    public static float Add(float a, float b) => a + b;

    /// <inheritdoc/>
    public static float Subtract(float a, float b) => a - b;

    /// <inheritdoc/>
    public static float Multiply(float a, float b) => a * b;

    /// <inheritdoc/>
    public static float Divide(float a, float b) => a / b;

    /// <inheritdoc/>
    public static float MultiplyAdd(float a, float b, float c) => a * b + c;

    /// <inheritdoc/>
    public static float Min(float a, float b) => GpuBits.Min(a, b);

    /// <inheritdoc/>
    public static float Max(float a, float b) => GpuBits.Max(a, b);

    /// <inheritdoc/>
    public static float MaxOrNaN(float a, float b) => float.IsNaN(a) ? a : GpuBits.Max(a, b);

    /// <inheritdoc/>
    public static float Sqrt(float a) => MathF.Sqrt(a);

    /// <inheritdoc/>
    public static float Abs(float a) => MathF.Abs(a);

    /// <inheritdoc/>
    public static float FlushSubnormals(float a) => a;

    /// <inheritdoc/>
    public static float Floor(float a) => MathF.Floor(a);

    /// <inheritdoc/>
    public static float SelectGreater(float a, float b, float whenTrue, float whenFalse) => a > b ? whenTrue : whenFalse;

    /// <inheritdoc/>
    public static float SelectEqual(float a, float b, float whenTrue, float whenFalse) => a == b ? whenTrue : whenFalse;

    /// <inheritdoc/>
    public static float PowerOfTwo(float integers) => GpuBits.PowerOfTwo(integers);

    /// <inheritdoc/>
    public static float SplitExponent(float a, out float mantissa)
    {
        mantissa = GpuBits.Mantissa(a);
        return GpuBits.Exponent(a);
    }

    /// <inheritdoc/>
    public static float Sum(float a) => a;

    /// <inheritdoc/>
    public static float Largest(float a) => a;

    /// <inheritdoc/>
    public static void Uniform(
        uint seed0, uint seed1, uint stream, uint counter, out float word0, out float word1, out float word2, out float word3)
    {
        GpuBits.Uniform(seed0, seed1, stream, counter, out word0, out word1, out word2, out word3);
    }
}
