using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;
using ILGPU;

namespace Gpu.Kernels.Convolution.TensorCore;

/// <summary>
/// <see cref="DirectConv2dWeightGradient{TBackend,TVector}"/> on tensor cores: a matrix product whose rows are taps by input channels, whose columns are the output channels of a group,
/// and whose k runs over the output pixels of a split. <see cref="SplitKReduce{TBackend,TVector}"/> adds the splits up, in order.
/// </summary>
/// <remarks>
/// Both operands lie in lines, a pixel a line, as they do in memory. Where a pixel lies is worked out once for the group, a few steps ahead; a thread copies the same four rows in every
/// step, and knows what their tap adds to that. The groups of the first row of tiles also sum the output gradient over their pixels, in 32 bits: the gradient of the bias.
/// </remarks>
internal struct TensorCoreWeightGradient<TUnit, TTile> : IGroupedKernel
    where TUnit : struct, ITensorCoreUnit
    where TTile : struct, IBlockTile
{
    private const int Outside = -(1 << 28);

    /// <summary>Activations, the gradient of the output, and the gradients of weights and bias, a region a split.</summary>
    public ArrayView<float> Input, OutputGradient, Target, BiasTarget;

    /// <summary>Where the first words of input and output gradient lie, for the units that copy by address.</summary>
    public long InputAddress, OutputGradientAddress;

    /// <summary>Sizes.</summary>
    public TensorCoreWeightGradientGeometry Geometry;

    /// <summary>Whether the bias gradient is wanted, and whether the target holds gradients that are added to.</summary>
    public Flag HasBias, AddToTarget;

    /// <summary>Every pixel of the input (of the output gradient, of the target) begins at a multiple of 16 bytes, and its channels come in fours.</summary>
    public Flag VectorInput, VectorGradient, VectorTarget;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run()
    {
        var stage = SharedTiles<TUnit, TTile>.StageOfLines;
        var memory = SharedMemory.Allocate<Float4>(
            SharedTiles<TUnit, TTile>.StageOfLines * SharedTiles<TUnit, TTile>.Stages / 4 + SharedTiles<TUnit, TTile>.Ring * TUnit.Depth);
        var shared = memory.Cast<float>();
        var table = memory.SubView(stage * SharedTiles<TUnit, TTile>.Stages / 4, SharedTiles<TUnit, TTile>.Ring * TUnit.Depth).Cast<TableEntry>();
        var unit = default(TUnit);
        unit.Begin();
        var thread = Group.IdxX;
        var lane = thread & (WarpTile.Lanes - 1);
        var warp = thread / WarpTile.Lanes;
        var warpRow = warp / (TTile.Columns / TTile.WarpColumns);
        var warpColumn = warp - warpRow * (TTile.Columns / TTile.WarpColumns);
        var block = Grid.IdxX;
        var rest = block / Geometry.RowTiles;
        var rowTile = block - rest * Geometry.RowTiles;
        var firstRow = rowTile * TTile.Rows;
        block = rest / Geometry.ColumnTiles;
        var firstColumn = (rest - block * Geometry.ColumnTiles) * TTile.Columns;
        var split = block / Geometry.Groups;
        var group = block - split * Geometry.Groups;
        var pixel = split * Geometry.PixelsPerSplit;
        var left = Geometry.Pixels - pixel;
        var pixels = left < Geometry.PixelsPerSplit ? left : Geometry.PixelsPerSplit;
        var end = pixel + pixels;
        var steps = (pixels + TUnit.Depth - 1) / TUnit.Depth;
        var sumsBias = HasBias && rowTile == 0;

        var rows = Row(firstRow + 4 * (thread & (QuadsOfRows - 1)), group);
        pixel += thread & (TUnit.Depth - 1);
        Geometry.Walk.Start(pixel, out var column, out var row, out var image);
        for (var ahead = 0; ahead < SharedTiles<TUnit, TTile>.Ahead; ahead++)
        {
            if (thread < TUnit.Depth) table[ahead * TUnit.Depth + thread] = Pixel(image, row, column, pixel, end);
            Geometry.Walk.Advance(ref column, ref row, ref image);
            pixel += TUnit.Depth;
        }

        GroupBarrier.Wait();
        var first = TUnit.LinePlace(warpRow * WarpTile.Rows);
        var second = SharedTiles<TUnit, TTile>.FirstInLines + TUnit.LinePlace(warpColumn * TTile.WarpColumns);
        if (TUnit.IsStaged)
        {
            FetchFirst(ref unit, shared, table, rows, 0, 0, thread);
            FetchSecond(ref unit, shared, table, 0, 0, thread, group, firstColumn);
            SettleFirst(ref unit, shared, 0, thread);
            SettleSecond(ref unit, shared, 0, thread, sumsBias);
            if (steps > 1) FetchFirst(ref unit, shared, table, rows, 1, 0, thread);
        }
        else
        {
            for (var ahead = 0; ahead < SharedTiles<TUnit, TTile>.Stages - 1; ahead++)
            {
                if (ahead < steps) FetchBoth(ref unit, shared, table, rows, ahead, ahead * stage, thread, group, firstColumn);
                TUnit.Commit();
            }
        }

        var bias = 0f;
        int used = 0, filled = (SharedTiles<TUnit, TTile>.Stages - 1) * stage;
        for (var step = 0; step < steps; step++)
        {
            // The tile of this step has arrived, and everyone has done with the one before, whose place is filled next.
            TUnit.WaitForAllBut(SharedTiles<TUnit, TTile>.Stages - 2);
            GroupBarrier.Wait();
            if (TUnit.IsStaged)
            {
                // One operand is on its way at a time, for as long as half a step takes, so that half the registers do.
                if (step + 1 < steps)
                {
                    SettleFirst(ref unit, shared, filled, thread);
                    FetchSecond(ref unit, shared, table, step + 1, 0, thread, group, firstColumn);
                }

                Multiply(ref unit, shared, lane, 0, used + first, used + second);
                if (step + 1 < steps) SettleSecond(ref unit, shared, filled, thread, sumsBias);
                if (step + 2 < steps) FetchFirst(ref unit, shared, table, rows, step + 2, 0, thread);
            }
            else
            {
                var next = step + SharedTiles<TUnit, TTile>.Stages - 1;
                if (next < steps) FetchBoth(ref unit, shared, table, rows, next, filled, thread, group, firstColumn);
                TUnit.Commit();
                Multiply(ref unit, shared, lane, 0, used + first, used + second);
                if (sumsBias && thread < TTile.Columns) bias += Line(shared, used + SharedTiles<TUnit, TTile>.FirstInLines + thread);
            }

            Multiply(ref unit, shared, lane, 1, used + first, used + second);
            var place = ((step + SharedTiles<TUnit, TTile>.Ahead) & (SharedTiles<TUnit, TTile>.Ring - 1)) * TUnit.Depth + thread;
            if (thread < TUnit.Depth) table[place] = Pixel(image, row, column, pixel, end);
            Geometry.Walk.Advance(ref column, ref row, ref image);
            pixel += TUnit.Depth;
            filled = used;
            used += stage;
            if (used == SharedTiles<TUnit, TTile>.Stages * stage) used = 0;
        }

        GroupBarrier.Wait();
        const int values = 4;
        var totals = SharedTiles<TUnit, TTile>.Threads / WarpTile.Lanes * SharedTiles<TUnit, TTile>.SpillWords;
        if (TUnit.IsStaged) unit.SpillTotals(shared, totals + thread * values);
        var stride = WarpTile.SpillStride(TTile.WarpColumns);
        var across = TTile.WarpColumns / values;
        var spilled = warp * SharedTiles<TUnit, TTile>.SpillWords;
        var region = split * Geometry.SplitStride;
        var within = firstColumn + warpColumn * TTile.WarpColumns + (lane & (across - 1)) * values;
        var channels = Geometry.OutputPerGroup - within;
        for (var part = 0; part < WarpTile.Rows / WarpTile.SpillRows; part++)
        {
            unit.Spill(part, SharedTiles<TUnit, TTile>.Wide, shared, lane, spilled);
            TUnit.WarpBarrier();
            for (var line = lane / across; line < WarpTile.SpillRows; line += WarpTile.Lanes / across)
            {
                var number = firstRow + warpRow * WarpTile.Rows + part * WarpTile.SpillRows + line;
                var tap = number / Geometry.RowsPerTap;
                var channel = number - tap * Geometry.RowsPerTap;
                var target = region + (tap * Geometry.InputPerGroup + channel) * Geometry.OutputChannels + group * Geometry.OutputPerGroup + within;
                if (number < Geometry.Rows && channel < Geometry.InputPerGroup && channels > 0)
                    Write(shared, spilled + line * stride + (lane & (across - 1)) * values, target, channels);
            }

            TUnit.WarpBarrier();
        }

        GroupBarrier.Wait();
        var biasColumn = firstColumn + thread;
        if (!sumsBias || thread >= TTile.Columns || biasColumn >= Geometry.OutputPerGroup) return;
        if (TUnit.IsStaged)
        {
            // Threads that are a row of quads apart had the same columns.
            for (var from = 0; from < SharedTiles<TUnit, TTile>.Threads * values; from += TTile.Columns) bias += shared[totals + from + thread];
        }

        var goal = region + group * Geometry.OutputPerGroup + biasColumn;
        BiasTarget[goal] = AddToTarget ? BiasTarget[goal] + bias : bias;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Multiply(ref TUnit unit, ArrayView<float> shared, int lane, int half, int first, int second) => unit.MultiplyLines(
        shared, lane, half, SharedTiles<TUnit, TTile>.Wide, first, SharedTiles<TUnit, TTile>.FirstStride, second, SharedTiles<TUnit, TTile>.SecondStride);

    // Four rows: A, B: what their tap moves in the input; C: the same in words, with channel and group; D: how many of the four there are.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly TableEntry Row(int row, int group)
    {
        var tap = row / Geometry.RowsPerTap;
        var channel = row - tap * Geometry.RowsPerTap;
        var kernelY = tap / Geometry.KernelWidth;
        var moveY = kernelY * Geometry.DilationHeight;
        var moveX = (tap - kernelY * Geometry.KernelWidth) * Geometry.DilationWidth;
        return new()
        {
            A = moveY,
            B = moveX,
            C = (moveY * Geometry.InputWidth + moveX) * Geometry.InputChannels + group * Geometry.InputPerGroup + channel,
            D = row < Geometry.Rows ? Geometry.InputPerGroup - channel : 0,
        };
    }

    // A: where its first tap reads; B, C: the row and column of that; D: where its output gradient begins, or -1 for a pixel behind the split.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly TableEntry Pixel(int image, int row, int column, int pixel, int end)
    {
        var y = row * Geometry.StrideHeight - Geometry.PaddingTop;
        var x = column * Geometry.StrideWidth - Geometry.PaddingLeft;
        var exists = pixel < end;
        return new()
        {
            A = ((image * Geometry.InputHeight + y) * Geometry.InputWidth + x) * Geometry.InputChannels,
            B = exists ? y : Outside,
            C = x,
            D = exists ? pixel * Geometry.OutputChannels : -1,
        };
    }

    // The output gradient of one channel, summed over the pixels of a step.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Line(ArrayView<float> shared, int place)
    {
        var sum = 0f;
        for (var k = 0; k < TUnit.Depth; k++) sum += shared[place + k * SharedTiles<TUnit, TTile>.SecondStride];
        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Write(ArrayView<float> shared, int place, int target, int channels)
    {
        if (VectorTarget)
        {
            var value = GpuVector4Backend.Load(GpuVector4Backend.At(shared), place);
            if (AddToTarget) value = GpuVector4Backend.Add(value, GpuVector4Backend.Load(GpuVector4Backend.At(Target), target));
            GpuVector4Backend.Store(GpuVector4Backend.At(Target), target, value);
            return;
        }

        WriteOne(shared, place, target);
        if (channels > 1) WriteOne(shared, place + 1, target + 1);
        if (channels > 2) WriteOne(shared, place + 2, target + 2);
        if (channels > 3) WriteOne(shared, place + 3, target + 3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void WriteOne(ArrayView<float> shared, int place, int target) =>
        Target[target] = AddToTarget ? Target[target] + shared[place] : shared[place];

    // Copies of tiles to shared memory. A thread copies the same quads of four values in every step. Slots are types, so loops over them are unrolled.

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
