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
internal partial struct TensorCoreConv2d<TActivation, TUnit, TTile> : IGroupedKernel
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

        for (var row = thread; row < TTile.Rows; row += SharedTiles<TUnit, TTile>.Threads) table[row] = Locate(firstRow + row, group);
        Taps.Start(thread & (TUnit.Depth - 1), out var channel, out var tapX, out var tapY);
        for (var ahead = 0; ahead < SharedTiles<TUnit, TTile>.Ahead; ahead++)
        {
            if (thread < TUnit.Depth) table[TTile.Rows + ahead * TUnit.Depth + thread] = Tap(channel, tapX, tapY, group);
            Taps.Advance(ref channel, ref tapX, ref tapY);
        }

        GroupBarrier.Wait();
        var first = warpRow * WarpTile.Rows * TileLayout.RowWords;
        var second = SharedTiles<TUnit, TTile>.FirstInRows + TUnit.LinePlace(warpColumn * TTile.WarpColumns);
        if (TUnit.IsStaged)
        {
            if (Steps > 0)
            {
                FetchFirst(ref unit, shared, table, 0, 0, thread);
                FetchSecond(ref unit, shared, table, 0, 0, thread, group, firstColumn);
                SettleFirst(ref unit, shared, 0, thread);
                SettleSecond(ref unit, shared, 0, thread);
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
            if (TUnit.IsStaged)
            {
                // One operand is on its way at a time, for as long as half a step takes, so that half the registers do.
                if (step + 1 < Steps)
                {
                    SettleFirst(ref unit, shared, filled, thread);
                    FetchSecond(ref unit, shared, table, step + 1, 0, thread, group, firstColumn);
                }

                unit.MultiplyRows(shared, lane, 0, SharedTiles<TUnit, TTile>.Wide, used + first, used + second, SharedTiles<TUnit, TTile>.SecondStride);
                if (step + 1 < Steps) SettleSecond(ref unit, shared, filled, thread);
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
            if (thread < TUnit.Depth) table[place] = Tap(channel, tapX, tapY, group);
            Taps.Advance(ref channel, ref tapX, ref tapY);
            filled = used;
            used += stage;
            if (used == SharedTiles<TUnit, TTile>.Stages * stage) used = 0;
        }

        GroupBarrier.Wait();
        const int values = 4;
        var stride = WarpTile.SpillStride(TTile.WarpColumns);
        var across = TTile.WarpColumns / values;
        var spilled = warp * SharedTiles<TUnit, TTile>.SpillWords;
        var column = firstColumn + warpColumn * TTile.WarpColumns + (lane & (across - 1)) * values;
        var channels = Geometry.OutputPerGroup - column;
        for (var part = 0; part < WarpTile.Rows / WarpTile.SpillRows; part++)
        {
            unit.Spill(part, SharedTiles<TUnit, TTile>.Wide, shared, lane, spilled);
            TUnit.WarpBarrier();
            for (var row = lane / across; row < WarpTile.SpillRows; row += WarpTile.Lanes / across)
            {
                var target = table[warpRow * WarpTile.Rows + part * WarpTile.SpillRows + row].D;
                if (target >= 0 && channels > 0)
                    Write(shared, spilled + row * stride + (lane & (across - 1)) * values, target, group * Geometry.OutputPerGroup + column, channels);
            }

            TUnit.WarpBarrier();
        }
    }

    // A: where the first tap reads, its channels' group included; B, C: the row and column of that; D: where the pixel is written.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly TableEntry Locate(int pixel, int group)
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
    private readonly TableEntry Tap(int channel, int tapX, int tapY, int group)
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
}
