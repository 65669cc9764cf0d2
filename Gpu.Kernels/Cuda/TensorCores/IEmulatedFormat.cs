using Gpu.Kernels.Machines;
using ILGPU;

namespace Gpu.Kernels.Cuda.TensorCores;

/// <summary>
/// What <see cref="EmulatedUnit{TFormat}"/> has to know about a format of tensor cores: how its tiles lie, and what an instruction finds as element (row, k) or (k, column). By the PTX ISA's tables for
/// the product that element lies in a certain register of a certain lane; the methods return what that lane loaded into it. If both tables are right, it is the element asked for.
/// </summary>
public interface IEmulatedFormat
{
    /// <inheritdoc cref="IMatrixUnit.Depth"/>
    static abstract int Depth { get; }

    /// <inheritdoc cref="IMatrixUnit.IsStaged"/>
    static abstract bool IsStaged { get; }

    /// <inheritdoc cref="IMatrixUnit.LineStride"/>
    static abstract int LineStride(int columns);

    /// <inheritdoc cref="IMatrixUnit.RowPlace"/>
    static abstract int RowPlace(int row, int quad);

    /// <inheritdoc cref="IMatrixUnit.LinePlace"/>
    static abstract int LinePlace(int column);

    /// <summary>Element (row, k) of a first operand in rows, rounded.</summary>
    /// <param name="shared">the group's shared memory</param>
    /// <param name="place">where the fragment's first row begins</param>
    /// <param name="half">which half of a tile's k</param>
    /// <param name="row">0 to 15</param>
    /// <param name="k">0 to half the depth</param>
    static abstract float FirstOfRows(ArrayView<float> shared, int place, int half, int row, int k);

    /// <summary>The same where it lies in lines of <paramref name="stride"/> words.</summary>
    static abstract float FirstOfLines(ArrayView<float> shared, int place, int stride, int half, int row, int k);

    /// <summary>Element (k, column), 0 to 7, of the second operand's fragment number <paramref name="fragment"/>; <paramref name="place"/> is where the first begins.</summary>
    static abstract float SecondOfLines(ArrayView<float> shared, int place, int stride, int half, int fragment, int k, int column);

    /// <summary>Writes four values to a tile, as the format holds them.</summary>
    static abstract void Store(ArrayView<float> shared, int target, Float4 values);
}

/// <summary>TF32 and mma.m16n8k8: 8 bits of exponent, 10 of mantissa, rounded to nearest with ties away from zero (cvt.rna).</summary>
public readonly struct Tf32Format : IEmulatedFormat
{
    /// <inheritdoc/>
    public static int Depth => 16;

    /// <inheritdoc/>
    public static bool IsStaged => false;

    /// <inheritdoc/>
    public static int LineStride(int columns) => TileLayout.LineStride32(columns);

    /// <inheritdoc/>
    public static int RowPlace(int row, int quad) => TileLayout.RowPlace32(row, quad);

    /// <inheritdoc/>
    public static int LinePlace(int column) => column;

    /// <inheritdoc/>
    public static float FirstOfRows(ArrayView<float> shared, int place, int half, int row, int k)
    {
        Holder(row, k, out var lane, out var register);
        // Row lane / 4 of matrix number register, whose address another lane gave; of its four words the lane gets one.
        return Round(shared[place + TileLayout.FirstInRows(8 * register + (lane >> 2), half) + (lane & 3)]);
    }

    /// <inheritdoc/>
    public static float FirstOfLines(ArrayView<float> shared, int place, int stride, int half, int row, int k)
    {
        Holder(row, k, out var lane, out var register);
        return Round(shared[place + TileLayout.InLines32(lane, half, stride) + (register >> 1) * 4 * stride + (register & 1) * 8]);
    }

    /// <inheritdoc/>
    public static float SecondOfLines(ArrayView<float> shared, int place, int stride, int half, int fragment, int k, int column)
    {
        // b0 (t, g), b1 (t + 4, g).
        var lane = column * 4 + (k & 3);
        return Round(shared[place + TileLayout.InLines32(lane, half, stride) + (k >> 2) * 4 * stride + 8 * fragment]);
    }

    /// <inheritdoc/>
    public static void Store(ArrayView<float> shared, int target, Float4 values) => shared.Cast<Float4>()[target >> 2] = values;

    // a0 (g, t), a1 (g + 8, t), a2 (g, t + 4), a3 (g + 8, t + 4) of lane 4 g + t.
    private static void Holder(int row, int k, out int lane, out int register)
    {
        lane = (row & 7) * 4 + (k & 3);
        register = (row >> 3) + ((k & 4) >> 1);
    }

    private static float Round(float value)
    {
        var bits = Interop.FloatAsInt(value);
        return (bits & 0x7F800000) == 0x7F800000 ? value : Interop.IntAsFloat((bits + 0x1000) & 0xFFFFE000);
    }
}

