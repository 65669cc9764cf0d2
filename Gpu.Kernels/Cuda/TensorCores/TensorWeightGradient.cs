using System.Runtime.CompilerServices;
using Gpu.Kernels.Convolution;
using Gpu.Kernels.Launching;
using Gpu.Kernels.Machines;
using ILGPU;

namespace Gpu.Kernels.Cuda.TensorCores;

/// <summary>
/// <see cref="ConvolutionWeightGradient{TMachine,TVector}"/> on tensor cores: a matrix product whose rows are taps by input channels, whose columns are the output channels of a group,
/// and whose k runs over the output pixels of a split. <see cref="SumSplits{TMachine,TVector}"/> adds the splits up, in order.
/// </summary>
/// <remarks>
/// Both operands lie in lines, a pixel a line, as they do in memory. Where a pixel lies is worked out once a step, by 16 threads, for the step after the next; what a row's tap adds to that is worked
/// out once. The groups of the first row of tiles also sum the output gradient over their pixels, in 32 bits: the gradient of the bias.
/// </remarks>
public struct TensorWeightGradient<TUnit, TTile> : IGroupedKernel
    where TUnit : struct, IMatrixUnit
    where TTile : struct, IBlockTile
{
    private const int Outside = -(1 << 28);

    /// <summary>Activations, the gradient of the output, and the gradients of weights and bias, a region a split.</summary>
    public ArrayView<float> Input, OutputGradient, Target, BiasTarget;

    /// <summary>Where the first words of input and output gradient lie, for the units that copy by address.</summary>
    public long InputAddress, OutputGradientAddress;

    /// <summary>Sizes.</summary>
    public TensorWeightGeometry Geometry;

    /// <summary>Whether the bias gradient is wanted, and whether the target holds gradients that are added to.</summary>
    public Flag HasBias, AddToTarget;

    /// <summary>Every pixel of the input (of the output gradient, of the target) begins at a multiple of 16 bytes, and its channels come in fours.</summary>
    public Flag VectorInput, VectorGradient, VectorTarget;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run()
    {
        var stage = SharedTiles<TUnit, TTile>.StageOfLines;
        var shared = SharedMemory.Allocate<Float4>(SharedTiles<TUnit, TTile>.StageOfLines * TTile.Stages / 4 + TTile.Rows / 4 + 2 * WarpTile.Depth).Cast<float>();
        var table = shared.SubView(stage * TTile.Stages, TTile.Rows + 8 * WarpTile.Depth).Cast<TableEntry>();
        var unit = default(TUnit);
        unit.Begin();
        var thread = Group.IdxX;
        var lane = thread & (WarpTile.Lanes - 1);
        var warp = thread / WarpTile.Lanes;
        var warpRow = warp / (TTile.Columns / WarpTile.Columns);
        var warpColumn = warp - warpRow * (TTile.Columns / WarpTile.Columns);
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
        var steps = (pixels + WarpTile.Depth - 1) / WarpTile.Depth;

        // Every tile has more threads than that.
        if (thread < TTile.Rows / 4) table[thread] = Row(firstRow + 4 * thread, group);
        var parity = 0;
        for (var ahead = 0; ahead < TTile.Stages - 1; ahead++)
        {
            if (thread < WarpTile.Depth) table[TTile.Rows / 4 + parity + thread] = Pixel(pixel + thread, end);
            Group.Barrier();
            if (ahead < steps) Copy(shared, table, ahead * stage, parity, thread, group, firstColumn);
            TUnit.Commit();
            pixel += WarpTile.Depth;
            parity = WarpTile.Depth - parity;
        }

        if (thread < WarpTile.Depth) table[TTile.Rows / 4 + parity + thread] = Pixel(pixel + thread, end);
        var first = warpRow * WarpTile.Rows;
        var second = SharedTiles<TUnit, TTile>.FirstInLines + warpColumn * WarpTile.Columns;
        var bias = 0f;
        int used = 0, filled = (TTile.Stages - 1) * stage;
        for (var step = 0; step < steps; step++)
        {
            // The tile of this step has arrived, and everyone has done with the one before, whose place is filled next.
            TUnit.WaitForAllBut(TTile.Stages - 2);
            Group.Barrier();
            if (step + TTile.Stages - 1 < steps) Copy(shared, table, filled, parity, thread, group, firstColumn);
            TUnit.Commit();
            pixel += WarpTile.Depth;
            parity = WarpTile.Depth - parity;
            if (thread < WarpTile.Depth) table[TTile.Rows / 4 + parity + thread] = Pixel(pixel + thread, end);
            unit.MultiplyLines(
                shared, lane, used + first, SharedTiles<TUnit, TTile>.FirstStride, used + second, SharedTiles<TUnit, TTile>.SecondStride);
            if (rowTile == 0 && thread < TTile.Columns) bias += Line(shared, used + SharedTiles<TUnit, TTile>.FirstInLines + thread);
            filled = used;
            used += stage;
            if (used == TTile.Stages * stage) used = 0;
        }

        var region = split * Geometry.SplitStride;
        for (var part = 0; part < WarpTile.Rows / WarpTile.SpillRows; part++)
        {
            Group.Barrier();
            var spilled = warp * WarpTile.SpillRows * WarpTile.SpillStride;
            unit.Spill(part, shared, lane, spilled);
            Group.Barrier();
            var within = firstColumn + warpColumn * WarpTile.Columns + (lane & 7) * 4;
            var channels = Geometry.OutputPerGroup - within;
            for (var line = lane >> 3; line < WarpTile.SpillRows; line += 4)
            {
                var row = firstRow + warpRow * WarpTile.Rows + part * WarpTile.SpillRows + line;
                var tap = row / Geometry.RowsPerTap;
                var channel = row - tap * Geometry.RowsPerTap;
                var target = region + (tap * Geometry.InputPerGroup + channel) * Geometry.OutputChannels + group * Geometry.OutputPerGroup + within;
                if (row < Geometry.Rows && channel < Geometry.InputPerGroup && channels > 0)
                    Write(shared, spilled + line * WarpTile.SpillStride + (lane & 7) * 4, target, channels);
            }
        }

        var biasColumn = firstColumn + thread;
        if (!HasBias || rowTile != 0 || thread >= TTile.Columns || biasColumn >= Geometry.OutputPerGroup) return;
        var place = region + group * Geometry.OutputPerGroup + biasColumn;
        BiasTarget[place] = AddToTarget ? BiasTarget[place] + bias : bias;
    }

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
    private readonly TableEntry Pixel(int pixel, int end)
    {
        var row = pixel / Geometry.OutputWidth;
        var column = pixel - row * Geometry.OutputWidth;
        var n = row / Geometry.OutputHeight;
        row -= n * Geometry.OutputHeight;
        var y = row * Geometry.StrideHeight - Geometry.PaddingTop;
        var x = column * Geometry.StrideWidth - Geometry.PaddingLeft;
        var exists = pixel < end;
        return new()
        {
            A = ((n * Geometry.InputHeight + y) * Geometry.InputWidth + x) * Geometry.InputChannels,
            B = exists ? y : Outside,
            C = x,
            D = exists ? pixel * Geometry.OutputChannels : -1,
        };
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Copy(ArrayView<float> shared, ArrayView<TableEntry> table, int stage, int parity, int thread, int group, int firstColumn)
    {
        for (var quad = thread; quad < WarpTile.Depth * (TTile.Rows / 4); quad += SharedTiles<TUnit, TTile>.Threads)
        {
            var line = quad / (TTile.Rows / 4);
            var number = quad - line * (TTile.Rows / 4);
            var row = table[number];
            var pixel = table[TTile.Rows / 4 + parity + line];
            var inside = ((uint)(pixel.B + row.A) < (uint)Geometry.InputHeight) & ((uint)(pixel.C + row.B) < (uint)Geometry.InputWidth);
            Four(shared, stage + line * SharedTiles<TUnit, TTile>.FirstStride + 4 * number, Input, InputAddress, pixel.A + row.C, inside ? row.D : 0, VectorInput);
        }

        for (var quad = thread; quad < WarpTile.Depth * (TTile.Columns / 4); quad += SharedTiles<TUnit, TTile>.Threads)
        {
            var line = quad / (TTile.Columns / 4);
            var within = (quad - line * (TTile.Columns / 4)) * 4;
            var start = table[TTile.Rows / 4 + parity + line].D;
            var target = stage + SharedTiles<TUnit, TTile>.FirstInLines + line * SharedTiles<TUnit, TTile>.SecondStride + within;
            var column = firstColumn + within;
            var channels = start >= 0 ? Geometry.OutputPerGroup - column : 0;
            Four(shared, target, OutputGradient, OutputGradientAddress, start + group * Geometry.OutputPerGroup + column, channels, VectorGradient);
        }
    }

    // Up to four words and zeros behind them.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Four(ArrayView<float> shared, int target, ArrayView<float> source, long address, int index, int left, Flag vector)
    {
        if (vector)
        {
            var valid = left > 0 ? 1 : 0;
            TUnit.CopyFour(shared, target, source, address, index * valid, valid);
            return;
        }

        One(shared, target, source, address, index, left);
        One(shared, target + 1, source, address, index + 1, left - 1);
        One(shared, target + 2, source, address, index + 2, left - 2);
        One(shared, target + 3, source, address, index + 3, left - 3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void One(ArrayView<float> shared, int target, ArrayView<float> source, long address, int index, int left)
    {
        var valid = left > 0 ? 1 : 0;
        TUnit.CopyOne(shared, target, source, address, index * valid, valid);
    }

    // The output gradient of one channel, summed over the pixels of a step.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Line(ArrayView<float> shared, int place)
    {
        var sum = 0f;
        for (var k = 0; k < WarpTile.Depth; k++) sum += shared[place + k * SharedTiles<TUnit, TTile>.SecondStride];
        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Write(ArrayView<float> shared, int place, int target, int channels)
    {
        if (VectorTarget)
        {
            var value = Gpu4.Load(Gpu4.At(shared), place);
            if (AddToTarget) value = Gpu4.Add(value, Gpu4.Load(Gpu4.At(Target), target));
            Gpu4.Store(Gpu4.At(Target), target, value);
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
}
