using System.Runtime.CompilerServices;
using ILGPU;

namespace Gpu.Kernels.Convolution.TensorCore;

/// <content>How tiles come to shared memory. A thread copies the same quads of four values in every step; slots are types, so the loops over them are written out.</content>
internal partial struct TensorCoreWeightGradient<TUnit, TTile>
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
        // From here on the places in the table are constants.
        var lines = table.SubView((step & (SharedTiles<TUnit, TTile>.Ring - 1)) * TUnit.Depth + line, TUnit.Depth - RowLines + 1);
        var target = stage + line * SharedTiles<TUnit, TTile>.FirstStride + TUnit.LinePlace(4 * (thread & (QuadsOfRows - 1)));
        if (VectorInput)
        {
            Rows<FirstSlot0>(ref unit, 0, shared, lines, rows, target, true);
            Rows<FirstSlot1>(ref unit, 1, shared, lines, rows, target, true);
            Rows<FirstSlot2>(ref unit, 2, shared, lines, rows, target, true);
            Rows<FirstSlot3>(ref unit, 3, shared, lines, rows, target, true);
            Rows<FirstSlot4>(ref unit, 4, shared, lines, rows, target, true);
            Rows<FirstSlot5>(ref unit, 5, shared, lines, rows, target, true);
            Rows<FirstSlot6>(ref unit, 6, shared, lines, rows, target, true);
            Rows<FirstSlot7>(ref unit, 7, shared, lines, rows, target, true);
            Rows<FirstSlot8>(ref unit, 8, shared, lines, rows, target, true);
            Rows<FirstSlot9>(ref unit, 9, shared, lines, rows, target, true);
            Rows<FirstSlot10>(ref unit, 10, shared, lines, rows, target, true);
            Rows<FirstSlot11>(ref unit, 11, shared, lines, rows, target, true);
            Rows<FirstSlot12>(ref unit, 12, shared, lines, rows, target, true);
            Rows<FirstSlot13>(ref unit, 13, shared, lines, rows, target, true);
            Rows<FirstSlot14>(ref unit, 14, shared, lines, rows, target, true);
            Rows<FirstSlot15>(ref unit, 15, shared, lines, rows, target, true);
            return;
        }

        Rows<FirstSlot0>(ref unit, 0, shared, lines, rows, target, false);
        Rows<FirstSlot1>(ref unit, 1, shared, lines, rows, target, false);
        Rows<FirstSlot2>(ref unit, 2, shared, lines, rows, target, false);
        Rows<FirstSlot3>(ref unit, 3, shared, lines, rows, target, false);
        Rows<FirstSlot4>(ref unit, 4, shared, lines, rows, target, false);
        Rows<FirstSlot5>(ref unit, 5, shared, lines, rows, target, false);
        Rows<FirstSlot6>(ref unit, 6, shared, lines, rows, target, false);
        Rows<FirstSlot7>(ref unit, 7, shared, lines, rows, target, false);
        Rows<FirstSlot8>(ref unit, 8, shared, lines, rows, target, false);
        Rows<FirstSlot9>(ref unit, 9, shared, lines, rows, target, false);
        Rows<FirstSlot10>(ref unit, 10, shared, lines, rows, target, false);
        Rows<FirstSlot11>(ref unit, 11, shared, lines, rows, target, false);
        Rows<FirstSlot12>(ref unit, 12, shared, lines, rows, target, false);
        Rows<FirstSlot13>(ref unit, 13, shared, lines, rows, target, false);
        Rows<FirstSlot14>(ref unit, 14, shared, lines, rows, target, false);
        Rows<FirstSlot15>(ref unit, 15, shared, lines, rows, target, false);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Rows<TSlot>(
        ref TUnit unit, int slot, ArrayView<float> shared, ArrayView<TableEntry> lines, TableEntry rows, int target, bool vector)
        where TSlot : struct, ISlot
    {
        if (slot >= SharedTiles<TUnit, TTile>.FirstQuads) return;
        var pixel = lines[slot * RowLines];
        var inside = ((uint)(pixel.B + rows.A) < (uint)Geometry.InputHeight) & ((uint)(pixel.C + rows.B) < (uint)Geometry.InputWidth);
        var offset = slot * RowLines * SharedTiles<TUnit, TTile>.FirstStride;
        if (vector) unit.FetchFour<TSlot>(shared, target, offset, Input, InputAddress, pixel.A + rows.C, inside & (rows.D > 0) ? 1 : 0, true);
        else unit.FetchSome<TSlot>(shared, target, offset, Input, InputAddress, pixel.A + rows.C, (inside ? 1 : 0) * rows.D);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void FetchSecond(
        ref TUnit unit, ArrayView<float> shared, ArrayView<TableEntry> table, int step, int stage, int thread, int group, int firstColumn)
    {
        var line = thread / QuadsOfColumns;
        var within = (thread & (QuadsOfColumns - 1)) * 4;
        var lines = table.SubView((step & (SharedTiles<TUnit, TTile>.Ring - 1)) * TUnit.Depth + line, TUnit.Depth - ColumnLines + 1);
        var target = stage + SharedTiles<TUnit, TTile>.FirstInLines + line * SharedTiles<TUnit, TTile>.SecondStride + TUnit.LinePlace(within);
        var move = group * Geometry.OutputPerGroup + firstColumn + within;
        var channels = Geometry.OutputPerGroup - firstColumn - within;
        if (VectorGradient)
        {
            Columns<SecondSlot0>(ref unit, 0, shared, lines, target, move, channels, true);
            Columns<SecondSlot1>(ref unit, 1, shared, lines, target, move, channels, true);
            Columns<SecondSlot2>(ref unit, 2, shared, lines, target, move, channels, true);
            Columns<SecondSlot3>(ref unit, 3, shared, lines, target, move, channels, true);
            Columns<SecondSlot4>(ref unit, 4, shared, lines, target, move, channels, true);
            Columns<SecondSlot5>(ref unit, 5, shared, lines, target, move, channels, true);
            Columns<SecondSlot6>(ref unit, 6, shared, lines, target, move, channels, true);
            Columns<SecondSlot7>(ref unit, 7, shared, lines, target, move, channels, true);
            return;
        }

        Columns<SecondSlot0>(ref unit, 0, shared, lines, target, move, channels, false);
        Columns<SecondSlot1>(ref unit, 1, shared, lines, target, move, channels, false);
        Columns<SecondSlot2>(ref unit, 2, shared, lines, target, move, channels, false);
        Columns<SecondSlot3>(ref unit, 3, shared, lines, target, move, channels, false);
        Columns<SecondSlot4>(ref unit, 4, shared, lines, target, move, channels, false);
        Columns<SecondSlot5>(ref unit, 5, shared, lines, target, move, channels, false);
        Columns<SecondSlot6>(ref unit, 6, shared, lines, target, move, channels, false);
        Columns<SecondSlot7>(ref unit, 7, shared, lines, target, move, channels, false);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Columns<TSlot>(
        ref TUnit unit, int slot, ArrayView<float> shared, ArrayView<TableEntry> lines, int target, int move, int channels, bool vector)
        where TSlot : struct, ISlot
    {
        if (slot >= SharedTiles<TUnit, TTile>.SecondQuads) return;
        var start = lines[slot * ColumnLines].D;
        var offset = slot * ColumnLines * SharedTiles<TUnit, TTile>.SecondStride;
        var exists = start >= 0;
        if (vector) unit.FetchFour<TSlot>(shared, target, offset, OutputGradient, OutputGradientAddress, start + move, exists & (channels > 0) ? 1 : 0, false);
        else unit.FetchSome<TSlot>(shared, target, offset, OutputGradient, OutputGradientAddress, start + move, (exists ? 1 : 0) * channels);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void SettleFirst(ref TUnit unit, ArrayView<float> shared, int stage, int thread)
    {
        var target = stage + thread / QuadsOfRows * SharedTiles<TUnit, TTile>.FirstStride + TUnit.LinePlace(4 * (thread & (QuadsOfRows - 1)));
        SettleRows<FirstSlot0>(ref unit, 0, shared, target);
        SettleRows<FirstSlot1>(ref unit, 1, shared, target);
        SettleRows<FirstSlot2>(ref unit, 2, shared, target);
        SettleRows<FirstSlot3>(ref unit, 3, shared, target);
        SettleRows<FirstSlot4>(ref unit, 4, shared, target);
        SettleRows<FirstSlot5>(ref unit, 5, shared, target);
        SettleRows<FirstSlot6>(ref unit, 6, shared, target);
        SettleRows<FirstSlot7>(ref unit, 7, shared, target);
        SettleRows<FirstSlot8>(ref unit, 8, shared, target);
        SettleRows<FirstSlot9>(ref unit, 9, shared, target);
        SettleRows<FirstSlot10>(ref unit, 10, shared, target);
        SettleRows<FirstSlot11>(ref unit, 11, shared, target);
        SettleRows<FirstSlot12>(ref unit, 12, shared, target);
        SettleRows<FirstSlot13>(ref unit, 13, shared, target);
        SettleRows<FirstSlot14>(ref unit, 14, shared, target);
        SettleRows<FirstSlot15>(ref unit, 15, shared, target);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void SettleRows<TSlot>(ref TUnit unit, int slot, ArrayView<float> shared, int target)
        where TSlot : struct, ISlot
    {
        if (slot < SharedTiles<TUnit, TTile>.FirstQuads) unit.Settle<TSlot>(shared, target, slot * RowLines * SharedTiles<TUnit, TTile>.FirstStride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void SettleSecond(ref TUnit unit, ArrayView<float> shared, int stage, int thread, bool sumsBias)
    {
        var line = thread / QuadsOfColumns;
        var target = stage + SharedTiles<TUnit, TTile>.FirstInLines + line * SharedTiles<TUnit, TTile>.SecondStride + TUnit.LinePlace(4 * (thread & (QuadsOfColumns - 1)));
        SettleColumns<SecondSlot0>(ref unit, 0, shared, target);
        SettleColumns<SecondSlot1>(ref unit, 1, shared, target);
        SettleColumns<SecondSlot2>(ref unit, 2, shared, target);
        SettleColumns<SecondSlot3>(ref unit, 3, shared, target);
        SettleColumns<SecondSlot4>(ref unit, 4, shared, target);
        SettleColumns<SecondSlot5>(ref unit, 5, shared, target);
        SettleColumns<SecondSlot6>(ref unit, 6, shared, target);
        SettleColumns<SecondSlot7>(ref unit, 7, shared, target);
        if (!sumsBias) return;
        AddUp<SecondSlot0>(ref unit, 0);
        AddUp<SecondSlot1>(ref unit, 1);
        AddUp<SecondSlot2>(ref unit, 2);
        AddUp<SecondSlot3>(ref unit, 3);
        AddUp<SecondSlot4>(ref unit, 4);
        AddUp<SecondSlot5>(ref unit, 5);
        AddUp<SecondSlot6>(ref unit, 6);
        AddUp<SecondSlot7>(ref unit, 7);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void SettleColumns<TSlot>(ref TUnit unit, int slot, ArrayView<float> shared, int target)
        where TSlot : struct, ISlot
    {
        if (slot < SharedTiles<TUnit, TTile>.SecondQuads) unit.Settle<TSlot>(shared, target, slot * ColumnLines * SharedTiles<TUnit, TTile>.SecondStride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddUp<TSlot>(ref TUnit unit, int slot)
        where TSlot : struct, ISlot
    {
        if (slot < SharedTiles<TUnit, TTile>.SecondQuads) unit.AddUp<TSlot>();
    }
}
