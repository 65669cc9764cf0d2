using System.Runtime.CompilerServices;
using Gpu.Kernels.Activations;
using Gpu.Kernels.Convolution;
using Gpu.Kernels.Launching;
using Gpu.Kernels.Machines;
using ILGPU;

namespace Gpu.Kernels.Cuda.TensorCores;

/// <summary>
/// <see cref="GatherConvolution{TMachine,TVector,TActivation}"/> on tensor cores: a matrix product whose rows are output pixels, whose columns are the output channels of a group, and
/// whose k runs over taps and input channels. The first operand is never laid out in memory: its rows are copied to shared memory from where the taps lie.
/// </summary>
/// <remarks>
/// A group of threads computes one tile of the product; a tap's channels are taken 16 at a time (the last may be fewer: zeros). While a stage is multiplied, the next ones arrive.
/// The sums of a tile pass through shared memory on their way out, so that the output is written in runs of 128 bytes and the activation sees vectors.
/// </remarks>
public struct TensorGather<TActivation, TUnit, TTile> : IGroupedKernel
    where TActivation : struct, IActivation
    where TUnit : struct, IMatrixUnit
    where TTile : struct, IBlockTile
{
    // A row that no pixel belongs to: no tap of it lies in the input.
    private const int Outside = -(1 << 28);

    /// <summary>Activations, weights, bias, output, and the activated values that the gradient belongs to; see <see cref="GatherConvolution{TMachine,TVector,TActivation}"/>.</summary>
    public ArrayView<float> Input, Weights, Bias, Output, Saved;

    /// <summary>Where the first words of input and weights lie, for the units that copy by address.</summary>
    public long InputAddress, WeightsAddress;

    /// <summary>The mapping from output pixel and tap to input pixel. Panels are <see cref="TensorGathers.PanelWidth"/> columns wide.</summary>
    public GatherGeometry Geometry;

    /// <summary>Tiles along the pixels and along the channels of a group.</summary>
    public int RowTiles, ColumnTiles;

    /// <summary>Columns of weights that may be read, a multiple of four.</summary>
    public int WeightColumns;

    /// <summary>See <see cref="Activation.Slope"/>.</summary>
    public float Slope;

    /// <summary>See <see cref="GatherConvolution{TMachine,TVector,TActivation}"/>.</summary>
    public Flag HasBias, Gated, Accumulate;

    /// <summary>Every pixel of the input (of the output, the saved values and the bias) begins at a multiple of 16 bytes, and its channels come in fours.</summary>
    public Flag VectorInput, VectorOutput;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run()
    {
        var stage = SharedTiles<TUnit, TTile>.StageOfRows;
        var shared = SharedMemory.Allocate<Float4>(SharedTiles<TUnit, TTile>.StageOfRows * TTile.Stages / 4 + TTile.Rows).Cast<float>();
        var table = shared.SubView(stage * TTile.Stages, 4 * TTile.Rows).Cast<TableEntry>();
        var unit = default(TUnit);
        unit.Begin();
        var thread = Group.IdxX;
        var lane = thread & (WarpTile.Lanes - 1);
        var warp = thread / WarpTile.Lanes;
        var warpRow = warp / (TTile.Columns / WarpTile.Columns);
        var warpColumn = warp - warpRow * (TTile.Columns / WarpTile.Columns);
        var block = Grid.IdxX;
        var rest = block / RowTiles;
        var firstRow = (block - rest * RowTiles) * TTile.Rows;
        var group = rest / ColumnTiles;
        var firstColumn = (rest - group * ColumnTiles) * TTile.Columns;

        for (var row = thread; row < TTile.Rows; row += SharedTiles<TUnit, TTile>.Threads) table[row] = Locate(firstRow + row, group);
        Group.Barrier();

        var steps = Geometry.TapsY * Geometry.TapsX * ((Geometry.InputPerGroup + WarpTile.Depth - 1) / WarpTile.Depth);
        int tapY = 0, tapX = 0, channel = 0;
        for (var ahead = 0; ahead < TTile.Stages - 1; ahead++)
        {
            if (ahead < steps) Copy(shared, table, ahead * stage, thread, group, firstColumn, ref tapY, ref tapX, ref channel);
            TUnit.Commit();
        }

        var first = warpRow * WarpTile.Rows * TUnit.RowStride;
        var second = SharedTiles<TUnit, TTile>.FirstInRows + warpColumn * WarpTile.Columns;
        int used = 0, filled = (TTile.Stages - 1) * stage;
        for (var step = 0; step < steps; step++)
        {
            // The tile of this step has arrived, and everyone has done with the one before, whose place is filled next.
            TUnit.WaitForAllBut(TTile.Stages - 2);
            Group.Barrier();
            if (step + TTile.Stages - 1 < steps) Copy(shared, table, filled, thread, group, firstColumn, ref tapY, ref tapX, ref channel);
            TUnit.Commit();
            unit.MultiplyRows(shared, lane, used + first, used + second, SharedTiles<TUnit, TTile>.SecondStride);
            filled = used;
            used += stage;
            if (used == TTile.Stages * stage) used = 0;
        }

        for (var part = 0; part < WarpTile.Rows / WarpTile.SpillRows; part++)
        {
            Group.Barrier();
            var spilled = warp * WarpTile.SpillRows * WarpTile.SpillStride;
            unit.Spill(part, shared, lane, spilled);
            Group.Barrier();
            var column = firstColumn + warpColumn * WarpTile.Columns + (lane & 7) * 4;
            var channels = Geometry.OutputPerGroup - column;
            for (var row = lane >> 3; row < WarpTile.SpillRows; row += 4)
            {
                var target = table[warpRow * WarpTile.Rows + part * WarpTile.SpillRows + row].D;
                if (target >= 0 && channels > 0)
                    Write(shared, spilled + row * WarpTile.SpillStride + (lane & 7) * 4, target, group * Geometry.OutputPerGroup + column, channels);
            }
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

    // Copies the operands of one step and moves on to the next.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Copy(
        ArrayView<float> shared, ArrayView<TableEntry> table, int stage, int thread, int group, int firstColumn, ref int tapY, ref int tapX, ref int channel)
    {
        var moveY = tapY * Geometry.TapStepY;
        var moveX = tapX * Geometry.TapStepX;
        var move = (moveY * Geometry.InputWidth + moveX) * Geometry.InputChannels + channel;
        for (var quad = thread; quad < TTile.Rows * (WarpTile.Depth / 4); quad += SharedTiles<TUnit, TTile>.Threads)
        {
            var row = quad / (WarpTile.Depth / 4);
            var k = (quad - row * (WarpTile.Depth / 4)) * 4;
            var place = table[row];
            var inside = ((uint)(place.B + moveY) < (uint)Geometry.InputHeight) & ((uint)(place.C + moveX) < (uint)Geometry.InputWidth);
            var target = stage + row * TUnit.RowStride + k;
            var source = place.A + move + k;
            var left = inside ? Geometry.InputPerGroup - channel - k : 0;
            if (VectorInput) One4(shared, target, source, left);
            else
            {
                One(shared, target, source, left);
                One(shared, target + 1, source + 1, left - 1);
                One(shared, target + 2, source + 2, left - 2);
                One(shared, target + 3, source + 3, left - 3);
            }
        }

        var tap = Geometry.WeightTap + tapY * Geometry.WeightTapY + tapX * Geometry.WeightTapX;
        var line = group * Geometry.WeightGroupStride + (tap * Geometry.InputPerGroup + channel) * Geometry.WeightRowStride;
        for (var quad = thread; quad < WarpTile.Depth * (TTile.Columns / 4); quad += SharedTiles<TUnit, TTile>.Threads)
        {
            var k = quad / (TTile.Columns / 4);
            var within = (quad - k * (TTile.Columns / 4)) * 4;
            var column = firstColumn + within;
            var valid = (channel + k < Geometry.InputPerGroup) & (column < WeightColumns) ? 1 : 0;
            var panel = column / TensorGathers.PanelWidth;
            var source = line + k * Geometry.WeightRowStride + panel * Geometry.WeightPanelStride + column - panel * TensorGathers.PanelWidth;
            TUnit.CopyFour(
                shared, stage + SharedTiles<TUnit, TTile>.FirstInRows + k * SharedTiles<TUnit, TTile>.SecondStride + within, Weights, WeightsAddress, source * valid, valid);
        }

        channel += WarpTile.Depth;
        if (channel < Geometry.InputPerGroup) return;
        channel = 0;
        tapX++;
        if (tapX < Geometry.TapsX) return;
        tapX = 0;
        tapY++;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void One4(ArrayView<float> shared, int target, int source, int left)
    {
        var valid = left > 0 ? 1 : 0;
        TUnit.CopyFour(shared, target, Input, InputAddress, source * valid, valid);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void One(ArrayView<float> shared, int target, int source, int left)
    {
        var valid = left > 0 ? 1 : 0;
        TUnit.CopyOne(shared, target, Input, InputAddress, source * valid, valid);
    }

    // Up to four channels of a pixel.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Write(ArrayView<float> shared, int place, int target, int channel, int channels)
    {
        if (VectorOutput)
        {
            Write<Gpu4, Float4>(Gpu4.At(shared), place, Gpu4.At(Bias), Gpu4.At(Saved), Gpu4.At(Output), target + channel, channel);
            return;
        }

        var (sums, bias, saved, output) = (Gpu1.At(shared), Gpu1.At(Bias), Gpu1.At(Saved), Gpu1.At(Output));
        Write<Gpu1, float>(sums, place, bias, saved, output, target + channel, channel);
        if (channels > 1) Write<Gpu1, float>(sums, place + 1, bias, saved, output, target + channel + 1, channel + 1);
        if (channels > 2) Write<Gpu1, float>(sums, place + 2, bias, saved, output, target + channel + 2, channel + 2);
        if (channels > 3) Write<Gpu1, float>(sums, place + 3, bias, saved, output, target + channel + 3, channel + 3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Write<TMachine, TVector>(TMachine sums, int place, TMachine bias, TMachine saved, TMachine output, int index, int channel)
        where TMachine : struct, IMachine<TMachine, TVector>
        where TVector : unmanaged
    {
        var value = TMachine.Load(sums, place);
        if (HasBias) value = TMachine.Add(value, TMachine.Load(bias, channel));
        if (Gated) value = TActivation.Backward<TMachine, TVector>(TMachine.Load(saved, index), value, Slope);
        else value = TActivation.Forward<TMachine, TVector>(value, Slope);
        if (Accumulate) value = TMachine.Add(value, TMachine.Load(output, index));
        TMachine.Store(output, index, value);
    }
}
