using System.Runtime.CompilerServices;
using Gpu.Kernels.Activations;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;
using ILGPU;

namespace Gpu.Kernels.Convolution.TensorCore;

/// <summary>
/// <see cref="DirectConv2d{TBackend,TVector,TActivation}"/> on tensor cores: a matrix product whose rows are output pixels, whose columns are the output channels of a group, and
/// whose k runs over taps and input channels. The first operand is never laid out in memory: its rows are copied to shared memory from where the taps lie.
/// </summary>
/// <remarks>
/// A group of threads computes one tile of the product. k counts the channels of one tap after the other, rounded up to fours; a step takes the next <see cref="ITensorCoreUnit.Depth"/>
/// of them, of as many taps as that may be. Where a value of k lies is worked out once for the group, a few steps ahead. While a stage is multiplied, the next ones arrive.
/// The sums of a tile pass through shared memory on their way out, so that the output is written in long runs and the activation sees vectors.
/// </remarks>
internal struct TensorCoreConv2d<TActivation, TUnit, TTile> : IGroupedKernel
    where TActivation : struct, IActivation
    where TUnit : struct, ITensorCoreUnit
    where TTile : struct, IBlockTile
{
    // A row that no pixel belongs to, or a tap behind the last: nothing of it lies in the input.
    private const int Outside = -(1 << 28);

    /// <summary>Activations, weights, bias, output, and the activated values that the gradient belongs to; see <see cref="DirectConv2d{TBackend,TVector,TActivation}"/>.</summary>
    public ArrayView<float> Input, Weights, Bias, Output, Saved;

    /// <summary>Where the first words of input and weights lie, for the units that copy by address.</summary>
    public long InputAddress, WeightsAddress;

    /// <summary>The mapping from output pixel and tap to input pixel. Panels are <see cref="TensorCoreConv2dLaunch.PanelWidth"/> columns wide.</summary>
    public ConvGeometry Geometry;

    /// <summary>k as (channel, column of the tap, row of the tap), in steps of <see cref="ITensorCoreUnit.Depth"/>.</summary>
    public MixedRadixCounter Taps;

    /// <summary>Steps that a tile takes.</summary>
    public int Steps;

    /// <summary>Tiles along the pixels and along the channels of a group.</summary>
    public int RowTiles, ColumnTiles;

    /// <summary>Columns of weights that may be read, a multiple of four.</summary>
    public int WeightColumns;

    /// <summary>See <see cref="Activation.Slope"/>.</summary>
    public float Slope;

    /// <summary>See <see cref="DirectConv2d{TBackend,TVector,TActivation}"/>.</summary>
    public Flag HasBias, Gated, Accumulate;

    /// <summary>Every pixel of the input (of the output, the saved values and the bias) begins at a multiple of 16 bytes, and its channels come in fours.</summary>
    public Flag VectorInput, VectorOutput;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run()
    {
        var stage = SharedTiles<TUnit, TTile>.StageOfRows;
        var memory = SharedMemory.Allocate<Float4>(
            SharedTiles<TUnit, TTile>.StageOfRows * SharedTiles<TUnit, TTile>.Stages / 4 + TTile.Rows + SharedTiles<TUnit, TTile>.Ring * TUnit.Depth);
        var shared = memory.Cast<float>();
        var table = memory.SubView(stage * SharedTiles<TUnit, TTile>.Stages / 4, TTile.Rows + SharedTiles<TUnit, TTile>.Ring * TUnit.Depth).Cast<TableEntry>();
        var unit = default(TUnit);
        unit.Begin();
        var thread = Group.IdxX;
        var lane = thread & (WarpTile.Lanes - 1);
        var warp = thread / WarpTile.Lanes;
        var warpRow = warp / (TTile.Columns / TTile.WarpColumns);
        var warpColumn = warp - warpRow * (TTile.Columns / TTile.WarpColumns);
        var block = Grid.IdxX;
        var rest = block / RowTiles;
        var firstRow = (block - rest * RowTiles) * TTile.Rows;
        var group = rest / ColumnTiles;
        var firstColumn = (rest - group * ColumnTiles) * TTile.Columns;

        for (var row = thread; row < TTile.Rows; row += SharedTiles<TUnit, TTile>.Threads) table[row] = PixelEntry(firstRow + row, group);
        Taps.Start(thread & (TUnit.Depth - 1), out var channel, out var tapX, out var tapY);
        for (var ahead = 0; ahead < SharedTiles<TUnit, TTile>.Ahead; ahead++)
        {
            if (thread < TUnit.Depth) table[TTile.Rows + ahead * TUnit.Depth + thread] = TapEntry(channel, tapX, tapY, group);
            Taps.Advance(ref channel, ref tapX, ref tapY);
        }

        GroupBarrier.Wait();
        var first = warpRow * WarpTile.Rows * TileLayout.RowWords;
        var second = SharedTiles<TUnit, TTile>.FirstInRows + TUnit.LineOffset(warpColumn * TTile.WarpColumns);
        if (TUnit.IsRegisterStaged)
        {
            if (Steps > 0)
            {
                FetchFirst(ref unit, shared, table, 0, 0, thread);
                FetchSecond(ref unit, shared, table, 0, 0, thread, group, firstColumn);
                StoreFirst(ref unit, shared, 0, thread);
                StoreSecond(ref unit, shared, 0, thread);
            }

            if (Steps > 1) FetchFirst(ref unit, shared, table, 1, 0, thread);
        }
        else
        {
            for (var ahead = 0; ahead < SharedTiles<TUnit, TTile>.Stages - 1; ahead++)
            {
                if (ahead < Steps) FetchBoth(ref unit, shared, table, ahead, ahead * stage, thread, group, firstColumn);
                TUnit.Commit();
            }
        }

        int used = 0, filled = (SharedTiles<TUnit, TTile>.Stages - 1) * stage;
        for (var step = 0; step < Steps; step++)
        {
            // The tile of this step has arrived, and everyone has done with the one before, whose place is filled next.
            TUnit.WaitForAllBut(SharedTiles<TUnit, TTile>.Stages - 2);
            GroupBarrier.Wait();
            if (TUnit.IsRegisterStaged)
            {
                // One operand is on its way at a time, for as long as half a step takes, so that half the registers do.
                if (step + 1 < Steps)
                {
                    StoreFirst(ref unit, shared, filled, thread);
                    FetchSecond(ref unit, shared, table, step + 1, 0, thread, group, firstColumn);
                }

                unit.MultiplyRows(shared, lane, 0, SharedTiles<TUnit, TTile>.Wide, used + first, used + second, SharedTiles<TUnit, TTile>.SecondStride);
                if (step + 1 < Steps) StoreSecond(ref unit, shared, filled, thread);
                if (step + 2 < Steps) FetchFirst(ref unit, shared, table, step + 2, 0, thread);
            }
            else
            {
                var next = step + SharedTiles<TUnit, TTile>.Stages - 1;
                if (next < Steps) FetchBoth(ref unit, shared, table, next, filled, thread, group, firstColumn);
                TUnit.Commit();
                unit.MultiplyRows(shared, lane, 0, SharedTiles<TUnit, TTile>.Wide, used + first, used + second, SharedTiles<TUnit, TTile>.SecondStride);
            }

            unit.MultiplyRows(shared, lane, 1, SharedTiles<TUnit, TTile>.Wide, used + first, used + second, SharedTiles<TUnit, TTile>.SecondStride);
            var place = TTile.Rows + ((step + SharedTiles<TUnit, TTile>.Ahead) & (SharedTiles<TUnit, TTile>.Ring - 1)) * TUnit.Depth + thread;
            if (thread < TUnit.Depth) table[place] = TapEntry(channel, tapX, tapY, group);
            Taps.Advance(ref channel, ref tapX, ref tapY);
            filled = used;
            used += stage;
            if (used == SharedTiles<TUnit, TTile>.Stages * stage) used = 0;
        }

        GroupBarrier.Wait();
        const int values = 4;
        var stride = WarpTile.EpilogueStride(TTile.WarpColumns);
        var across = TTile.WarpColumns / values;
        var spilled = warp * SharedTiles<TUnit, TTile>.EpilogueWords;
        var column = firstColumn + warpColumn * TTile.WarpColumns + (lane & (across - 1)) * values;
        var channels = Geometry.OutputPerGroup - column;
        for (var part = 0; part < WarpTile.Rows / WarpTile.EpilogueRows; part++)
        {
            unit.StoreSums(part, SharedTiles<TUnit, TTile>.Wide, shared, lane, spilled);
            TUnit.WarpBarrier();
            for (var row = lane / across; row < WarpTile.EpilogueRows; row += WarpTile.Lanes / across)
            {
                var target = table[warpRow * WarpTile.Rows + part * WarpTile.EpilogueRows + row].D;
                if (target >= 0 && channels > 0)
                    Write(shared, spilled + row * stride + (lane & (across - 1)) * values, target, group * Geometry.OutputPerGroup + column, channels);
            }

            TUnit.WarpBarrier();
        }
    }

    // A: where the first tap reads, its channels' group included; B, C: the row and column of that; D: where the pixel is written.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly TableEntry PixelEntry(int pixel, int group)
    {
        var row = pixel / Geometry.Columns;
        var column = pixel - row * Geometry.Columns;
        var n = row / Geometry.Rows;
        row -= n * Geometry.Rows;
        var y = Geometry.InputY + row * Geometry.InputStepY;
        var x = Geometry.InputX + column * Geometry.InputStepX;
        var targetY = Geometry.OutputY + row * Geometry.OutputStepY;
        var targetX = Geometry.OutputX + column * Geometry.OutputStepX;
        var exists = pixel < Geometry.Pixels;
        return new()
        {
            A = ((n * Geometry.InputHeight + y) * Geometry.InputWidth + x) * Geometry.InputChannels + group * Geometry.InputPerGroup,
            B = exists ? y : Outside,
            C = x,
            D = exists ? ((n * Geometry.OutputHeight + targetY) * Geometry.OutputWidth + targetX) * Geometry.OutputChannels : -1,
        };
    }

    // A, B: what the tap moves in the input; C: the same in words, channel included; D: where the row of weights begins, or -1 where there is none.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly TableEntry TapEntry(int channel, int tapX, int tapY, int group)
    {
        var moveY = tapY * Geometry.TapStepY;
        var moveX = tapX * Geometry.TapStepX;
        var tap = Geometry.WeightTap + tapY * Geometry.WeightTapY + tapX * Geometry.WeightTapX;
        var exists = tapY < Geometry.TapsY;
        return new()
        {
            A = exists ? moveY : Outside,
            B = moveX,
            C = (moveY * Geometry.InputWidth + moveX) * Geometry.InputChannels + channel,
            D = exists & (channel < Geometry.InputPerGroup)
                ? group * Geometry.WeightGroupStride + (tap * Geometry.InputPerGroup + channel) * Geometry.WeightRowStride : -1,
        };
    }

    // Up to four channels of a pixel.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Write(ArrayView<float> shared, int place, int target, int channel, int channels)
    {
        if (VectorOutput)
        {
            Write<GpuVector4Backend, Float4>(GpuVector4Backend.At(shared), place, GpuVector4Backend.At(Bias), GpuVector4Backend.At(Saved), GpuVector4Backend.At(Output), target + channel, channel);
            return;
        }

        var (sums, bias, saved, output) = (GpuScalarBackend.At(shared), GpuScalarBackend.At(Bias), GpuScalarBackend.At(Saved), GpuScalarBackend.At(Output));
        Write<GpuScalarBackend, float>(sums, place, bias, saved, output, target + channel, channel);
        if (channels > 1) Write<GpuScalarBackend, float>(sums, place + 1, bias, saved, output, target + channel + 1, channel + 1);
        if (channels > 2) Write<GpuScalarBackend, float>(sums, place + 2, bias, saved, output, target + channel + 2, channel + 2);
        if (channels > 3) Write<GpuScalarBackend, float>(sums, place + 3, bias, saved, output, target + channel + 3, channel + 3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Write<TBackend, TVector>(TBackend sums, int place, TBackend bias, TBackend saved, TBackend output, int index, int channel)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
    {
        var value = TBackend.Load(sums, place);
        if (HasBias) value = TBackend.Add(value, TBackend.Load(bias, channel));
        if (Gated) value = TActivation.Backward<TBackend, TVector>(TBackend.Load(saved, index), value, Slope);
        else value = TActivation.Forward<TBackend, TVector>(value, Slope);
        if (Accumulate) value = TBackend.Add(value, TBackend.Load(output, index));
        TBackend.Store(output, index, value);
    }

    // Copies of tiles to shared memory. A thread copies the same quads of four values in every step. Slots are types, so loops over them are unrolled.

    // Quads of a row, and rows that the group's threads copy one quad each of: a multiple of eight, so that quads lie alike in their rows.
    private static int QuadsPerRow => TUnit.Depth / 4;

    private static int RowsPerPass => SharedTiles<TUnit, TTile>.Threads / QuadsPerRow;

    private static int QuadsPerLine => TTile.Columns / 4;

    private static int LinesPerPass => SharedTiles<TUnit, TTile>.Threads / QuadsPerLine;

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
        var quad = thread & (QuadsPerRow - 1);
        var row = thread / QuadsPerRow;
        var taps = TTile.Rows + (step & (SharedTiles<TUnit, TTile>.Ring - 1)) * TUnit.Depth + 4 * quad;
        var tap = table[taps];
        // From here on the places in the table are constants.
        var rows = table.SubView(row, TTile.Rows - RowsPerPass + 1);
        var target = stage + TUnit.RowOffset(row, quad);
        if (VectorInput)
        {
            FetchQuad<FirstSlot0>(ref unit, 0, shared, rows, tap, target, 4, true);
            FetchQuad<FirstSlot1>(ref unit, 1, shared, rows, tap, target, 4, true);
            FetchQuad<FirstSlot2>(ref unit, 2, shared, rows, tap, target, 4, true);
            FetchQuad<FirstSlot3>(ref unit, 3, shared, rows, tap, target, 4, true);
            FetchQuad<FirstSlot4>(ref unit, 4, shared, rows, tap, target, 4, true);
            FetchQuad<FirstSlot5>(ref unit, 5, shared, rows, tap, target, 4, true);
            FetchQuad<FirstSlot6>(ref unit, 6, shared, rows, tap, target, 4, true);
            FetchQuad<FirstSlot7>(ref unit, 7, shared, rows, tap, target, 4, true);
            FetchQuad<FirstSlot8>(ref unit, 8, shared, rows, tap, target, 4, true);
            FetchQuad<FirstSlot9>(ref unit, 9, shared, rows, tap, target, 4, true);
            FetchQuad<FirstSlot10>(ref unit, 10, shared, rows, tap, target, 4, true);
            FetchQuad<FirstSlot11>(ref unit, 11, shared, rows, tap, target, 4, true);
            FetchQuad<FirstSlot12>(ref unit, 12, shared, rows, tap, target, 4, true);
            FetchQuad<FirstSlot13>(ref unit, 13, shared, rows, tap, target, 4, true);
            FetchQuad<FirstSlot14>(ref unit, 14, shared, rows, tap, target, 4, true);
            FetchQuad<FirstSlot15>(ref unit, 15, shared, rows, tap, target, 4, true);
            return;
        }

        // A channel exists if its row of weights does.
        var words = 1 + (table[taps + 1].D >= 0 ? 1 : 0) + (table[taps + 2].D >= 0 ? 1 : 0) + (table[taps + 3].D >= 0 ? 1 : 0);
        FetchQuad<FirstSlot0>(ref unit, 0, shared, rows, tap, target, words, false);
        FetchQuad<FirstSlot1>(ref unit, 1, shared, rows, tap, target, words, false);
        FetchQuad<FirstSlot2>(ref unit, 2, shared, rows, tap, target, words, false);
        FetchQuad<FirstSlot3>(ref unit, 3, shared, rows, tap, target, words, false);
        FetchQuad<FirstSlot4>(ref unit, 4, shared, rows, tap, target, words, false);
        FetchQuad<FirstSlot5>(ref unit, 5, shared, rows, tap, target, words, false);
        FetchQuad<FirstSlot6>(ref unit, 6, shared, rows, tap, target, words, false);
        FetchQuad<FirstSlot7>(ref unit, 7, shared, rows, tap, target, words, false);
        FetchQuad<FirstSlot8>(ref unit, 8, shared, rows, tap, target, words, false);
        FetchQuad<FirstSlot9>(ref unit, 9, shared, rows, tap, target, words, false);
        FetchQuad<FirstSlot10>(ref unit, 10, shared, rows, tap, target, words, false);
        FetchQuad<FirstSlot11>(ref unit, 11, shared, rows, tap, target, words, false);
        FetchQuad<FirstSlot12>(ref unit, 12, shared, rows, tap, target, words, false);
        FetchQuad<FirstSlot13>(ref unit, 13, shared, rows, tap, target, words, false);
        FetchQuad<FirstSlot14>(ref unit, 14, shared, rows, tap, target, words, false);
        FetchQuad<FirstSlot15>(ref unit, 15, shared, rows, tap, target, words, false);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void FetchQuad<TSlot>(
        ref TUnit unit, int slot, ArrayView<float> shared, ArrayView<TableEntry> rows, TableEntry tap, int target, int words, bool vector)
        where TSlot : struct, ISlot
    {
        if (slot >= SharedTiles<TUnit, TTile>.FirstQuads) return;
        var place = rows[slot * RowsPerPass];
        var inside = ((uint)(place.B + tap.A) < (uint)Geometry.InputHeight) & ((uint)(place.C + tap.B) < (uint)Geometry.InputWidth);
        var offset = slot * RowsPerPass * TileLayout.RowWords;
        if (vector) unit.FetchFour<TSlot>(shared, target, offset, Input, InputAddress, place.A + tap.C, inside ? 1 : 0, true);
        else unit.FetchSome<TSlot>(shared, target, offset, Input, InputAddress, place.A + tap.C, (inside ? 1 : 0) * words);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void FetchSecond(
        ref TUnit unit, ArrayView<float> shared, ArrayView<TableEntry> table, int step, int stage, int thread, int group, int firstColumn)
    {
        var line = thread / QuadsPerLine;
        var within = (thread & (QuadsPerLine - 1)) * 4;
        var column = firstColumn + within;
        var panel = column / TensorCoreConv2dLaunch.PanelWidth;
        var move = panel * Geometry.WeightPanelStride + column - panel * TensorCoreConv2dLaunch.PanelWidth;
        var lines = table.SubView(TTile.Rows + (step & (SharedTiles<TUnit, TTile>.Ring - 1)) * TUnit.Depth + line, TUnit.Depth - LinesPerPass + 1);
        var target = stage + SharedTiles<TUnit, TTile>.FirstInRows + line * SharedTiles<TUnit, TTile>.SecondStride + TUnit.LineOffset(within);
        var exists = column < WeightColumns;
        FetchLine<SecondSlot0>(ref unit, 0, shared, lines, target, move, exists);
        FetchLine<SecondSlot1>(ref unit, 1, shared, lines, target, move, exists);
        FetchLine<SecondSlot2>(ref unit, 2, shared, lines, target, move, exists);
        FetchLine<SecondSlot3>(ref unit, 3, shared, lines, target, move, exists);
        FetchLine<SecondSlot4>(ref unit, 4, shared, lines, target, move, exists);
        FetchLine<SecondSlot5>(ref unit, 5, shared, lines, target, move, exists);
        FetchLine<SecondSlot6>(ref unit, 6, shared, lines, target, move, exists);
        FetchLine<SecondSlot7>(ref unit, 7, shared, lines, target, move, exists);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void FetchLine<TSlot>(
        ref TUnit unit, int slot, ArrayView<float> shared, ArrayView<TableEntry> lines, int target, int move, bool exists)
        where TSlot : struct, ISlot
    {
        if (slot >= SharedTiles<TUnit, TTile>.SecondQuads) return;
        var weights = lines[slot * LinesPerPass].D;
        var valid = exists & (weights >= 0) ? 1 : 0;
        var offset = slot * LinesPerPass * SharedTiles<TUnit, TTile>.SecondStride;
        unit.FetchFour<TSlot>(shared, target, offset, Weights, WeightsAddress, weights + move, valid, false);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreFirst(ref TUnit unit, ArrayView<float> shared, int stage, int thread)
    {
        var target = stage + TUnit.RowOffset(thread / QuadsPerRow, thread & (QuadsPerRow - 1));
        StoreQuad<FirstSlot0>(ref unit, 0, shared, target);
        StoreQuad<FirstSlot1>(ref unit, 1, shared, target);
        StoreQuad<FirstSlot2>(ref unit, 2, shared, target);
        StoreQuad<FirstSlot3>(ref unit, 3, shared, target);
        StoreQuad<FirstSlot4>(ref unit, 4, shared, target);
        StoreQuad<FirstSlot5>(ref unit, 5, shared, target);
        StoreQuad<FirstSlot6>(ref unit, 6, shared, target);
        StoreQuad<FirstSlot7>(ref unit, 7, shared, target);
        StoreQuad<FirstSlot8>(ref unit, 8, shared, target);
        StoreQuad<FirstSlot9>(ref unit, 9, shared, target);
        StoreQuad<FirstSlot10>(ref unit, 10, shared, target);
        StoreQuad<FirstSlot11>(ref unit, 11, shared, target);
        StoreQuad<FirstSlot12>(ref unit, 12, shared, target);
        StoreQuad<FirstSlot13>(ref unit, 13, shared, target);
        StoreQuad<FirstSlot14>(ref unit, 14, shared, target);
        StoreQuad<FirstSlot15>(ref unit, 15, shared, target);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreQuad<TSlot>(ref TUnit unit, int slot, ArrayView<float> shared, int target)
        where TSlot : struct, ISlot
    {
        if (slot < SharedTiles<TUnit, TTile>.FirstQuads) unit.StoreSlot<TSlot>(shared, target, slot * RowsPerPass * TileLayout.RowWords);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreSecond(ref TUnit unit, ArrayView<float> shared, int stage, int thread)
    {
        var line = thread / QuadsPerLine;
        var within = (thread & (QuadsPerLine - 1)) * 4;
        var target = stage + SharedTiles<TUnit, TTile>.FirstInRows + line * SharedTiles<TUnit, TTile>.SecondStride + TUnit.LineOffset(within);
        StoreLine<SecondSlot0>(ref unit, 0, shared, target);
        StoreLine<SecondSlot1>(ref unit, 1, shared, target);
        StoreLine<SecondSlot2>(ref unit, 2, shared, target);
        StoreLine<SecondSlot3>(ref unit, 3, shared, target);
        StoreLine<SecondSlot4>(ref unit, 4, shared, target);
        StoreLine<SecondSlot5>(ref unit, 5, shared, target);
        StoreLine<SecondSlot6>(ref unit, 6, shared, target);
        StoreLine<SecondSlot7>(ref unit, 7, shared, target);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreLine<TSlot>(ref TUnit unit, int slot, ArrayView<float> shared, int target)
        where TSlot : struct, ISlot
    {
        if (slot < SharedTiles<TUnit, TTile>.SecondQuads) unit.StoreSlot<TSlot>(shared, target, slot * LinesPerPass * SharedTiles<TUnit, TTile>.SecondStride);
    }
}
