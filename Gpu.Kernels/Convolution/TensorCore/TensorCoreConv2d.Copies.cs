using System.Runtime.CompilerServices;
using ILGPU;

namespace Gpu.Kernels.Convolution.TensorCore;

/// <content>How tiles come to shared memory. A thread copies the same quads of four values in every step; slots are types, so the loops over them are written out.</content>
internal partial struct TensorCoreConv2d<TActivation, TUnit, TTile>
{
    // Quads of a row, and rows that the group's threads copy one quad each of: a multiple of eight, so that quads lie alike in their rows.
    private static int QuadsOfRow => TUnit.Depth / 4;

    private static int RowsAtOnce => SharedTiles<TUnit, TTile>.Threads / QuadsOfRow;

    private static int QuadsOfLine => TTile.Columns / 4;

    private static int LinesAtOnce => SharedTiles<TUnit, TTile>.Threads / QuadsOfLine;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void FetchBoth(
        ref TUnit unit, ArrayView<float> shared, ArrayView<TableEntry> table, int step, int stage, int thread, int group, int firstColumn)
    {
        FetchFirst(ref unit, shared, table, step, stage, thread);
        FetchSecond(ref unit, shared, table, step, stage, thread, group, firstColumn);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void FetchFirst(ref TUnit unit, ArrayView<float> shared, ArrayView<TableEntry> table, int step, int stage, int thread)
    {
        var quad = thread & (QuadsOfRow - 1);
        var row = thread / QuadsOfRow;
        var taps = TTile.Rows + (step & (SharedTiles<TUnit, TTile>.Ring - 1)) * TUnit.Depth + 4 * quad;
        var tap = table[taps];
        // From here on the places in the table are constants.
        var rows = table.SubView(row, TTile.Rows - RowsAtOnce + 1);
        var target = stage + TUnit.RowPlace(row, quad);
        if (VectorInput)
        {
            Quad<FirstSlot0>(ref unit, 0, shared, rows, tap, target, 4, true);
            Quad<FirstSlot1>(ref unit, 1, shared, rows, tap, target, 4, true);
            Quad<FirstSlot2>(ref unit, 2, shared, rows, tap, target, 4, true);
            Quad<FirstSlot3>(ref unit, 3, shared, rows, tap, target, 4, true);
            Quad<FirstSlot4>(ref unit, 4, shared, rows, tap, target, 4, true);
            Quad<FirstSlot5>(ref unit, 5, shared, rows, tap, target, 4, true);
            Quad<FirstSlot6>(ref unit, 6, shared, rows, tap, target, 4, true);
            Quad<FirstSlot7>(ref unit, 7, shared, rows, tap, target, 4, true);
            Quad<FirstSlot8>(ref unit, 8, shared, rows, tap, target, 4, true);
            Quad<FirstSlot9>(ref unit, 9, shared, rows, tap, target, 4, true);
            Quad<FirstSlot10>(ref unit, 10, shared, rows, tap, target, 4, true);
            Quad<FirstSlot11>(ref unit, 11, shared, rows, tap, target, 4, true);
            Quad<FirstSlot12>(ref unit, 12, shared, rows, tap, target, 4, true);
            Quad<FirstSlot13>(ref unit, 13, shared, rows, tap, target, 4, true);
            Quad<FirstSlot14>(ref unit, 14, shared, rows, tap, target, 4, true);
            Quad<FirstSlot15>(ref unit, 15, shared, rows, tap, target, 4, true);
            return;
        }

        // A channel exists if its row of weights does.
        var words = 1 + (table[taps + 1].D >= 0 ? 1 : 0) + (table[taps + 2].D >= 0 ? 1 : 0) + (table[taps + 3].D >= 0 ? 1 : 0);
        Quad<FirstSlot0>(ref unit, 0, shared, rows, tap, target, words, false);
        Quad<FirstSlot1>(ref unit, 1, shared, rows, tap, target, words, false);
        Quad<FirstSlot2>(ref unit, 2, shared, rows, tap, target, words, false);
        Quad<FirstSlot3>(ref unit, 3, shared, rows, tap, target, words, false);
        Quad<FirstSlot4>(ref unit, 4, shared, rows, tap, target, words, false);
        Quad<FirstSlot5>(ref unit, 5, shared, rows, tap, target, words, false);
        Quad<FirstSlot6>(ref unit, 6, shared, rows, tap, target, words, false);
        Quad<FirstSlot7>(ref unit, 7, shared, rows, tap, target, words, false);
        Quad<FirstSlot8>(ref unit, 8, shared, rows, tap, target, words, false);
        Quad<FirstSlot9>(ref unit, 9, shared, rows, tap, target, words, false);
        Quad<FirstSlot10>(ref unit, 10, shared, rows, tap, target, words, false);
        Quad<FirstSlot11>(ref unit, 11, shared, rows, tap, target, words, false);
        Quad<FirstSlot12>(ref unit, 12, shared, rows, tap, target, words, false);
        Quad<FirstSlot13>(ref unit, 13, shared, rows, tap, target, words, false);
        Quad<FirstSlot14>(ref unit, 14, shared, rows, tap, target, words, false);
        Quad<FirstSlot15>(ref unit, 15, shared, rows, tap, target, words, false);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Quad<TSlot>(
        ref TUnit unit, int slot, ArrayView<float> shared, ArrayView<TableEntry> rows, TableEntry tap, int target, int words, bool vector)
        where TSlot : struct, ISlot
    {
        if (slot >= SharedTiles<TUnit, TTile>.FirstQuads) return;
        var place = rows[slot * RowsAtOnce];
        var inside = ((uint)(place.B + tap.A) < (uint)Geometry.InputHeight) & ((uint)(place.C + tap.B) < (uint)Geometry.InputWidth);
        var offset = slot * RowsAtOnce * TileLayout.RowWords;
        if (vector) unit.FetchFour<TSlot>(shared, target, offset, Input, InputAddress, place.A + tap.C, inside ? 1 : 0, true);
        else unit.FetchSome<TSlot>(shared, target, offset, Input, InputAddress, place.A + tap.C, (inside ? 1 : 0) * words);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void FetchSecond(
        ref TUnit unit, ArrayView<float> shared, ArrayView<TableEntry> table, int step, int stage, int thread, int group, int firstColumn)
    {
        var line = thread / QuadsOfLine;
        var within = (thread & (QuadsOfLine - 1)) * 4;
        var column = firstColumn + within;
        var panel = column / TensorCoreConv2dLaunch.PanelWidth;
        var move = panel * Geometry.WeightPanelStride + column - panel * TensorCoreConv2dLaunch.PanelWidth;
        var lines = table.SubView(TTile.Rows + (step & (SharedTiles<TUnit, TTile>.Ring - 1)) * TUnit.Depth + line, TUnit.Depth - LinesAtOnce + 1);
        var target = stage + SharedTiles<TUnit, TTile>.FirstInRows + line * SharedTiles<TUnit, TTile>.SecondStride + TUnit.LinePlace(within);
        var exists = column < WeightColumns;
        Line<SecondSlot0>(ref unit, 0, shared, lines, target, move, exists);
        Line<SecondSlot1>(ref unit, 1, shared, lines, target, move, exists);
        Line<SecondSlot2>(ref unit, 2, shared, lines, target, move, exists);
        Line<SecondSlot3>(ref unit, 3, shared, lines, target, move, exists);
        Line<SecondSlot4>(ref unit, 4, shared, lines, target, move, exists);
        Line<SecondSlot5>(ref unit, 5, shared, lines, target, move, exists);
        Line<SecondSlot6>(ref unit, 6, shared, lines, target, move, exists);
        Line<SecondSlot7>(ref unit, 7, shared, lines, target, move, exists);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Line<TSlot>(
        ref TUnit unit, int slot, ArrayView<float> shared, ArrayView<TableEntry> lines, int target, int move, bool exists)
        where TSlot : struct, ISlot
    {
        if (slot >= SharedTiles<TUnit, TTile>.SecondQuads) return;
        var weights = lines[slot * LinesAtOnce].D;
        var valid = exists & (weights >= 0) ? 1 : 0;
        var offset = slot * LinesAtOnce * SharedTiles<TUnit, TTile>.SecondStride;
        unit.FetchFour<TSlot>(shared, target, offset, Weights, WeightsAddress, weights + move, valid, false);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void SettleFirst(ref TUnit unit, ArrayView<float> shared, int stage, int thread)
    {
        var target = stage + TUnit.RowPlace(thread / QuadsOfRow, thread & (QuadsOfRow - 1));
        SettleQuad<FirstSlot0>(ref unit, 0, shared, target);
        SettleQuad<FirstSlot1>(ref unit, 1, shared, target);
        SettleQuad<FirstSlot2>(ref unit, 2, shared, target);
        SettleQuad<FirstSlot3>(ref unit, 3, shared, target);
        SettleQuad<FirstSlot4>(ref unit, 4, shared, target);
        SettleQuad<FirstSlot5>(ref unit, 5, shared, target);
        SettleQuad<FirstSlot6>(ref unit, 6, shared, target);
        SettleQuad<FirstSlot7>(ref unit, 7, shared, target);
        SettleQuad<FirstSlot8>(ref unit, 8, shared, target);
        SettleQuad<FirstSlot9>(ref unit, 9, shared, target);
        SettleQuad<FirstSlot10>(ref unit, 10, shared, target);
        SettleQuad<FirstSlot11>(ref unit, 11, shared, target);
        SettleQuad<FirstSlot12>(ref unit, 12, shared, target);
        SettleQuad<FirstSlot13>(ref unit, 13, shared, target);
        SettleQuad<FirstSlot14>(ref unit, 14, shared, target);
        SettleQuad<FirstSlot15>(ref unit, 15, shared, target);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void SettleQuad<TSlot>(ref TUnit unit, int slot, ArrayView<float> shared, int target)
        where TSlot : struct, ISlot
    {
        if (slot < SharedTiles<TUnit, TTile>.FirstQuads) unit.Settle<TSlot>(shared, target, slot * RowsAtOnce * TileLayout.RowWords);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void SettleSecond(ref TUnit unit, ArrayView<float> shared, int stage, int thread)
    {
        var line = thread / QuadsOfLine;
        var within = (thread & (QuadsOfLine - 1)) * 4;
        var target = stage + SharedTiles<TUnit, TTile>.FirstInRows + line * SharedTiles<TUnit, TTile>.SecondStride + TUnit.LinePlace(within);
        SettleLine<SecondSlot0>(ref unit, 0, shared, target);
        SettleLine<SecondSlot1>(ref unit, 1, shared, target);
        SettleLine<SecondSlot2>(ref unit, 2, shared, target);
        SettleLine<SecondSlot3>(ref unit, 3, shared, target);
        SettleLine<SecondSlot4>(ref unit, 4, shared, target);
        SettleLine<SecondSlot5>(ref unit, 5, shared, target);
        SettleLine<SecondSlot6>(ref unit, 6, shared, target);
        SettleLine<SecondSlot7>(ref unit, 7, shared, target);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void SettleLine<TSlot>(ref TUnit unit, int slot, ArrayView<float> shared, int target)
        where TSlot : struct, ISlot
    {
        if (slot < SharedTiles<TUnit, TTile>.SecondQuads) unit.Settle<TSlot>(shared, target, slot * LinesAtOnce * SharedTiles<TUnit, TTile>.SecondStride);
    }
}
