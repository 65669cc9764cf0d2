using ILGPU;

namespace Gpu.Kernels.Machines;

/// <summary>A GPU with one float a vector: for shapes whose innermost extent is no multiple of four.</summary>
public readonly struct Gpu1 : IGpuMachine<Gpu1>, IMachine<Gpu1, float>
{
    private readonly ArrayView<float> _words;

    // A slice keeps the whole view and counts from here: a loop may step past the end of it, where a sub-view could not be made.
    private readonly int _first;

    private Gpu1(ArrayView<float> words, int first)
    {
        _words = words;
        _first = first;
    }

    /// <inheritdoc/>
    public static Gpu1 At(ArrayView<float> words) => new(words, 0);

    /// <inheritdoc/>
    public static int Width => 1;

    /// <inheritdoc/>
    public static bool ItemIsThread => true;

    /// <inheritdoc/>
    public static float Zero => Splat(0f);

    /// <inheritdoc/>
    public static float LaneNumbers => 0f;

    /// <inheritdoc/>
    public static Gpu1 Slice(Gpu1 memory, int offset) => new(memory._words, memory._first + offset);

    /// <inheritdoc/>
    public static Gpu1 Choose(bool condition, Gpu1 whenTrue, Gpu1 whenFalse) => condition ? whenTrue : whenFalse;

    /// <inheritdoc/>
    public static float Load(Gpu1 memory, int index) => memory._words[memory._first + index];

    /// <inheritdoc/>
    public static void Store(Gpu1 memory, int index, float value) => memory._words[memory._first + index] = value;

    /// <inheritdoc/>
    public static float LoadPartial(Gpu1 memory, int index, int count) => count > 0 ? memory._words[memory._first + index] : 0f;

    /// <inheritdoc/>
    public static void StorePartial(Gpu1 memory, int index, float value, int count)
    {
        if (count > 0) memory._words[memory._first + index] = value;
    }

    /// <inheritdoc/>
    public static float Broadcast(Gpu1 memory, int index) => Splat(memory._words[memory._first + index]);

    /// <inheritdoc/>
    public static void Prefetch(Gpu1 memory, int index)
    {
        // A GPU hides the wait behind its other threads.
    }

    /// <inheritdoc/>
    public static float LoadScalar(Gpu1 memory, int index) => memory._words[memory._first + index];

    /// <inheritdoc/>
    public static void StoreScalar(Gpu1 memory, int index, float value) => memory._words[memory._first + index] = value;

    /// <inheritdoc/>
    public static int LoadInt(Gpu1 memory, int index) => memory._words.Cast<int>()[memory._first + index];

    /// <inheritdoc/>
    public static void StoreInt(Gpu1 memory, int index, int value) => memory._words.Cast<int>()[memory._first + index] = value;

    /// <inheritdoc/>
    public static int LoadByte(Gpu1 memory, int index) => memory._words.Cast<byte>()[(long)memory._first * sizeof(float) + index];

    /// <inheritdoc/>
    public static float LoadBytes(Gpu1 memory, int index) => LoadByte(memory, index);

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
