using Gpu.Kernels.Machines;
using ILGPU;

namespace Gpu.Kernels.Cuda.TensorCores;

/// <summary>
/// A matrix unit in plain arithmetic, for the simulator: the same tiles, places, fragments and rounding as the units of inline PTX, so that everything around the instructions is
/// tested where there is no GPU. A value that another lane holds is read from where that lane has it from.
/// </summary>
public struct EmulatedUnit<TFormat> : IMatrixUnit
    where TFormat : struct, IEmulatedFormat
{
    // A row of fragments: the lane's sums of each, rows g and g + 8 by columns 2 t and 2 t + 1.
    private FragmentRow _row0, _row1, _row2, _row3;

    // What was fetched, and totals of it.
    private Float4 _s0, _s1, _s2, _s3, _s4, _s5, _s6, _s7, _s8, _s9, _s10, _s11, _s12, _s13, _s14, _s15, _s16, _s17, _s18, _s19, _s20, _s21, _s22, _s23;
    private Float4 _totals;

    /// <inheritdoc/>
    public static int Depth => TFormat.Depth;

    /// <inheritdoc/>
    public static bool IsStaged => TFormat.IsStaged;

    /// <inheritdoc/>
    public static int LineStride(int columns) => TFormat.LineStride(columns);

    /// <inheritdoc/>
    public static int RowPlace(int row, int quad) => TFormat.RowPlace(row, quad);

    /// <inheritdoc/>
    public static int LinePlace(int column) => TFormat.LinePlace(column);

    /// <inheritdoc/>
    public void Begin() => this = default;

    /// <inheritdoc/>
    public void MultiplyRows(ArrayView<float> shared, int lane, int half, bool wide, int first, int second, int secondStride)
    {
        var g = lane >> 2;
        const int down = 16 * TileLayout.RowWords;
        for (var k = 0; k < TFormat.Depth / 2; k++)
        {
            var columns = Columns(shared, lane, half, wide, second, secondStride, k);
            _row0.Add(columns, TFormat.FirstOfRows(shared, first, half, g, k), TFormat.FirstOfRows(shared, first, half, g + 8, k));
            _row1.Add(columns, TFormat.FirstOfRows(shared, first + down, half, g, k), TFormat.FirstOfRows(shared, first + down, half, g + 8, k));
            _row2.Add(columns, TFormat.FirstOfRows(shared, first + 2 * down, half, g, k), TFormat.FirstOfRows(shared, first + 2 * down, half, g + 8, k));
            _row3.Add(columns, TFormat.FirstOfRows(shared, first + 3 * down, half, g, k), TFormat.FirstOfRows(shared, first + 3 * down, half, g + 8, k));
        }
    }

    /// <inheritdoc/>
    public void MultiplyLines(ArrayView<float> shared, int lane, int half, bool wide, int first, int firstStride, int second, int secondStride)
    {
        var g = lane >> 2;
        var right = TFormat.LinePlace(16);
        var (f0, f1, f2, f3) = (first, first + right, first + 2 * right, first + 3 * right);
        for (var k = 0; k < TFormat.Depth / 2; k++)
        {
            var columns = Columns(shared, lane, half, wide, second, secondStride, k);
            _row0.Add(columns, TFormat.FirstOfLines(shared, f0, firstStride, half, g, k), TFormat.FirstOfLines(shared, f0, firstStride, half, g + 8, k));
            _row1.Add(columns, TFormat.FirstOfLines(shared, f1, firstStride, half, g, k), TFormat.FirstOfLines(shared, f1, firstStride, half, g + 8, k));
            _row2.Add(columns, TFormat.FirstOfLines(shared, f2, firstStride, half, g, k), TFormat.FirstOfLines(shared, f2, firstStride, half, g + 8, k));
            _row3.Add(columns, TFormat.FirstOfLines(shared, f3, firstStride, half, g, k), TFormat.FirstOfLines(shared, f3, firstStride, half, g + 8, k));
        }
    }

    /// <inheritdoc/>
    public readonly void Spill(int part, bool wide, ArrayView<float> shared, int lane, int target)
    {
        var stride = WarpTile.SpillStride(wide ? 64 : 32);
        var place = target + (lane >> 2) * stride + 2 * (lane & 3);
        if (part == 0) _row0.Spill(shared, place, stride, wide);
        else if (part == 1) _row1.Spill(shared, place, stride, wide);
        else if (part == 2) _row2.Spill(shared, place, stride, wide);
        else _row3.Spill(shared, place, stride, wide);
    }

    /// <inheritdoc/>
    public void FetchFour<TSlot>(ArrayView<float> shared, int target, int offset, ArrayView<float> source, long address, int index, int valid, bool again)
        where TSlot : struct, ISlot
    {
        var value = default(Float4);
        if (valid != 0) value = source.Cast<Float4>()[index >> 2];
        Arrived(TSlot.Number, shared, target + offset, value);
    }

    /// <inheritdoc/>
    public void FetchSome<TSlot>(ArrayView<float> shared, int target, int offset, ArrayView<float> source, long address, int index, int count)
        where TSlot : struct, ISlot
    {
        var value = default(Float4);
        if (count > 0) value.X = source[index];
        if (count > 1) value.Y = source[index + 1];
        if (count > 2) value.Z = source[index + 2];
        if (count > 3) value.W = source[index + 3];
        Arrived(TSlot.Number, shared, target + offset, value);
    }

    /// <inheritdoc/>
    public readonly void Settle<TSlot>(ArrayView<float> shared, int target, int offset)
        where TSlot : struct, ISlot
    {
        if (TFormat.IsStaged) TFormat.Store(shared, target + offset, Slot(TSlot.Number));
    }

    /// <inheritdoc/>
    public void AddUp<TSlot>()
        where TSlot : struct, ISlot
    {
        var value = Slot(TSlot.Number);
        _totals = new(_totals.X + value.X, _totals.Y + value.Y, _totals.Z + value.Z, _totals.W + value.W);
    }

    /// <inheritdoc/>
    public readonly void SpillTotals(ArrayView<float> shared, int target) => shared.Cast<Float4>()[target >> 2] = _totals;

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

    /// <inheritdoc/>
    public static void WarpBarrier() => Warp.Barrier();

    private static FragmentColumns Columns(ArrayView<float> shared, int lane, int half, bool wide, int second, int stride, int k)
    {
        var t = 2 * (lane & 3);
        return new()
        {
            Pair0 = Pair(shared, half, second, stride, 0, k, t),
            Pair1 = Pair(shared, half, second, stride, 2, k, t),
            Pair2 = wide ? Pair(shared, half, second, stride, 4, k, t) : default,
            Pair3 = wide ? Pair(shared, half, second, stride, 6, k, t) : default,
        };
    }

    private static Float4 Pair(ArrayView<float> shared, int half, int second, int stride, int fragment, int k, int column) => new(
        TFormat.SecondOfLines(shared, second, stride, half, fragment, k, column), TFormat.SecondOfLines(shared, second, stride, half, fragment, k, column + 1),
        TFormat.SecondOfLines(shared, second, stride, half, fragment + 1, k, column), TFormat.SecondOfLines(shared, second, stride, half, fragment + 1, k, column + 1));

    private void Arrived(int slot, ArrayView<float> shared, int target, Float4 value)
    {
        if (!TFormat.IsStaged) TFormat.Store(shared, target, value);
        else if (slot == 0) _s0 = value;
        else if (slot == 1) _s1 = value;
        else if (slot == 2) _s2 = value;
        else if (slot == 3) _s3 = value;
        else if (slot == 4) _s4 = value;
        else if (slot == 5) _s5 = value;
        else if (slot == 6) _s6 = value;
        else if (slot == 7) _s7 = value;
        else if (slot == 8) _s8 = value;
        else if (slot == 9) _s9 = value;
        else if (slot == 10) _s10 = value;
        else if (slot == 11) _s11 = value;
        else if (slot == 12) _s12 = value;
        else if (slot == 13) _s13 = value;
        else if (slot == 14) _s14 = value;
        else if (slot == 15) _s15 = value;
        else if (slot == 16) _s16 = value;
        else if (slot == 17) _s17 = value;
        else if (slot == 18) _s18 = value;
        else if (slot == 19) _s19 = value;
        else if (slot == 20) _s20 = value;
        else if (slot == 21) _s21 = value;
        else if (slot == 22) _s22 = value;
        else _s23 = value;
    }

    private readonly Float4 Slot(int slot)
    {
        if (slot == 0) return _s0;
        if (slot == 1) return _s1;
        if (slot == 2) return _s2;
        if (slot == 3) return _s3;
        if (slot == 4) return _s4;
        if (slot == 5) return _s5;
        if (slot == 6) return _s6;
        if (slot == 7) return _s7;
        if (slot == 8) return _s8;
        if (slot == 9) return _s9;
        if (slot == 10) return _s10;
        if (slot == 11) return _s11;
        if (slot == 12) return _s12;
        if (slot == 13) return _s13;
        if (slot == 14) return _s14;
        if (slot == 15) return _s15;
        if (slot == 16) return _s16;
        if (slot == 17) return _s17;
        if (slot == 18) return _s18;
        if (slot == 19) return _s19;
        if (slot == 20) return _s20;
        if (slot == 21) return _s21;
        if (slot == 22) return _s22;
        return _s23;
    }
}
