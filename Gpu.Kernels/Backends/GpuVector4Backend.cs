using ILGPU;

namespace Gpu.Kernels.Backends;

/// <summary>A GPU with vectors of four floats, loaded and stored by one 128-bit access. The index of a vector must be a multiple of four.</summary>
internal readonly struct GpuVector4Backend : IGpuBackend<GpuVector4Backend>, IVectorBackend<GpuVector4Backend, Float4>
{
    private readonly ArrayView<float> _words;

    // A slice is the whole view and an offset, because a loop may step past the end of the view, where no sub-view can be made.
    private readonly int _first;

    private GpuVector4Backend(ArrayView<float> words, int first)
    {
        _words = words;
        _first = first;
    }

    /// <inheritdoc/>
    public static GpuVector4Backend At(ArrayView<float> words) => new(words, 0);

    /// <inheritdoc/>
    public static Float4 LoadFour(GpuVector4Backend memory, int index, int count) => count > 0 ? Load(memory, index) : Zero;

    /// <inheritdoc/>
    public static void StoreFour(GpuVector4Backend memory, int index, Float4 value, int count)
    {
        if (count > 0) Store(memory, index, value);
    }

    /// <inheritdoc/>
    public static int Width => 4;

    /// <inheritdoc/>
    public static bool IsGpu => true;

    /// <inheritdoc/>
    public static Float4 Zero => Splat(0f);

    /// <inheritdoc/>
    public static Float4 LaneNumbers => new(0f, 1f, 2f, 3f);

    /// <inheritdoc/>
    public static GpuVector4Backend Slice(GpuVector4Backend memory, int offset) => new(memory._words, memory._first + offset);

    /// <inheritdoc/>
    public static GpuVector4Backend Choose(bool condition, GpuVector4Backend whenTrue, GpuVector4Backend whenFalse) => condition ? whenTrue : whenFalse;

    /// <inheritdoc/>
    public static Float4 Load(GpuVector4Backend memory, int index) => memory._words.Cast<Float4>()[(memory._first + index) >> 2];

    /// <inheritdoc/>
    public static void Store(GpuVector4Backend memory, int index, Float4 value) => memory._words.Cast<Float4>()[(memory._first + index) >> 2] = value;

    /// <inheritdoc/>
    public static Float4 LoadPartial(GpuVector4Backend memory, int index, int count) => count >= 4 ? Load(memory, index) : new(
        count > 0 ? memory._words[memory._first + index] : 0f,
        count > 1 ? memory._words[memory._first + index + 1] : 0f,
        count > 2 ? memory._words[memory._first + index + 2] : 0f,
        0f);

    /// <inheritdoc/>
    public static void StorePartial(GpuVector4Backend memory, int index, Float4 value, int count)
    {
        if (count >= 4)
        {
            Store(memory, index, value);
            return;
        }

        if (count > 0) memory._words[memory._first + index] = value.X;
        if (count > 1) memory._words[memory._first + index + 1] = value.Y;
        if (count > 2) memory._words[memory._first + index + 2] = value.Z;
    }

    /// <inheritdoc/>
    public static void Transpose(GpuVector4Backend source, int sourceStride, int rows, int columns, GpuVector4Backend target, int targetStride)
    {
        var a = LoadPartial(source, 0, rows > 0 ? columns : 0);
        var b = LoadPartial(source, sourceStride, rows > 1 ? columns : 0);
        var c = LoadPartial(source, 2 * sourceStride, rows > 2 ? columns : 0);
        var d = LoadPartial(source, 3 * sourceStride, rows > 3 ? columns : 0);
        Store(target, 0, new(a.X, b.X, c.X, d.X));
        if (columns > 1) Store(target, targetStride, new(a.Y, b.Y, c.Y, d.Y));
        if (columns > 2) Store(target, 2 * targetStride, new(a.Z, b.Z, c.Z, d.Z));
        if (columns > 3) Store(target, 3 * targetStride, new(a.W, b.W, c.W, d.W));
    }

    /// <inheritdoc/>
    public static Float4 Broadcast(GpuVector4Backend memory, int index) => Splat(memory._words[memory._first + index]);

    /// <inheritdoc/>
    public static void Prefetch(GpuVector4Backend memory, int index)
    {
        // A GPU hides latency behind other threads.
    }

    /// <inheritdoc/>
    public static float LoadScalar(GpuVector4Backend memory, int index) => memory._words[memory._first + index];

    /// <inheritdoc/>
    public static void StoreScalar(GpuVector4Backend memory, int index, float value) => memory._words[memory._first + index] = value;

    /// <inheritdoc/>
    public static int LoadInt(GpuVector4Backend memory, int index) => memory._words.Cast<int>()[memory._first + index];

    /// <inheritdoc/>
    public static void StoreInt(GpuVector4Backend memory, int index, int value) => memory._words.Cast<int>()[memory._first + index] = value;

    /// <inheritdoc/>
    public static int LoadByte(GpuVector4Backend memory, int index) => memory._words.Cast<byte>()[(long)memory._first * sizeof(float) + index];

    /// <inheritdoc/>
    public static Float4 LoadBytes(GpuVector4Backend memory, int index)
    {
        if ((index & 3) == 0)
        {
            // Signed integers, because C# converts unsigned ones to float by way of double.
            var word = memory._words.Cast<int>()[memory._first + (index >> 2)];
            return new(word & 0xFF, (word >> 8) & 0xFF, (word >> 16) & 0xFF, (word >> 24) & 0xFF);
        }

        return new(LoadByte(memory, index), LoadByte(memory, index + 1), LoadByte(memory, index + 2), LoadByte(memory, index + 3));
    }

    /// <inheritdoc/>
    public static Float4 Splat(float value) => new(value, value, value, value);

    /// <inheritdoc/>
    public static Float4 Add(Float4 a, Float4 b) => new(a.X + b.X, a.Y + b.Y, a.Z + b.Z, a.W + b.W);

    /// <inheritdoc/>
    public static Float4 Subtract(Float4 a, Float4 b) => new(a.X - b.X, a.Y - b.Y, a.Z - b.Z, a.W - b.W);

    /// <inheritdoc/>
    public static Float4 Multiply(Float4 a, Float4 b) => new(a.X * b.X, a.Y * b.Y, a.Z * b.Z, a.W * b.W);

    /// <inheritdoc/>
    public static Float4 Divide(Float4 a, Float4 b) => new(a.X / b.X, a.Y / b.Y, a.Z / b.Z, a.W / b.W);

    /// <inheritdoc/>
    public static Float4 MultiplyAdd(Float4 a, Float4 b, Float4 c) => new(a.X * b.X + c.X, a.Y * b.Y + c.Y, a.Z * b.Z + c.Z, a.W * b.W + c.W);

    /// <inheritdoc/>
    public static Float4 Min(Float4 a, Float4 b) => new(GpuBits.Min(a.X, b.X), GpuBits.Min(a.Y, b.Y), GpuBits.Min(a.Z, b.Z), GpuBits.Min(a.W, b.W));

    /// <inheritdoc/>
    public static Float4 Max(Float4 a, Float4 b) => new(GpuBits.Max(a.X, b.X), GpuBits.Max(a.Y, b.Y), GpuBits.Max(a.Z, b.Z), GpuBits.Max(a.W, b.W));

    /// <inheritdoc/>
    public static Float4 MaxOrNaN(Float4 a, Float4 b) =>
        new(GpuScalarBackend.MaxOrNaN(a.X, b.X), GpuScalarBackend.MaxOrNaN(a.Y, b.Y), GpuScalarBackend.MaxOrNaN(a.Z, b.Z), GpuScalarBackend.MaxOrNaN(a.W, b.W));

    /// <inheritdoc/>
    public static Float4 Sqrt(Float4 a) => new(MathF.Sqrt(a.X), MathF.Sqrt(a.Y), MathF.Sqrt(a.Z), MathF.Sqrt(a.W));

    /// <inheritdoc/>
    public static Float4 Abs(Float4 a) => new(MathF.Abs(a.X), MathF.Abs(a.Y), MathF.Abs(a.Z), MathF.Abs(a.W));

    /// <inheritdoc/>
    public static Float4 FlushSubnormals(Float4 a) => a;

    /// <inheritdoc/>
    public static Float4 Floor(Float4 a) => new(MathF.Floor(a.X), MathF.Floor(a.Y), MathF.Floor(a.Z), MathF.Floor(a.W));

    /// <inheritdoc/>
    public static Float4 SelectGreater(Float4 a, Float4 b, Float4 whenTrue, Float4 whenFalse) => new(
        a.X > b.X ? whenTrue.X : whenFalse.X,
        a.Y > b.Y ? whenTrue.Y : whenFalse.Y,
        a.Z > b.Z ? whenTrue.Z : whenFalse.Z,
        a.W > b.W ? whenTrue.W : whenFalse.W);

    /// <inheritdoc/>
    public static Float4 SelectEqual(Float4 a, Float4 b, Float4 whenTrue, Float4 whenFalse) => new(
        a.X == b.X ? whenTrue.X : whenFalse.X,
        a.Y == b.Y ? whenTrue.Y : whenFalse.Y,
        a.Z == b.Z ? whenTrue.Z : whenFalse.Z,
        a.W == b.W ? whenTrue.W : whenFalse.W);

    /// <inheritdoc/>
    public static Float4 PowerOfTwo(Float4 integers) =>
        new(GpuBits.PowerOfTwo(integers.X), GpuBits.PowerOfTwo(integers.Y), GpuBits.PowerOfTwo(integers.Z), GpuBits.PowerOfTwo(integers.W));

    /// <inheritdoc/>
    public static Float4 SplitExponent(Float4 a, out Float4 mantissa)
    {
        mantissa = new(GpuBits.Mantissa(a.X), GpuBits.Mantissa(a.Y), GpuBits.Mantissa(a.Z), GpuBits.Mantissa(a.W));
        return new(GpuBits.Exponent(a.X), GpuBits.Exponent(a.Y), GpuBits.Exponent(a.Z), GpuBits.Exponent(a.W));
    }

    /// <inheritdoc/>
    public static float Sum(Float4 a) => (a.X + a.Z) + (a.Y + a.W);

    /// <inheritdoc/>
    public static float Largest(Float4 a) => GpuBits.Max(GpuBits.Max(a.X, a.Z), GpuBits.Max(a.Y, a.W));

    /// <inheritdoc/>
    public static void Uniform(
        uint seed0, uint seed1, uint stream, uint counter, out Float4 word0, out Float4 word1, out Float4 word2, out Float4 word3)
    {
        GpuBits.Uniform(seed0, seed1, stream, counter + 0, out var a0, out var b0, out var c0, out var d0);
        GpuBits.Uniform(seed0, seed1, stream, counter + 1, out var a1, out var b1, out var c1, out var d1);
        GpuBits.Uniform(seed0, seed1, stream, counter + 2, out var a2, out var b2, out var c2, out var d2);
        GpuBits.Uniform(seed0, seed1, stream, counter + 3, out var a3, out var b3, out var c3, out var d3);
        word0 = new(a0, a1, a2, a3);
        word1 = new(b0, b1, b2, b3);
        word2 = new(c0, c1, c2, c3);
        word3 = new(d0, d1, d2, d3);
    }
}
