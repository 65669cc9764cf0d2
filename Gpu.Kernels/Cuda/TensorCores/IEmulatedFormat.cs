using ILGPU;

namespace Gpu.Kernels.Cuda.TensorCores;

/// <summary>What <see cref="EmulatedUnit{TFormat}"/> has to know about a format of tensor cores.</summary>
public interface IEmulatedFormat
{
    /// <summary>See <see cref="IMatrixUnit.RowStride"/>.</summary>
    static abstract int RowStride { get; }

    /// <summary>See <see cref="IMatrixUnit.LinePadding"/>.</summary>
    static abstract int LinePadding { get; }

    /// <summary>A value as the format holds it.</summary>
    static abstract float Round(float value);

    /// <summary>
    /// Element (row, k) of the first operand of a fragment's product lies in a register of a lane, by the PTX ISA's tables for the product: the row and the k from which that lane loads
    /// that register. If both tables are right, they are the ones asked for.
    /// </summary>
    static abstract void First(int row, int k, out int loadedRow, out int loadedK);

    /// <summary>The same for element (k, column) of the second operand.</summary>
    static abstract void Second(int k, int column, out int loadedK, out int loadedColumn);
}

/// <summary>TF32 and mma.m16n8k8: 8 bits of exponent, 10 of mantissa, rounded to nearest with ties away from zero (cvt.rna).</summary>
public readonly struct Tf32Format : IEmulatedFormat
{
    /// <inheritdoc/>
    public static int RowStride => 20;

    /// <inheritdoc/>
    public static int LinePadding => 8;

    /// <inheritdoc/>
    public static float Round(float value)
    {
        var bits = Interop.FloatAsInt(value);
        return (bits & 0x7F800000) == 0x7F800000 ? value : Interop.IntAsFloat((bits + 0x1000) & 0xFFFFE000);
    }

    /// <inheritdoc/>
    public static void First(int row, int k, out int loadedRow, out int loadedK)
    {
        // a0 (g, t), a1 (g + 8, t), a2 (g, t + 4), a3 (g + 8, t + 4) of lane 4 g + t, in steps of eight along k.
        var lane = (row & 7) * 4 + (k & 3);
        var register = (row >> 3) + ((k & 4) >> 1);
        loadedRow = (lane >> 2) + (register & 1) * 8;
        loadedK = (k & 8) + (lane & 3) + (register >> 1) * 4;
    }

    /// <inheritdoc/>
    public static void Second(int k, int column, out int loadedK, out int loadedColumn)
    {
        // b0 (t, g), b1 (t + 4, g).
        var lane = column * 4 + (k & 3);
        var register = (k & 4) >> 2;
        loadedK = (k & 8) + (lane & 3) + register * 4;
        loadedColumn = lane >> 2;
    }
}

/// <summary>FP16 and mma.m16n8k16: half precision, rounded to nearest with ties to even; from 65,520 on infinite.</summary>
public readonly struct Fp16Format : IEmulatedFormat
{
    private const uint Infinity = 0x7F800000;

    /// <inheritdoc/>
    public static int RowStride => 24;

    /// <inheritdoc/>
    public static int LinePadding => 4;

    /// <inheritdoc/>
    public static float Round(float value)
    {
        var bits = Interop.FloatAsInt(value);
        var sign = bits & 0x80000000;
        var size = bits & 0x7FFFFFFF;
        if (size >= Infinity) return value;
        // Below 2^-14 the steps are 2^-24, which are those of numbers from a half to one.
        if (size < 0x38800000) return Interop.IntAsFloat(Interop.FloatAsInt(Interop.IntAsFloat(size) + 0.5f - 0.5f) | sign);
        size = (size + 0xFFF + ((size >> 13) & 1)) & 0xFFFFE000;
        return Interop.IntAsFloat((size >= 0x47800000 ? Infinity : size) | sign);
    }

    /// <inheritdoc/>
    public static void First(int row, int k, out int loadedRow, out int loadedK)
    {
        // Pairs along k: a0 (g, 2 t), a1 (g + 8, 2 t), a2 (g, 2 t + 8), a3 (g + 8, 2 t + 8).
        var lane = (row & 7) * 4 + ((k & 7) >> 1);
        var register = (row >> 3) + ((k & 8) >> 2);
        loadedRow = (lane >> 2) + (register & 1) * 8;
        loadedK = 2 * (lane & 3) + (k & 1) + (register >> 1) * 8;
    }

    /// <inheritdoc/>
    public static void Second(int k, int column, out int loadedK, out int loadedColumn)
    {
        // Pairs along k: b0 (2 t, g), b1 (2 t + 8, g).
        var lane = column * 4 + ((k & 7) >> 1);
        loadedK = 2 * (lane & 3) + (k & 1) + (k & 8);
        loadedColumn = lane >> 2;
    }
}
