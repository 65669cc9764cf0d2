using System.Runtime.CompilerServices;
using Gpu.Kernels.Activations;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;
using ILGPU;

namespace Gpu.Kernels.Convolution.TensorCore;

/// <summary>
/// Convolution as an implicit GEMM on tensor cores. The rows of the product are output pixels, the columns are the output channels of a channel group, and k
/// runs over taps and input channels. The im2col matrix (the first operand) is never stored: its rows are copied from the input to shared memory.
/// </summary>
/// <remarks>
/// A thread group computes one tile. k runs through the channels of each tap, padded to a multiple of four. A step multiplies the next
/// <see cref="ITensorCoreUnit.Depth"/> values of k, which may belong to several taps. A table in shared memory holds the source of each value of k; the group
/// computes its entries a few steps ahead. The next stages are copied while the current one is multiplied.
/// The epilogue passes the sums through shared memory, so that threads write contiguous memory and apply the activation to vectors.
/// </remarks>
internal struct TensorCoreConv2d<TActivation, TUnit, TTile> : IGroupedKernel
    where TActivation : struct, IActivation
    where TUnit : struct, ITensorCoreUnit
    where TTile : struct, IBlockTile
{
    // An input row that does not exist, for pixels after the last one and taps after the last one.
    private const int Outside = -(1 << 28);

    // The index of a row of weights that does not exist. A copy of no bytes from there is still aligned.
    private const int Missing = -4;

    /// <summary>
    /// Activations, weights, bias, output, and the activated values at which the derivative is taken; see
    /// <see cref="DirectConv2d{TBackend,TVector,TActivation}"/>.
    /// </summary>
    public ArrayView<float> Input, Weights, Bias, Output, Saved;

    /// <summary>Addresses of the first words of input and weights, for units that copy by address.</summary>
    public long InputAddress, WeightsAddress;

    /// <summary>The mapping from output pixel and tap to input pixel. Panels are <see cref="TensorCoreConv2dLaunch.PanelWidth"/> columns wide.</summary>
    public ConvGeometry Geometry;

    /// <summary>Counts k as (channel, tap column, tap row), in steps of <see cref="ITensorCoreUnit.Depth"/>.</summary>
    public MixedRadixCounter Taps;

    /// <summary>Steps of a tile.</summary>
    public int Steps;

    /// <summary>Tiles along the pixels, and along the channels of a channel group.</summary>
    public int RowTiles, ColumnTiles;

    /// <summary>Columns of the weights that may be read, a multiple of four.</summary>
    public int WeightColumns;

    /// <summary>See <see cref="Activation.Slope"/>.</summary>
    public float Slope;

    /// <summary>See <see cref="DirectConv2d{TBackend,TVector,TActivation}"/>.</summary>
    public Flag HasBias, Gated, Accumulate;

    /// <summary>
    /// The input is read, and the output, the saved values and the bias are accessed, as vectors of four channels: they are aligned to 16 bytes, and the
    /// channels of a group are a multiple of four.
    /// </summary>
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
        var copies = new Copies(this, table, thread, firstColumn);
        unit.BeginRows(lane, first, second, SharedTiles<TUnit, TTile>.SecondStride);
        if (TUnit.IsRegisterStaged)
        {
            if (Steps > 0)
            {
                FetchFirst(ref unit, shared, table, copies, 0, 0, thread);
                FetchSecond(ref unit, shared, table, copies, 0, 0);
                StoreFirst(ref unit, shared, 0, thread);
                StoreSecond(ref unit, shared, 0, thread);
            }

            if (Steps > 1) FetchFirst(ref unit, shared, table, copies, 1, 0, thread);
        }
        else
        {
            for (var ahead = 0; ahead < SharedTiles<TUnit, TTile>.Stages - 1; ahead++)
            {
                if (ahead < Steps) FetchBoth(ref unit, shared, table, copies, ahead, ahead * stage, thread);
                TUnit.Commit();
            }
        }

        int readStage = 0, writeStage = (SharedTiles<TUnit, TTile>.Stages - 1) * stage;
        for (var step = 0; step < Steps; step++)
        {
            // After the barrier, the stage of this step is complete, and no thread reads the stage of the previous step, which is overwritten next.
            TUnit.WaitForAllBut(SharedTiles<TUnit, TTile>.Stages - 2);
            GroupBarrier.Wait();
            if (TUnit.IsRegisterStaged)
            {
                // Only one operand is in flight at a time, during half a step, which halves the registers for slots.
                if (step + 1 < Steps)
                {
                    StoreFirst(ref unit, shared, writeStage, thread);
                    FetchSecond(ref unit, shared, table, copies, step + 1, 0);
                }

                unit.MultiplyRows(shared, 0, SharedTiles<TUnit, TTile>.Wide, readStage, SharedTiles<TUnit, TTile>.SecondStride);
                if (step + 1 < Steps) StoreSecond(ref unit, shared, writeStage, thread);
                if (step + 2 < Steps) FetchFirst(ref unit, shared, table, copies, step + 2, 0, thread);
            }
            else
            {
                var next = step + SharedTiles<TUnit, TTile>.Stages - 1;
                if (next < Steps) FetchBoth(ref unit, shared, table, copies, next, writeStage, thread);
                TUnit.Commit();
                unit.MultiplyRows(shared, 0, SharedTiles<TUnit, TTile>.Wide, readStage, SharedTiles<TUnit, TTile>.SecondStride);
            }

            unit.MultiplyRows(shared, 1, SharedTiles<TUnit, TTile>.Wide, readStage, SharedTiles<TUnit, TTile>.SecondStride);
            var entry = TTile.Rows + ((step + SharedTiles<TUnit, TTile>.Ahead) & (SharedTiles<TUnit, TTile>.Ring - 1)) * TUnit.Depth + thread;
            if (thread < TUnit.Depth)
            {
                table[entry] = TapEntry(channel, tapX, tapY, group);
                Taps.Advance(ref channel, ref tapX, ref tapY);
            }

            writeStage = readStage;
            readStage += stage;
            if (readStage == SharedTiles<TUnit, TTile>.Stages * stage) readStage = 0;
        }

        unit.End();
        GroupBarrier.Wait();
        const int values = 4;
        var stride = TUnit.EpilogueStride(TTile.WarpColumns);
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

    // The table entry of a pixel. A: input index of its first tap and the first channel of the group. B, C: input row and column of the first tap. D: output
    // index, or -1 if the pixel does not exist.
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

    // The table entry of a value of k. A, B: rows and columns from the first tap to its tap. C: the same in words, plus the channel. D: index of the row of
    // weights, or Missing.
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
                ? group * Geometry.WeightGroupStride + (tap * Geometry.InputPerGroup + channel) * Geometry.WeightRowStride : Missing,
        };
    }

    // Writes up to four channels of a pixel.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Write(ArrayView<float> shared, int sumIndex, int target, int channel, int channels)
    {
        if (VectorOutput)
        {
            Write<GpuVector4Backend, Float4>(
                GpuVector4Backend.At(shared), sumIndex, GpuVector4Backend.At(Bias), GpuVector4Backend.At(Saved), GpuVector4Backend.At(Output),
                target + channel, channel);
            return;
        }

        var (sums, bias, saved, output) = (GpuScalarBackend.At(shared), GpuScalarBackend.At(Bias), GpuScalarBackend.At(Saved), GpuScalarBackend.At(Output));
        Write<GpuScalarBackend, float>(sums, sumIndex, bias, saved, output, target + channel, channel);
        if (channels > 1) Write<GpuScalarBackend, float>(sums, sumIndex + 1, bias, saved, output, target + channel + 1, channel + 1);
        if (channels > 2) Write<GpuScalarBackend, float>(sums, sumIndex + 2, bias, saved, output, target + channel + 2, channel + 2);
        if (channels > 3) Write<GpuScalarBackend, float>(sums, sumIndex + 3, bias, saved, output, target + channel + 3, channel + 3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Write<TBackend, TVector>(TBackend sums, int sumIndex, TBackend bias, TBackend saved, TBackend output, int index, int channel)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
    {
        var value = TBackend.Load(sums, sumIndex);
        if (HasBias) value = TBackend.Add(value, TBackend.Load(bias, channel));
        if (Gated) value = TActivation.Backward<TBackend, TVector>(TBackend.Load(saved, index), value, Slope);
        else value = TActivation.Forward<TBackend, TVector>(value, Slope);
        if (Accumulate) value = TBackend.Add(value, TBackend.Load(output, index));
        TBackend.Store(output, index, value);
    }

    // Copies of tiles to shared memory. A thread copies the same quads of the tile in every step. The loops over slots are unrolled, because slots are types.

    private static int QuadsPerRow => TUnit.Depth / 4;

    // Rows that the group copies if each thread copies one quad. A multiple of eight, so that all quads of a thread have the same offset in their rows.
    private static int RowsPerPass => SharedTiles<TUnit, TTile>.Threads / QuadsPerRow;

    private static int QuadsPerLine => TTile.Columns / 4;

    private static int LinesPerPass => SharedTiles<TUnit, TTile>.Threads / QuadsPerLine;

    // What a thread needs for its copies in every step.
    private readonly struct Copies
    {
        // Offsets in a stage of the quads that the thread copies first. The table index of the first line of the second operand. The offset of its column in
        // the weights, and whether it exists.
        public readonly int First, Second, Line, Move;
        public readonly bool Exists;

        // The entries of the rows of the first operand, if they are held in registers.
        public readonly TableEntry Pixel0, Pixel1, Pixel2, Pixel3;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Copies(in TensorCoreConv2d<TActivation, TUnit, TTile> kernel, ArrayView<TableEntry> table, int thread, int firstColumn)
        {
            var row = thread / QuadsPerRow;
            First = TUnit.RowOffset(row, thread & (QuadsPerRow - 1));
            var line = thread / QuadsPerLine;
            var within = (thread & (QuadsPerLine - 1)) * 4;
            var column = firstColumn + within;
            var panel = column / TensorCoreConv2dLaunch.PanelWidth;
            Line = TTile.Rows + line;
            Second = SharedTiles<TUnit, TTile>.FirstInRows + line * SharedTiles<TUnit, TTile>.SecondStride + TUnit.LineOffset(within);
            Move = panel * kernel.Geometry.WeightPanelStride + column - panel * TensorCoreConv2dLaunch.PanelWidth;
            Exists = column < kernel.WeightColumns;
            Pixel0 = Pixel1 = Pixel2 = Pixel3 = default;
            if (!HoldsPixels) return;
            Pixel0 = table[row];
            if (SharedTiles<TUnit, TTile>.FirstQuads > 1) Pixel1 = table[row + RowsPerPass];
            if (SharedTiles<TUnit, TTile>.FirstQuads > 2) Pixel2 = table[row + 2 * RowsPerPass];
            if (SharedTiles<TUnit, TTile>.FirstQuads > 3) Pixel3 = table[row + 3 * RowsPerPass];
        }

        // A register-staged unit has no registers left for them.
        public static bool HoldsPixels => !TUnit.IsRegisterStaged && SharedTiles<TUnit, TTile>.FirstQuads <= 4;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void FetchBoth(
        ref TUnit unit, ArrayView<float> shared, ArrayView<TableEntry> table, in Copies copies, int step, int stage, int thread)
    {
        FetchFirst(ref unit, shared, table, copies, step, stage, thread);
        FetchSecond(ref unit, shared, table, copies, step, stage);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void FetchFirst(
        ref TUnit unit, ArrayView<float> shared, ArrayView<TableEntry> table, in Copies copies, int step, int stage, int thread)
    {
        var quad = thread & (QuadsPerRow - 1);
        var row = thread / QuadsPerRow;
        var taps = TTile.Rows + (step & (SharedTiles<TUnit, TTile>.Ring - 1)) * TUnit.Depth + 4 * quad;
        var tap = table[taps];
        // A view, so that the table indices of all slots are constants.
        var rows = table.SubView(row, TTile.Rows - RowsPerPass + 1);
        var target = stage + copies.First;
        if (VectorInput)
        {
            FetchQuad<FirstSlot0>(ref unit, 0, shared, rows, copies.Pixel0, tap, target, 4, true);
            FetchQuad<FirstSlot1>(ref unit, 1, shared, rows, copies.Pixel1, tap, target, 4, true);
            FetchQuad<FirstSlot2>(ref unit, 2, shared, rows, copies.Pixel2, tap, target, 4, true);
            FetchQuad<FirstSlot3>(ref unit, 3, shared, rows, copies.Pixel3, tap, target, 4, true);
            FetchQuad<FirstSlot4>(ref unit, 4, shared, rows, default, tap, target, 4, true);
            FetchQuad<FirstSlot5>(ref unit, 5, shared, rows, default, tap, target, 4, true);
            FetchQuad<FirstSlot6>(ref unit, 6, shared, rows, default, tap, target, 4, true);
            FetchQuad<FirstSlot7>(ref unit, 7, shared, rows, default, tap, target, 4, true);
            FetchQuad<FirstSlot8>(ref unit, 8, shared, rows, default, tap, target, 4, true);
            FetchQuad<FirstSlot9>(ref unit, 9, shared, rows, default, tap, target, 4, true);
            FetchQuad<FirstSlot10>(ref unit, 10, shared, rows, default, tap, target, 4, true);
            FetchQuad<FirstSlot11>(ref unit, 11, shared, rows, default, tap, target, 4, true);
            FetchQuad<FirstSlot12>(ref unit, 12, shared, rows, default, tap, target, 4, true);
            FetchQuad<FirstSlot13>(ref unit, 13, shared, rows, default, tap, target, 4, true);
            FetchQuad<FirstSlot14>(ref unit, 14, shared, rows, default, tap, target, 4, true);
            FetchQuad<FirstSlot15>(ref unit, 15, shared, rows, default, tap, target, 4, true);
            return;
        }

        // The channels of the quad that exist: those with a row of weights.
        var words = 1 + (table[taps + 1].D >= 0 ? 1 : 0) + (table[taps + 2].D >= 0 ? 1 : 0) + (table[taps + 3].D >= 0 ? 1 : 0);
        FetchQuad<FirstSlot0>(ref unit, 0, shared, rows, copies.Pixel0, tap, target, words, false);
        FetchQuad<FirstSlot1>(ref unit, 1, shared, rows, copies.Pixel1, tap, target, words, false);
        FetchQuad<FirstSlot2>(ref unit, 2, shared, rows, copies.Pixel2, tap, target, words, false);
        FetchQuad<FirstSlot3>(ref unit, 3, shared, rows, copies.Pixel3, tap, target, words, false);
        FetchQuad<FirstSlot4>(ref unit, 4, shared, rows, default, tap, target, words, false);
        FetchQuad<FirstSlot5>(ref unit, 5, shared, rows, default, tap, target, words, false);
        FetchQuad<FirstSlot6>(ref unit, 6, shared, rows, default, tap, target, words, false);
        FetchQuad<FirstSlot7>(ref unit, 7, shared, rows, default, tap, target, words, false);
        FetchQuad<FirstSlot8>(ref unit, 8, shared, rows, default, tap, target, words, false);
        FetchQuad<FirstSlot9>(ref unit, 9, shared, rows, default, tap, target, words, false);
        FetchQuad<FirstSlot10>(ref unit, 10, shared, rows, default, tap, target, words, false);
        FetchQuad<FirstSlot11>(ref unit, 11, shared, rows, default, tap, target, words, false);
        FetchQuad<FirstSlot12>(ref unit, 12, shared, rows, default, tap, target, words, false);
        FetchQuad<FirstSlot13>(ref unit, 13, shared, rows, default, tap, target, words, false);
        FetchQuad<FirstSlot14>(ref unit, 14, shared, rows, default, tap, target, words, false);
        FetchQuad<FirstSlot15>(ref unit, 15, shared, rows, default, tap, target, words, false);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void FetchQuad<TSlot>(
        ref TUnit unit, int slot, ArrayView<float> shared, ArrayView<TableEntry> rows, TableEntry pixel, TableEntry tap, int target, int words, bool vector)
        where TSlot : struct, ISlot
    {
        if (slot >= SharedTiles<TUnit, TTile>.FirstQuads) return;
        if (!Copies.HoldsPixels) pixel = rows[slot * RowsPerPass];
        var inside = ((uint)(pixel.B + tap.A) < (uint)Geometry.InputHeight) & ((uint)(pixel.C + tap.B) < (uint)Geometry.InputWidth);
        var offset = slot * RowsPerPass * TileLayout.RowWords;
        if (vector) unit.FetchFour<TSlot>(shared, target, offset, Input, InputAddress, pixel.A + tap.C, inside ? 1 : 0, true);
        else unit.FetchSome<TSlot>(shared, target, offset, Input, InputAddress, pixel.A + tap.C, (inside ? 1 : 0) * words);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void FetchSecond(
        ref TUnit unit, ArrayView<float> shared, ArrayView<TableEntry> table, in Copies copies, int step, int stage)
    {
        var lines = table.SubView(copies.Line + (step & (SharedTiles<TUnit, TTile>.Ring - 1)) * TUnit.Depth, TUnit.Depth - LinesPerPass + 1);
        var target = stage + copies.Second;
        var move = copies.Move;
        var exists = copies.Exists;
        // The table is read before the first copy: ptxas puts three instructions before a copy that follows a read of shared memory. A register-staged unit
        // copies nothing to shared memory here, and reads each entry when it needs it.
        int line0 = 0, line1 = 0, line2 = 0, line3 = 0;
        if (!TUnit.IsRegisterStaged)
        {
            line0 = lines[0].D;
            if (SharedTiles<TUnit, TTile>.SecondQuads > 1) line1 = lines[LinesPerPass].D;
            if (SharedTiles<TUnit, TTile>.SecondQuads > 2) line2 = lines[2 * LinesPerPass].D;
            if (SharedTiles<TUnit, TTile>.SecondQuads > 3) line3 = lines[3 * LinesPerPass].D;
        }

        FetchLine<SecondSlot0>(ref unit, 0, shared, lines, line0, target, move, exists);
        FetchLine<SecondSlot1>(ref unit, 1, shared, lines, line1, target, move, exists);
        FetchLine<SecondSlot2>(ref unit, 2, shared, lines, line2, target, move, exists);
        FetchLine<SecondSlot3>(ref unit, 3, shared, lines, line3, target, move, exists);
        FetchLine<SecondSlot4>(ref unit, 4, shared, lines, 0, target, move, exists);
        FetchLine<SecondSlot5>(ref unit, 5, shared, lines, 0, target, move, exists);
        FetchLine<SecondSlot6>(ref unit, 6, shared, lines, 0, target, move, exists);
        FetchLine<SecondSlot7>(ref unit, 7, shared, lines, 0, target, move, exists);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void FetchLine<TSlot>(
        ref TUnit unit, int slot, ArrayView<float> shared, ArrayView<TableEntry> lines, int weights, int target, int move, bool exists)
        where TSlot : struct, ISlot
    {
        if (slot >= SharedTiles<TUnit, TTile>.SecondQuads) return;
        if (TUnit.IsRegisterStaged || slot > 3) weights = lines[slot * LinesPerPass].D;
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
