using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;
using ILGPU;

namespace Gpu.Kernels.Convolution.TensorCore;

/// <summary>
/// Weight gradient as an implicit GEMM on tensor cores. The rows of the product are taps by input channels, the columns are the output channels of a channel
/// group, and k runs over the output pixels of a split. With several splits, <see cref="SplitKReduce{TBackend,TVector}"/> adds their sums, in order.
/// </summary>
/// <remarks>
/// Both operands are stored in lines, one line for each pixel, as they are in global memory. A table in shared memory holds the position of each pixel; the
/// group computes its entries a few steps ahead. A thread copies the same four rows of the product in every step, so it keeps the offset of their tap in
/// registers. The groups of the first row of tiles also compute the bias gradient: they sum the output gradient over their pixels in FP32.
/// </remarks>
internal struct TensorCoreWeightGradient<TUnit, TTile> : IGroupedKernel
    where TUnit : struct, ITensorCoreUnit
    where TTile : struct, IBlockTile
{
    // An input row that does not exist, for pixels after the last one.
    private const int Outside = -(1 << 28);

    // The index of an output gradient that does not exist. A copy of no bytes from there is still aligned.
    private const int Missing = -4;

    /// <summary>Activations, output gradient, and gradients of weights and bias, one region for each split.</summary>
    public ArrayView<float> Input, OutputGradient, Target, BiasTarget;

    /// <summary>Addresses of the first words of input and output gradient, for units that copy by address.</summary>
    public long InputAddress, OutputGradientAddress;

    /// <summary>Sizes.</summary>
    public TensorCoreWeightGradientGeometry Geometry;

    /// <summary>The bias gradient is computed too. The result is added to the target, instead of replacing it.</summary>
    public Flag HasBias, AddToTarget;

    /// <summary>
    /// The input (the output gradient, the target) is accessed as vectors of four channels: it is aligned to 16 bytes, and the channels of a group are a
    /// multiple of four.
    /// </summary>
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
        var sumsColumn = sumsBias && thread < TTile.Columns;
        var copies = new Copies(this, firstRow, firstColumn, group, thread);
        pixel += thread & (TUnit.Depth - 1);
        Geometry.PixelCounter.Start(pixel, out var column, out var row, out var image);
        for (var ahead = 0; ahead < SharedTiles<TUnit, TTile>.Ahead; ahead++)
        {
            if (thread < TUnit.Depth) table[ahead * TUnit.Depth + thread] = PixelEntry(image, row, column, pixel, end);
            Geometry.PixelCounter.Advance(ref column, ref row, ref image);
            pixel += TUnit.Depth;
        }

        GroupBarrier.Wait();
        var first = TUnit.LineOffset(warpRow * WarpTile.Rows);
        var second = SharedTiles<TUnit, TTile>.FirstInLines + TUnit.LineOffset(warpColumn * TTile.WarpColumns);
        unit.BeginLines(lane, first, SharedTiles<TUnit, TTile>.FirstStride, second, SharedTiles<TUnit, TTile>.SecondStride);
        if (TUnit.IsRegisterStaged)
        {
            FetchFirst(ref unit, shared, table, copies, 0, 0);
            FetchSecond(ref unit, shared, table, copies, 0, 0);
            StoreFirst(ref unit, shared, copies.First);
            StoreSecond(ref unit, shared, copies.Second, sumsBias);
            if (steps > 1) FetchFirst(ref unit, shared, table, copies, 1, 0);
        }
        else
        {
            for (var ahead = 0; ahead < SharedTiles<TUnit, TTile>.Stages - 1; ahead++)
            {
                if (ahead < steps) FetchBoth(ref unit, shared, table, copies, ahead, ahead * stage);
                TUnit.Commit();
            }
        }

        var bias = 0f;
        int readStage = 0, writeStage = (SharedTiles<TUnit, TTile>.Stages - 1) * stage;
        for (var step = 0; step < steps; step++)
        {
            // After the barrier, the stage of this step is complete, and no thread reads the stage of the previous step, which is overwritten next.
            TUnit.WaitForAllBut(SharedTiles<TUnit, TTile>.Stages - 2);
            GroupBarrier.Wait();
            if (TUnit.IsRegisterStaged)
            {
                // Only one operand is in flight at a time, during half a step, which halves the registers for slots.
                if (step + 1 < steps)
                {
                    StoreFirst(ref unit, shared, writeStage + copies.First);
                    FetchSecond(ref unit, shared, table, copies, step + 1, 0);
                }

                Multiply(ref unit, shared, 0, readStage);
                if (step + 1 < steps) StoreSecond(ref unit, shared, writeStage + copies.Second, sumsBias);
                if (step + 2 < steps) FetchFirst(ref unit, shared, table, copies, step + 2, 0);
            }
            else
            {
                var next = step + SharedTiles<TUnit, TTile>.Stages - 1;
                if (next < steps) FetchBoth(ref unit, shared, table, copies, next, writeStage);
                TUnit.Commit();
                Multiply(ref unit, shared, 0, readStage);
                if (sumsColumn) bias += SumPixels(shared, readStage + SharedTiles<TUnit, TTile>.FirstInLines + thread);
            }

            Multiply(ref unit, shared, 1, readStage);
            var entry = ((step + SharedTiles<TUnit, TTile>.Ahead) & (SharedTiles<TUnit, TTile>.Ring - 1)) * TUnit.Depth + thread;
            if (thread < TUnit.Depth)
            {
                table[entry] = PixelEntry(image, row, column, pixel, end);
                Geometry.PixelCounter.Advance(ref column, ref row, ref image);
                pixel += TUnit.Depth;
            }

            writeStage = readStage;
            readStage += stage;
            if (readStage == SharedTiles<TUnit, TTile>.Stages * stage) readStage = 0;
        }

        unit.End();
        GroupBarrier.Wait();
        const int values = 4;
        var totals = SharedTiles<TUnit, TTile>.Threads / WarpTile.Lanes * SharedTiles<TUnit, TTile>.EpilogueWords;
        if (TUnit.IsRegisterStaged) unit.StoreTotals(shared, totals + thread * values);
        var stride = TUnit.EpilogueStride(TTile.WarpColumns);
        var across = TTile.WarpColumns / values;
        var spilled = warp * SharedTiles<TUnit, TTile>.EpilogueWords;
        var region = split * Geometry.SplitStride;
        var within = firstColumn + warpColumn * TTile.WarpColumns + (lane & (across - 1)) * values;
        var channels = Geometry.OutputPerGroup - within;
        for (var part = 0; part < WarpTile.Rows / WarpTile.EpilogueRows; part++)
        {
            unit.StoreSums(part, SharedTiles<TUnit, TTile>.Wide, shared, lane, spilled);
            TUnit.WarpBarrier();
            for (var line = lane / across; line < WarpTile.EpilogueRows; line += WarpTile.Lanes / across)
            {
                var number = firstRow + warpRow * WarpTile.Rows + TUnit.RowOfLines(part, line);
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
        if (!sumsColumn || biasColumn >= Geometry.OutputPerGroup) return;
        if (TUnit.IsRegisterStaged)
        {
            // Threads with the same columns have sums over different pixels.
            for (var from = 0; from < SharedTiles<TUnit, TTile>.Threads * values; from += TTile.Columns) bias += shared[totals + from + thread];
        }

        var goal = region + group * Geometry.OutputPerGroup + biasColumn;
        BiasTarget[goal] = AddToTarget ? BiasTarget[goal] + bias : bias;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Multiply(ref TUnit unit, ArrayView<float> shared, int half, int stage) => unit.MultiplyLines(
        shared, half, SharedTiles<TUnit, TTile>.Wide, stage, SharedTiles<TUnit, TTile>.FirstStride, SharedTiles<TUnit, TTile>.SecondStride);

    // An entry for four rows of the product. A, B: rows and columns from the first tap to their tap. C: the same in words, plus the channel. D: channels from
    // the first of the four to the last one of the group, or 0 after the last row of the product.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly TableEntry RowEntry(int row, int group)
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

    // The table entry of a pixel. A: input index of its first tap. B, C: input row and column of the first tap. D: index of its output gradient, or
    // Missing if the pixel is after the end of the split.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly TableEntry PixelEntry(int image, int row, int column, int pixel, int end)
    {
        var y = row * Geometry.StrideHeight - Geometry.PaddingTop;
        var x = column * Geometry.StrideWidth - Geometry.PaddingLeft;
        var exists = pixel < end;
        return new()
        {
            A = ((image * Geometry.InputHeight + y) * Geometry.InputWidth + x) * Geometry.InputChannels,
            B = exists ? y : Outside,
            C = x,
            D = exists ? pixel * Geometry.OutputChannels : Missing,
        };
    }

    // Sums the output gradient of one channel over the pixels of a step.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float SumPixels(ArrayView<float> shared, int index)
    {
        var sum = 0f;
        for (var k = 0; k < TUnit.Depth; k++) sum += shared[index + k * SharedTiles<TUnit, TTile>.SecondStride];
        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Write(ArrayView<float> shared, int index, int target, int channels)
    {
        if (VectorTarget)
        {
            var value = GpuVector4Backend.Load(GpuVector4Backend.At(shared), index);
            if (AddToTarget) value = GpuVector4Backend.Add(value, GpuVector4Backend.Load(GpuVector4Backend.At(Target), target));
            GpuVector4Backend.Store(GpuVector4Backend.At(Target), target, value);
            return;
        }

        WriteOne(shared, index, target);
        if (channels > 1) WriteOne(shared, index + 1, target + 1);
        if (channels > 2) WriteOne(shared, index + 2, target + 2);
        if (channels > 3) WriteOne(shared, index + 3, target + 3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void WriteOne(ArrayView<float> shared, int index, int target) =>
        Target[target] = AddToTarget ? Target[target] + shared[index] : shared[index];

    // Copies of tiles to shared memory. A thread copies the same quads of the tile in every step. The loops over slots are unrolled, because slots are types.

    // Quads in a line of each operand, and lines that the group copies if each thread copies one quad.
    private static int FirstQuadsPerLine => TTile.Rows / 4;

    private static int SecondQuadsPerLine => TTile.Columns / 4;

    private static int FirstLinesPerPass => SharedTiles<TUnit, TTile>.Threads / FirstQuadsPerLine;

    private static int SecondLinesPerPass => SharedTiles<TUnit, TTile>.Threads / SecondQuadsPerLine;

    // What a thread needs for its copies in every step.
    private readonly struct Copies
    {
        // Offsets in a stage of the quads that the thread copies first, and the lines of these.
        public readonly int First, Second, FirstLine, SecondLine;

        // The offset of its columns in the output gradient, and how many channels of the group there are from the first of them on.
        public readonly int Move, Channels;

        // The tap of its rows.
        public readonly TableEntry Rows;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Copies(in TensorCoreWeightGradient<TUnit, TTile> kernel, int firstRow, int firstColumn, int group, int thread)
        {
            var row = 4 * (thread & (FirstQuadsPerLine - 1));
            FirstLine = thread / FirstQuadsPerLine;
            First = FirstLine * SharedTiles<TUnit, TTile>.FirstStride + TUnit.LineOffset(row);
            Rows = kernel.RowEntry(firstRow + row, group);
            var column = 4 * (thread & (SecondQuadsPerLine - 1));
            SecondLine = thread / SecondQuadsPerLine;
            Second = SharedTiles<TUnit, TTile>.FirstInLines + SecondLine * SharedTiles<TUnit, TTile>.SecondStride + TUnit.LineOffset(column);
            Move = group * kernel.Geometry.OutputPerGroup + firstColumn + column;
            Channels = kernel.Geometry.OutputPerGroup - firstColumn - column;
        }
    }

    // Table entries of the first four lines that a thread copies. They are read before the first copy: ptxas puts three instructions before a copy that follows
    // a read of shared memory. A register-staged unit copies nothing to shared memory here, and reads each entry when it needs it.
    private readonly struct Lines
    {
        public readonly TableEntry Line0, Line1, Line2, Line3;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Lines(ArrayView<TableEntry> lines, int linesPerPass, int quads)
        {
            Line0 = Line1 = Line2 = Line3 = default;
            if (TUnit.IsRegisterStaged) return;
            Line0 = lines[0];
            if (quads > 1) Line1 = lines[linesPerPass];
            if (quads > 2) Line2 = lines[2 * linesPerPass];
            if (quads > 3) Line3 = lines[3 * linesPerPass];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void FetchBoth(ref TUnit unit, ArrayView<float> shared, ArrayView<TableEntry> table, in Copies copies, int step, int stage)
    {
        FetchFirst(ref unit, shared, table, copies, step, stage);
        FetchSecond(ref unit, shared, table, copies, step, stage);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void FetchFirst(ref TUnit unit, ArrayView<float> shared, ArrayView<TableEntry> table, in Copies copies, int step, int stage)
    {
        // A view, so that the table indices of all slots are constants.
        var lines = table.SubView((step & (SharedTiles<TUnit, TTile>.Ring - 1)) * TUnit.Depth + copies.FirstLine, TUnit.Depth - FirstLinesPerPass + 1);
        var held = new Lines(lines, FirstLinesPerPass, SharedTiles<TUnit, TTile>.FirstQuads);
        var rows = copies.Rows;
        var target = stage + copies.First;
        if (VectorInput)
        {
            FetchRows<FirstSlot0>(ref unit, 0, shared, lines, held.Line0, rows, target, true);
            FetchRows<FirstSlot1>(ref unit, 1, shared, lines, held.Line1, rows, target, true);
            FetchRows<FirstSlot2>(ref unit, 2, shared, lines, held.Line2, rows, target, true);
            FetchRows<FirstSlot3>(ref unit, 3, shared, lines, held.Line3, rows, target, true);
            FetchRows<FirstSlot4>(ref unit, 4, shared, lines, default, rows, target, true);
            FetchRows<FirstSlot5>(ref unit, 5, shared, lines, default, rows, target, true);
            FetchRows<FirstSlot6>(ref unit, 6, shared, lines, default, rows, target, true);
            FetchRows<FirstSlot7>(ref unit, 7, shared, lines, default, rows, target, true);
            FetchRows<FirstSlot8>(ref unit, 8, shared, lines, default, rows, target, true);
            FetchRows<FirstSlot9>(ref unit, 9, shared, lines, default, rows, target, true);
            FetchRows<FirstSlot10>(ref unit, 10, shared, lines, default, rows, target, true);
            FetchRows<FirstSlot11>(ref unit, 11, shared, lines, default, rows, target, true);
            FetchRows<FirstSlot12>(ref unit, 12, shared, lines, default, rows, target, true);
            FetchRows<FirstSlot13>(ref unit, 13, shared, lines, default, rows, target, true);
            FetchRows<FirstSlot14>(ref unit, 14, shared, lines, default, rows, target, true);
            FetchRows<FirstSlot15>(ref unit, 15, shared, lines, default, rows, target, true);
            return;
        }

        FetchRows<FirstSlot0>(ref unit, 0, shared, lines, held.Line0, rows, target, false);
        FetchRows<FirstSlot1>(ref unit, 1, shared, lines, held.Line1, rows, target, false);
        FetchRows<FirstSlot2>(ref unit, 2, shared, lines, held.Line2, rows, target, false);
        FetchRows<FirstSlot3>(ref unit, 3, shared, lines, held.Line3, rows, target, false);
        FetchRows<FirstSlot4>(ref unit, 4, shared, lines, default, rows, target, false);
        FetchRows<FirstSlot5>(ref unit, 5, shared, lines, default, rows, target, false);
        FetchRows<FirstSlot6>(ref unit, 6, shared, lines, default, rows, target, false);
        FetchRows<FirstSlot7>(ref unit, 7, shared, lines, default, rows, target, false);
        FetchRows<FirstSlot8>(ref unit, 8, shared, lines, default, rows, target, false);
        FetchRows<FirstSlot9>(ref unit, 9, shared, lines, default, rows, target, false);
        FetchRows<FirstSlot10>(ref unit, 10, shared, lines, default, rows, target, false);
        FetchRows<FirstSlot11>(ref unit, 11, shared, lines, default, rows, target, false);
        FetchRows<FirstSlot12>(ref unit, 12, shared, lines, default, rows, target, false);
        FetchRows<FirstSlot13>(ref unit, 13, shared, lines, default, rows, target, false);
        FetchRows<FirstSlot14>(ref unit, 14, shared, lines, default, rows, target, false);
        FetchRows<FirstSlot15>(ref unit, 15, shared, lines, default, rows, target, false);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void FetchRows<TSlot>(
        ref TUnit unit, int slot, ArrayView<float> shared, ArrayView<TableEntry> lines, TableEntry pixel, TableEntry rows, int target, bool vector)
        where TSlot : struct, ISlot
    {
        if (slot >= SharedTiles<TUnit, TTile>.FirstQuads) return;
        if (TUnit.IsRegisterStaged || slot > 3) pixel = lines[slot * FirstLinesPerPass];
        var inside = ((uint)(pixel.B + rows.A) < (uint)Geometry.InputHeight) & ((uint)(pixel.C + rows.B) < (uint)Geometry.InputWidth);
        var offset = slot * FirstLinesPerPass * SharedTiles<TUnit, TTile>.FirstStride;
        if (vector) unit.FetchFour<TSlot>(shared, target, offset, Input, InputAddress, pixel.A + rows.C, inside & (rows.D > 0) ? 1 : 0, true);
        else unit.FetchSome<TSlot>(shared, target, offset, Input, InputAddress, pixel.A + rows.C, (inside ? 1 : 0) * rows.D);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void FetchSecond(ref TUnit unit, ArrayView<float> shared, ArrayView<TableEntry> table, in Copies copies, int step, int stage)
    {
        var lines = table.SubView((step & (SharedTiles<TUnit, TTile>.Ring - 1)) * TUnit.Depth + copies.SecondLine, TUnit.Depth - SecondLinesPerPass + 1);
        var held = new Lines(lines, SecondLinesPerPass, SharedTiles<TUnit, TTile>.SecondQuads);
        var target = stage + copies.Second;
        var move = copies.Move;
        var channels = copies.Channels;
        if (VectorGradient)
        {
            FetchColumns<SecondSlot0>(ref unit, 0, shared, lines, held.Line0, target, move, channels, true);
            FetchColumns<SecondSlot1>(ref unit, 1, shared, lines, held.Line1, target, move, channels, true);
            FetchColumns<SecondSlot2>(ref unit, 2, shared, lines, held.Line2, target, move, channels, true);
            FetchColumns<SecondSlot3>(ref unit, 3, shared, lines, held.Line3, target, move, channels, true);
            FetchColumns<SecondSlot4>(ref unit, 4, shared, lines, default, target, move, channels, true);
            FetchColumns<SecondSlot5>(ref unit, 5, shared, lines, default, target, move, channels, true);
            FetchColumns<SecondSlot6>(ref unit, 6, shared, lines, default, target, move, channels, true);
            FetchColumns<SecondSlot7>(ref unit, 7, shared, lines, default, target, move, channels, true);
            return;
        }

        FetchColumns<SecondSlot0>(ref unit, 0, shared, lines, held.Line0, target, move, channels, false);
        FetchColumns<SecondSlot1>(ref unit, 1, shared, lines, held.Line1, target, move, channels, false);
        FetchColumns<SecondSlot2>(ref unit, 2, shared, lines, held.Line2, target, move, channels, false);
        FetchColumns<SecondSlot3>(ref unit, 3, shared, lines, held.Line3, target, move, channels, false);
        FetchColumns<SecondSlot4>(ref unit, 4, shared, lines, default, target, move, channels, false);
        FetchColumns<SecondSlot5>(ref unit, 5, shared, lines, default, target, move, channels, false);
        FetchColumns<SecondSlot6>(ref unit, 6, shared, lines, default, target, move, channels, false);
        FetchColumns<SecondSlot7>(ref unit, 7, shared, lines, default, target, move, channels, false);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void FetchColumns<TSlot>(
        ref TUnit unit, int slot, ArrayView<float> shared, ArrayView<TableEntry> lines, TableEntry pixel, int target, int move, int channels, bool vector)
        where TSlot : struct, ISlot
    {
        if (slot >= SharedTiles<TUnit, TTile>.SecondQuads) return;
        var start = TUnit.IsRegisterStaged || slot > 3 ? lines[slot * SecondLinesPerPass].D : pixel.D;
        var offset = slot * SecondLinesPerPass * SharedTiles<TUnit, TTile>.SecondStride;
        var exists = start >= 0;
        if (vector) unit.FetchFour<TSlot>(shared, target, offset, OutputGradient, OutputGradientAddress, start + move, exists & (channels > 0) ? 1 : 0, false);
        else unit.FetchSome<TSlot>(shared, target, offset, OutputGradient, OutputGradientAddress, start + move, (exists ? 1 : 0) * channels);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreFirst(ref TUnit unit, ArrayView<float> shared, int target)
    {
        StoreRows<FirstSlot0>(ref unit, 0, shared, target);
        StoreRows<FirstSlot1>(ref unit, 1, shared, target);
        StoreRows<FirstSlot2>(ref unit, 2, shared, target);
        StoreRows<FirstSlot3>(ref unit, 3, shared, target);
        StoreRows<FirstSlot4>(ref unit, 4, shared, target);
        StoreRows<FirstSlot5>(ref unit, 5, shared, target);
        StoreRows<FirstSlot6>(ref unit, 6, shared, target);
        StoreRows<FirstSlot7>(ref unit, 7, shared, target);
        StoreRows<FirstSlot8>(ref unit, 8, shared, target);
        StoreRows<FirstSlot9>(ref unit, 9, shared, target);
        StoreRows<FirstSlot10>(ref unit, 10, shared, target);
        StoreRows<FirstSlot11>(ref unit, 11, shared, target);
        StoreRows<FirstSlot12>(ref unit, 12, shared, target);
        StoreRows<FirstSlot13>(ref unit, 13, shared, target);
        StoreRows<FirstSlot14>(ref unit, 14, shared, target);
        StoreRows<FirstSlot15>(ref unit, 15, shared, target);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreRows<TSlot>(ref TUnit unit, int slot, ArrayView<float> shared, int target)
        where TSlot : struct, ISlot
    {
        if (slot < SharedTiles<TUnit, TTile>.FirstQuads)
            unit.StoreSlot<TSlot>(shared, target, slot * FirstLinesPerPass * SharedTiles<TUnit, TTile>.FirstStride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreSecond(ref TUnit unit, ArrayView<float> shared, int target, bool sumsBias)
    {
        StoreColumns<SecondSlot0>(ref unit, 0, shared, target);
        StoreColumns<SecondSlot1>(ref unit, 1, shared, target);
        StoreColumns<SecondSlot2>(ref unit, 2, shared, target);
        StoreColumns<SecondSlot3>(ref unit, 3, shared, target);
        StoreColumns<SecondSlot4>(ref unit, 4, shared, target);
        StoreColumns<SecondSlot5>(ref unit, 5, shared, target);
        StoreColumns<SecondSlot6>(ref unit, 6, shared, target);
        StoreColumns<SecondSlot7>(ref unit, 7, shared, target);
        if (!sumsBias) return;
        AddToTotals<SecondSlot0>(ref unit, 0);
        AddToTotals<SecondSlot1>(ref unit, 1);
        AddToTotals<SecondSlot2>(ref unit, 2);
        AddToTotals<SecondSlot3>(ref unit, 3);
        AddToTotals<SecondSlot4>(ref unit, 4);
        AddToTotals<SecondSlot5>(ref unit, 5);
        AddToTotals<SecondSlot6>(ref unit, 6);
        AddToTotals<SecondSlot7>(ref unit, 7);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreColumns<TSlot>(ref TUnit unit, int slot, ArrayView<float> shared, int target)
        where TSlot : struct, ISlot
    {
        if (slot < SharedTiles<TUnit, TTile>.SecondQuads)
            unit.StoreSlot<TSlot>(shared, target, slot * SecondLinesPerPass * SharedTiles<TUnit, TTile>.SecondStride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddToTotals<TSlot>(ref TUnit unit, int slot)
        where TSlot : struct, ISlot
    {
        if (slot < SharedTiles<TUnit, TTile>.SecondQuads) unit.AddToTotals<TSlot>();
    }
}