/// <summary>FP16 and mma.m16n8k16: half precision, rounded to nearest with ties to even; from 65,520 on infinite.</summary>
public readonly struct Fp16Format : IEmulatedFormat
{
    private const uint Infinity = 0x7F800000;

    // 2^-14, the least normal number of half precision, and what its exponent differs by.
    private const uint LeastNormal = 0x38800000;
    private const uint Bias = 0x38000000;

    // Multiples of 2^-24 below 2^-14.
    private const float SubnormalUnits = 1 << 24;

    /// <inheritdoc/>
    public static int Depth => 32;

    /// <inheritdoc/>
    public static bool IsStaged => true;

    /// <inheritdoc/>
    public static int LineStride(int columns) => TileLayout.LineStride16(columns);

    /// <inheritdoc/>
    public static int RowPlace(int row, int quad) => TileLayout.RowPlace16(row, quad);

    /// <inheritdoc/>
    public static int LinePlace(int column) => column >> 1;

    /// <inheritdoc/>
    public static float FirstOfRows(ArrayView<float> shared, int place, int half, int row, int k)
    {
        Holder(row, k, out var lane, out var register);
        return Half(shared, place + TileLayout.FirstInRows(8 * register + (lane >> 2), half) + (lane & 3), k & 1);
    }

    /// <inheritdoc/>
    public static float FirstOfLines(ArrayView<float> shared, int place, int stride, int half, int row, int k)
    {
        Holder(row, k, out var lane, out var register);
        // Transposed: rows 2 t and 2 t + 1 of matrix number register, at g.
        var named = 8 * register + 2 * (lane & 3) + (k & 1);
        return Half(shared, place + TileLayout.FirstInLines16(named, half, stride) + (lane >> 3), (lane >> 2) & 1);
    }

    /// <inheritdoc/>
    public static float SecondOfLines(ArrayView<float> shared, int place, int stride, int half, int fragment, int k, int column)
    {
        // Pairs along k: b0 (2 t, g), b1 (2 t + 8, g). One ldmatrix loads those of two fragments.
        var lane = column * 4 + ((k & 7) >> 1);
        var register = 2 * (fragment & 1) + (k >> 3);
        var named = 8 * register + 2 * (lane & 3) + (k & 1);
        return Half(shared, place + 8 * (fragment >> 1) + TileLayout.SecondInLines16(named, half, stride) + (lane >> 3), (lane >> 2) & 1);
    }

    /// <inheritdoc/>
    public static void Store(ArrayView<float> shared, int target, Float4 values)
    {
        var words = shared.Cast<uint>();
        words[target] = Bits(values.X) | (Bits(values.Y) << 16);
        words[target + 1] = Bits(values.Z) | (Bits(values.W) << 16);
    }

    // Pairs along k: a0 (g, 2 t), a1 (g + 8, 2 t), a2 (g, 2 t + 8), a3 (g + 8, 2 t + 8).
    private static void Holder(int row, int k, out int lane, out int register)
    {
        lane = (row & 7) * 4 + ((k & 7) >> 1);
        register = (row >> 3) + ((k & 8) >> 2);
    }

    private static uint Bits(float value)
    {
        var bits = Interop.FloatAsInt(value);
        var sign = (bits >> 16) & 0x8000;
        var size = bits & 0x7FFFFFFF;
        if (size > Infinity) return sign | 0x7E00;
        // Below 2^-14 the steps are 2^-24, which are those of numbers from a half to one.
        if (size < LeastNormal) return sign | (uint)(int)((Interop.IntAsFloat(size) + 0.5f - 0.5f) * SubnormalUnits);
        size += 0xFFF + ((size >> 13) & 1);
        return sign | (size >= 0x47800000 ? 0x7C00 : (size - Bias) >> 13);
    }

    private static float Half(ArrayView<float> shared, int word, int upper)
    {
        var bits = (shared.Cast<uint>()[word] >> (16 * upper)) & 0xFFFF;
        var sign = (bits & 0x8000) << 16;
        var size = bits & 0x7FFF;
        if (size < 0x400) return Interop.IntAsFloat(Interop.FloatAsInt((int)size / SubnormalUnits) | sign);
        return Interop.IntAsFloat((size >= 0x7C00 ? Infinity | (size << 13) : (size << 13) + Bias) | sign);
    }
}
