using Gpu.Kernels.Machines;
using ILGPU;

namespace Gpu.Kernels.Cuda.TensorCores;

/// <summary>
/// A matrix unit in plain arithmetic, for the simulator: the same tiles, strides, fragments and rounding as the units of inline PTX, so that everything around the instructions is
/// tested where there is no GPU. A value that another lane holds is read from where that lane has it from.
/// </summary>
public struct EmulatedUnit<TFormat> : IMatrixUnit
    where TFormat : struct, IEmulatedFormat
{
    private Float4 _c00, _c01, _c02, _c03, _c10, _c11, _c12, _c13, _c20, _c21, _c22, _c23, _c30, _c31, _c32, _c33;

    /// <inheritdoc/>
    public static int RowStride => TFormat.RowStride;

    /// <inheritdoc/>
    public static int LinePadding => TFormat.LinePadding;

    /// <inheritdoc/>
    public void Begin() => this = default;

    /// <inheritdoc/>
    public void MultiplyRows(ArrayView<float> shared, int lane, int first, int second, int secondStride) =>
        Multiply(shared, lane, first, TFormat.RowStride, 1, second, secondStride);

    /// <inheritdoc/>
    public void MultiplyLines(ArrayView<float> shared, int lane, int first, int firstStride, int second, int secondStride) =>
        Multiply(shared, lane, first, 1, firstStride, second, secondStride);

    /// <inheritdoc/>
    public readonly void Spill(int part, ArrayView<float> shared, int lane, int target)
    {
        if (part == 0) Spill(shared, lane, target, _c00, _c01, _c02, _c03);
        else if (part == 1) Spill(shared, lane, target, _c10, _c11, _c12, _c13);
        else if (part == 2) Spill(shared, lane, target, _c20, _c21, _c22, _c23);
        else Spill(shared, lane, target, _c30, _c31, _c32, _c33);
    }

    /// <inheritdoc/>
    public static void CopyFour(ArrayView<float> shared, int target, ArrayView<float> source, long address, int index, int valid)
    {
        var value = default(Float4);
        if (valid != 0) value = source.Cast<Float4>()[index >> 2];
        shared.Cast<Float4>()[target >> 2] = value;
    }

    /// <inheritdoc/>
    public static void CopyOne(ArrayView<float> shared, int target, ArrayView<float> source, long address, int index, int valid)
    {
        var value = 0f;
        if (valid != 0) value = source[index];
        shared[target] = value;
    }

    /// <inheritdoc/>
    public static void Commit()
    {
        // The copies were made at once.
    }

    /// <inheritdoc/>
    public static void WaitForAllBut(int batches)
    {
        // The copies were made at once.
    }

    private void Multiply(ArrayView<float> shared, int lane, int first, int rowStep, int kStep, int second, int line)
    {
        var down = 16 * rowStep;
        Row(shared, lane, first, rowStep, kStep, second, line, ref _c00, ref _c01, ref _c02, ref _c03);
        Row(shared, lane, first + down, rowStep, kStep, second, line, ref _c10, ref _c11, ref _c12, ref _c13);
        Row(shared, lane, first + 2 * down, rowStep, kStep, second, line, ref _c20, ref _c21, ref _c22, ref _c23);
        Row(shared, lane, first + 3 * down, rowStep, kStep, second, line, ref _c30, ref _c31, ref _c32, ref _c33);
    }

    // Four fragments side by side.
    private static void Row(
        ArrayView<float> shared, int lane, int first, int rowStep, int kStep, int second, int line, ref Float4 a, ref Float4 b, ref Float4 c, ref Float4 d)
    {
        a = Fragment(shared, lane, first, rowStep, kStep, second, line, a);
        b = Fragment(shared, lane, first, rowStep, kStep, second + 8, line, b);
        c = Fragment(shared, lane, first, rowStep, kStep, second + 16, line, c);
        d = Fragment(shared, lane, first, rowStep, kStep, second + 24, line, d);
    }

    // The lane's four sums: rows g and g + 8 by columns 2 t and 2 t + 1.
    private static Float4 Fragment(ArrayView<float> shared, int lane, int first, int rowStep, int kStep, int second, int line, Float4 sums)
    {
        var g = lane >> 2;
        var t = lane & 3;
        var (x, y, z, w) = (sums.X, sums.Y, sums.Z, sums.W);
        for (var k = 0; k < WarpTile.Depth; k++)
        {
            var a0 = First(shared, first, rowStep, kStep, g, k);
            var a1 = First(shared, first, rowStep, kStep, g + 8, k);
            var b0 = Second(shared, second, line, k, 2 * t);
            var b1 = Second(shared, second, line, k, 2 * t + 1);
            x += a0 * b0;
            y += a0 * b1;
            z += a1 * b0;
            w += a1 * b1;
        }

        return new(x, y, z, w);
    }

    private static float First(ArrayView<float> shared, int first, int rowStep, int kStep, int row, int k)
    {
        TFormat.First(row, k, out var loadedRow, out var loadedK);
        return TFormat.Round(shared[first + loadedRow * rowStep + loadedK * kStep]);
    }

    private static float Second(ArrayView<float> shared, int second, int line, int k, int column)
    {
        TFormat.Second(k, column, out var loadedK, out var loadedColumn);
        return TFormat.Round(shared[second + loadedK * line + loadedColumn]);
    }

    private static void Spill(ArrayView<float> shared, int lane, int target, Float4 a, Float4 b, Float4 c, Float4 d)
    {
        var place = target + (lane >> 2) * WarpTile.SpillStride + 2 * (lane & 3);
        Pair(shared, place, a);
        Pair(shared, place + 8, b);
        Pair(shared, place + 16, c);
        Pair(shared, place + 24, d);
    }

    private static void Pair(ArrayView<float> shared, int place, Float4 sums)
    {
        shared[place] = sums.X;
        shared[place + 1] = sums.Y;
        shared[place + 8 * WarpTile.SpillStride] = sums.Z;
        shared[place + 8 * WarpTile.SpillStride + 1] = sums.W;
    }
}
