using System.Runtime.CompilerServices;
using ILGPU;

namespace Gpu.Kernels.Cuda.TensorCores;

/// <content>How tiles come to shared memory. A thread copies the same quads of four values in every step; slots are constants, so the loops over them are written out.</content>
public partial struct TensorWeightGradient<TUnit, TTile>
{
    // Quads of a line of the first and of the second operand, and lines that the group's threads copy one quad each of.
    private static int QuadsOfRows => TTile.Rows / 4;

    private static int QuadsOfColumns => TTile.Columns / 4;

    private static int RowLines => SharedTiles<TUnit, TTile>.Threads / QuadsOfRows;

    private static int ColumnLines => SharedTiles<TUnit, TTile>.Threads / QuadsOfColumns;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void FetchBoth(
        ref TUnit unit, ArrayView<float> shared, ArrayView<TableEntry> table, TableEntry rows, int step, int stage, int thread, int group, int firstColumn)
    {
        FetchFirst(ref unit, shared, table, rows, step, stage, thread);
        FetchSecond(ref unit, shared, table, step, stage, thread, group, firstColumn);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void FetchFirst(
        ref TUnit unit, ArrayView<float> shared, ArrayView<TableEntry> table, TableEntry rows, int step, int stage, int thread)
    {
        var line = thread / QuadsOfRows;
        var from = (step & (SharedTiles<TUnit, TTile>.Ring - 1)) * TUnit.Depth + line;
        var target = stage + line * SharedTiles<TUnit, TTile>.FirstStride + TUnit.LinePlace(4 * (thread & (QuadsOfRows - 1)));
        if (VectorInput)
        {
            Rows(ref unit, 0, shared, table, rows, from, target, true);
            Rows(ref unit, 1, shared, table, rows, from, target, true);
            Rows(ref unit, 2, shared, table, rows, from, target, true);
            Rows(ref unit, 3, shared, table, rows, from, target, true);
            Rows(ref unit, 4, shared, table, rows, from, target, true);
            Rows(ref unit, 5, shared, table, rows, from, target, true);
            Rows(ref unit, 6, shared, table, rows, from, target, true);
            Rows(ref unit, 7, shared, table, rows, from, target, true);
            Rows(ref unit, 8, shared, table, rows, from, target, true);
            Rows(ref unit, 9, shared, table, rows, from, target, true);
            Rows(ref unit, 10, shared, table, rows, from, target, true);
            Rows(ref unit, 11, shared, table, rows, from, target, true);
            Rows(ref unit, 12, shared, table, rows, from, target, true);
            Rows(ref unit, 13, shared, table, rows, from, target, true);
            Rows(ref unit, 14, shared, table, rows, from, target, true);
            Rows(ref unit, 15, shared, table, rows, from, target, true);
            return;
        }

        Rows(ref unit, 0, shared, table, rows, from, target, false);
        Rows(ref unit, 1, shared, table, rows, from, target, false);
        Rows(ref unit, 2, shared, table, rows, from, target, false);
        Rows(ref unit, 3, shared, table, rows, from, target, false);
        Rows(ref unit, 4, shared, table, rows, from, target, false);
        Rows(ref unit, 5, shared, table, rows, from, target, false);
        Rows(ref unit, 6, shared, table, rows, from, target, false);
        Rows(ref unit, 7, shared, table, rows, from, target, false);
        Rows(ref unit, 8, shared, table, rows, from, target, false);
        Rows(ref unit, 9, shared, table, rows, from, target, false);
        Rows(ref unit, 10, shared, table, rows, from, target, false);
        Rows(ref unit, 11, shared, table, rows, from, target, false);
        Rows(ref unit, 12, shared, table, rows, from, target, false);
        Rows(ref unit, 13, shared, table, rows, from, target, false);
        Rows(ref unit, 14, shared, table, rows, from, target, false);
        Rows(ref unit, 15, shared, table, rows, from, target, false);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Rows(
        ref TUnit unit, int slot, ArrayView<float> shared, ArrayView<TableEntry> table, TableEntry rows, int from, int target, bool vector)
    {
        if (slot >= SharedTiles<TUnit, TTile>.FirstQuads) return;
        var pixel = table[from + slot * RowLines];
        var inside = ((uint)(pixel.B + rows.A) < (uint)Geometry.InputHeight) & ((uint)(pixel.C + rows.B) < (uint)Geometry.InputWidth);
        var at = target + slot * RowLines * SharedTiles<TUnit, TTile>.FirstStride;
        if (vector) unit.FetchFour(slot, shared, at, Input, InputAddress, pixel.A + rows.C, inside & (rows.D > 0) ? 1 : 0, true);
        else unit.FetchSome(slot, shared, at, Input, InputAddress, pixel.A + rows.C, inside ? rows.D : 0);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void FetchSecond(
        ref TUnit unit, ArrayView<float> shared, ArrayView<TableEntry> table, int step, int stage, int thread, int group, int firstColumn)
    {
        var line = thread / QuadsOfColumns;
        var within = (thread & (QuadsOfColumns - 1)) * 4;
        var from = (step & (SharedTiles<TUnit, TTile>.Ring - 1)) * TUnit.Depth + line;
        var target = stage + SharedTiles<TUnit, TTile>.FirstInLines + line * SharedTiles<TUnit, TTile>.SecondStride + TUnit.LinePlace(within);
        var move = group * Geometry.OutputPerGroup + firstColumn + within;
        var channels = Geometry.OutputPerGroup - firstColumn - within;
        if (VectorGradient)
        {
            Columns(ref unit, 0, shared, table, from, target, move, channels, true);
            Columns(ref unit, 1, shared, table, from, target, move, channels, true);
            Columns(ref unit, 2, shared, table, from, target, move, channels, true);
            Columns(ref unit, 3, shared, table, from, target, move, channels, true);
            Columns(ref unit, 4, shared, table, from, target, move, channels, true);
            Columns(ref unit, 5, shared, table, from, target, move, channels, true);
            Columns(ref unit, 6, shared, table, from, target, move, channels, true);
            Columns(ref unit, 7, shared, table, from, target, move, channels, true);
            return;
        }

        Columns(ref unit, 0, shared, table, from, target, move, channels, false);
        Columns(ref unit, 1, shared, table, from, target, move, channels, false);
        Columns(ref unit, 2, shared, table, from, target, move, channels, false);
        Columns(ref unit, 3, shared, table, from, target, move, channels, false);
        Columns(ref unit, 4, shared, table, from, target, move, channels, false);
        Columns(ref unit, 5, shared, table, from, target, move, channels, false);
        Columns(ref unit, 6, shared, table, from, target, move, channels, false);
        Columns(ref unit, 7, shared, table, from, target, move, channels, false);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Columns(
        ref TUnit unit, int slot, ArrayView<float> shared, ArrayView<TableEntry> table, int from, int target, int move, int channels, bool vector)
    {
        if (slot >= SharedTiles<TUnit, TTile>.SecondQuads) return;
        var start = table[from + slot * ColumnLines].D;
        var at = target + slot * ColumnLines * SharedTiles<TUnit, TTile>.SecondStride;
        var number = SharedTiles<TUnit, TTile>.FirstQuads + slot;
        var exists = start >= 0;
        if (vector) unit.FetchFour(number, shared, at, OutputGradient, OutputGradientAddress, start + move, exists & (channels > 0) ? 1 : 0, false);
        else unit.FetchSome(number, shared, at, OutputGradient, OutputGradientAddress, start + move, exists ? channels : 0);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void SettleFirst(ref TUnit unit, ArrayView<float> shared, int stage, int thread)
    {
        var target = stage + thread / QuadsOfRows * SharedTiles<TUnit, TTile>.FirstStride + TUnit.LinePlace(4 * (thread & (QuadsOfRows - 1)));
        SettleRows(ref unit, 0, shared, target);
        SettleRows(ref unit, 1, shared, target);
        SettleRows(ref unit, 2, shared, target);
        SettleRows(ref unit, 3, shared, target);
        SettleRows(ref unit, 4, shared, target);
        SettleRows(ref unit, 5, shared, target);
        SettleRows(ref unit, 6, shared, target);
        SettleRows(ref unit, 7, shared, target);
        SettleRows(ref unit, 8, shared, target);
        SettleRows(ref unit, 9, shared, target);
        SettleRows(ref unit, 10, shared, target);
        SettleRows(ref unit, 11, shared, target);
        SettleRows(ref unit, 12, shared, target);
        SettleRows(ref unit, 13, shared, target);
        SettleRows(ref unit, 14, shared, target);
        SettleRows(ref unit, 15, shared, target);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void SettleRows(ref TUnit unit, int slot, ArrayView<float> shared, int target)
    {
        if (slot < SharedTiles<TUnit, TTile>.FirstQuads) unit.Settle(slot, shared, target + slot * RowLines * SharedTiles<TUnit, TTile>.FirstStride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void SettleSecond(ref TUnit unit, ArrayView<float> shared, int stage, int thread, bool sumsBias)
    {
        var line = thread / QuadsOfColumns;
        var target = stage + SharedTiles<TUnit, TTile>.FirstInLines + line * SharedTiles<TUnit, TTile>.SecondStride + TUnit.LinePlace(4 * (thread & (QuadsOfColumns - 1)));
        SettleColumns(ref unit, 0, shared, target);
        SettleColumns(ref unit, 1, shared, target);
        SettleColumns(ref unit, 2, shared, target);
        SettleColumns(ref unit, 3, shared, target);
        SettleColumns(ref unit, 4, shared, target);
        SettleColumns(ref unit, 5, shared, target);
        SettleColumns(ref unit, 6, shared, target);
        SettleColumns(ref unit, 7, shared, target);
        if (!sumsBias) return;
        AddUp(ref unit, 0);
        AddUp(ref unit, 1);
        AddUp(ref unit, 2);
        AddUp(ref unit, 3);
        AddUp(ref unit, 4);
        AddUp(ref unit, 5);
        AddUp(ref unit, 6);
        AddUp(ref unit, 7);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void SettleColumns(ref TUnit unit, int slot, ArrayView<float> shared, int target)
    {
        if (slot < SharedTiles<TUnit, TTile>.SecondQuads)
            unit.Settle(SharedTiles<TUnit, TTile>.FirstQuads + slot, shared, target + slot * ColumnLines * SharedTiles<TUnit, TTile>.SecondStride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddUp(ref TUnit unit, int slot)
    {
        if (slot < SharedTiles<TUnit, TTile>.SecondQuads) unit.AddUp(SharedTiles<TUnit, TTile>.FirstQuads + slot);
    }
}
