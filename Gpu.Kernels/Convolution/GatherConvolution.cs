using System.Runtime.CompilerServices;
using Gpu.Kernels.Activations;
using Gpu.Kernels.Launching;
using Gpu.Kernels.Machines;

namespace Gpu.Kernels.Convolution;

/// <summary>
/// The product of every convolution and dense layer that gathers: output[pixel, c] = sum over taps and input channels of
/// input[pixel moved by the tap, k] * weights[tap, k, c]. The forward pass, the gradient of the input (with the weights transposed) and both passes of the
/// transposed convolution differ in the <see cref="GatherGeometry"/> alone.
/// </summary>
/// <remarks>
/// An item is a strip of tiles of <see cref="TilePixels"/> consecutive output pixels by two vectors of output channels. All sums of a tile stay in
/// registers from the first tap to the last; a pixel in the padding reads from a row of zeros, so that the innermost loop has no condition.
/// Where all taps of a tile lie inside the input, the taps of a kernel row and their channels are one contiguous run.
/// </remarks>
public struct GatherConvolution<TMachine, TVector, TActivation> : IKernel
    where TMachine : struct, IMachine<TMachine, TVector>
    where TVector : unmanaged
    where TActivation : struct, IActivation
{
    /// <summary>Pixels in a tile.</summary>
    public const int TilePixels = 6;

    /// <summary>Vectors of output channels in a panel.</summary>
    public const int PanelVectors = 2;

    /// <summary>Activations [n, h, w, c]; weights, bias [c]; and zeros, as many as one pixel of a group has channels.</summary>
    public TMachine Input, Weights, Bias, Output, Zeros;

    /// <summary>The activated values that the gradient belongs to; read when <see cref="Gated"/>.</summary>
    public TMachine Saved;

    /// <summary>Sizes and the mapping from output pixel and tap to input pixel.</summary>
    public GatherGeometry Geometry;

    /// <summary>See <see cref="Activation.Slope"/>.</summary>
    public float Slope;

    /// <summary>Bias is added before the activation.</summary>
    public Flag HasBias;

    /// <summary>The result is multiplied by the activation's derivative at <see cref="Saved"/>, instead of passing through the activation.</summary>
    public Flag Gated;

    /// <summary>The result is added to what the output holds.</summary>
    public Flag Accumulate;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        int strip, panel;
        if (Geometry.PanelsInner)
        {
            strip = item / Geometry.Panels;
            panel = item - strip * Geometry.Panels;
        }
        else
        {
            panel = item / Geometry.Strips;
            strip = item - panel * Geometry.Strips;
        }

        var group = panel / Geometry.PanelsPerGroup;
        panel -= group * Geometry.PanelsPerGroup;
        var within = panel * PanelVectors * TMachine.Width;
        var channels = Geometry.OutputPerGroup - within;
        var channel = group * Geometry.OutputPerGroup + within;

        var first = strip * Geometry.TilesPerStrip * TilePixels;
        var row = first / Geometry.Columns;
        var column = first - row * Geometry.Columns;
        var n = row / Geometry.Rows;
        row -= n * Geometry.Rows;
        for (var tile = 0; tile < Geometry.TilesPerStrip; tile++)
        {
            if (first >= Geometry.Pixels) break;
            if (channels > TMachine.Width) TwoVectors(first, ref n, ref row, ref column, group, panel, channel, channels);
            else OneVector(first, ref n, ref row, ref column, group, panel, channel, channels);
            first += TilePixels;
        }
    }

    /// <summary>Six pixels by two vectors of channels: twelve accumulators, eight loads for twelve multiply-adds.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void TwoVectors(int first, ref int n, ref int row, ref int column, int group, int panel, int channel, int channels)
    {
        ref readonly var g = ref Geometry;
        var start = group * g.InputPerGroup;
        int source0, y0, x0, target0;
        int source1, y1, x1, target1;
        int source2, y2, x2, target2;
        int source3, y3, x3, target3;
        int source4, y4, x4, target4;
        int source5, y5, x5, target5;
        bool inside;
        // Computed, and not set where the branch leads: ILGPU takes what a branch chose for the same in all threads.
        var oneRow = column + TilePixels <= g.Columns;
        if (oneRow)
        {
            // All on one row, which is the common case: one pixel is located, the others follow at fixed distances.
            Locate(n, row, column, start, out source0, out y0, out x0, out target0);
            var sourceStep = g.InputStepX * g.InputChannels;
            var targetStep = g.OutputStepX * g.OutputChannels;
            (source1, y1, x1, target1) = (source0 + sourceStep, y0, x0 + g.InputStepX, target0 + targetStep);
            (source2, y2, x2, target2) = (source1 + sourceStep, y0, x1 + g.InputStepX, target1 + targetStep);
            (source3, y3, x3, target3) = (source2 + sourceStep, y0, x2 + g.InputStepX, target2 + targetStep);
            (source4, y4, x4, target4) = (source3 + sourceStep, y0, x3 + g.InputStepX, target3 + targetStep);
            (source5, y5, x5, target5) = (source4 + sourceStep, y0, x4 + g.InputStepX, target4 + targetStep);
            inside = InsideColumns(x0) & InsideColumns(x5);
            column += TilePixels;
            if (column == g.Columns)
            {
                column = 0;
                row++;
                if (row == g.Rows)
                {
                    row = 0;
                    n++;
                }
            }
        }
        else
        {
            Locate(n, row, column, start, out source0, out y0, out x0, out target0);
            Next(first + 0, ref n, ref row, ref column);
            Locate(n, row, column, start, out source1, out y1, out x1, out target1);
            Next(first + 1, ref n, ref row, ref column);
            Locate(n, row, column, start, out source2, out y2, out x2, out target2);
            Next(first + 2, ref n, ref row, ref column);
            Locate(n, row, column, start, out source3, out y3, out x3, out target3);
            Next(first + 3, ref n, ref row, ref column);
            Locate(n, row, column, start, out source4, out y4, out x4, out target4);
            Next(first + 4, ref n, ref row, ref column);
            Locate(n, row, column, start, out source5, out y5, out x5, out target5);
            Next(first + 5, ref n, ref row, ref column);
            inside = Inside(y0, x0) & Inside(y1, x1) & Inside(y2, x2) & Inside(y3, x3) & Inside(y4, x4) & Inside(y5, x5);
        }

        TVector bias0 = TMachine.Zero, bias1 = TMachine.Zero;
        if (HasBias)
        {
            bias0 = TMachine.Load(Bias, channel);
            bias1 = TMachine.LoadPartial(Bias, channel + TMachine.Width, channels - TMachine.Width);
        }

        TVector a0 = bias0, b0 = bias1, a1 = bias0, b1 = bias1, a2 = bias0, b2 = bias1, a3 = bias0, b3 = bias1, a4 = bias0, b4 = bias1, a5 = bias0, b5 = bias1;
        var merged = inside & g.Merged;
        var runs = merged ? 1 : g.TapsX;
        var length = merged ? g.TapsX * g.InputPerGroup : g.InputPerGroup;
        var rowStride = g.WeightRowStride;
        var panelWeights = TMachine.Slice(Weights, group * g.WeightGroupStride + panel * g.WeightPanelStride);
        for (var tapY = 0; tapY < g.TapsY; tapY++)
        {
            // A tap above or below the input adds nothing.
            if (oneRow && (uint)(y0 + tapY * g.TapStepY) >= (uint)g.InputHeight) continue;
            for (var tapX = 0; tapX < runs; tapX++)
            {
                var offset = (tapY * g.TapStepY * g.InputWidth + tapX * g.TapStepX) * g.InputChannels;
                var w = TMachine.Slice(panelWeights, (g.WeightTap + tapY * g.WeightTapY + tapX * g.WeightTapX) * g.InputPerGroup * rowStride);
                TMachine p0, p1, p2, p3, p4, p5;
                if (inside)
                {
                    p0 = TMachine.Slice(Input, source0 + offset);
                    p1 = TMachine.Slice(Input, source1 + offset);
                    p2 = TMachine.Slice(Input, source2 + offset);
                    p3 = TMachine.Slice(Input, source3 + offset);
                    p4 = TMachine.Slice(Input, source4 + offset);
                    p5 = TMachine.Slice(Input, source5 + offset);
                }
                else
                {
                    var dy = tapY * g.TapStepY;
                    var dx = tapX * g.TapStepX;
                    p0 = At(source0 + offset, y0 + dy, x0 + dx);
                    p1 = At(source1 + offset, y1 + dy, x1 + dx);
                    p2 = At(source2 + offset, y2 + dy, x2 + dx);
                    p3 = At(source3 + offset, y3 + dy, x3 + dx);
                    p4 = At(source4 + offset, y4 + dy, x4 + dx);
                    p5 = At(source5 + offset, y5 + dy, x5 + dx);
                }

                for (var k = 0; k < length; k++)
                {
                    var w0 = TMachine.Load(w, 0);
                    var w1 = TMachine.Load(w, TMachine.Width);
                    w = TMachine.Slice(w, rowStride);
                    var v0 = TMachine.Broadcast(p0, k);
                    a0 = TMachine.MultiplyAdd(v0, w0, a0);
                    b0 = TMachine.MultiplyAdd(v0, w1, b0);
                    var v1 = TMachine.Broadcast(p1, k);
                    a1 = TMachine.MultiplyAdd(v1, w0, a1);
                    b1 = TMachine.MultiplyAdd(v1, w1, b1);
                    var v2 = TMachine.Broadcast(p2, k);
                    a2 = TMachine.MultiplyAdd(v2, w0, a2);
                    b2 = TMachine.MultiplyAdd(v2, w1, b2);
                    var v3 = TMachine.Broadcast(p3, k);
                    a3 = TMachine.MultiplyAdd(v3, w0, a3);
                    b3 = TMachine.MultiplyAdd(v3, w1, b3);
                    var v4 = TMachine.Broadcast(p4, k);
                    a4 = TMachine.MultiplyAdd(v4, w0, a4);
                    b4 = TMachine.MultiplyAdd(v4, w1, b4);
                    var v5 = TMachine.Broadcast(p5, k);
                    a5 = TMachine.MultiplyAdd(v5, w0, a5);
                    b5 = TMachine.MultiplyAdd(v5, w1, b5);
                }
            }
        }

        var left = g.Pixels - first;
        WritePair(target0 + channel, a0, b0, channels);
        if (left > 1) WritePair(target1 + channel, a1, b1, channels);
        if (left > 2) WritePair(target2 + channel, a2, b2, channels);
        if (left > 3) WritePair(target3 + channel, a3, b3, channels);
        if (left > 4) WritePair(target4 + channel, a4, b4, channels);
        if (left > 5) WritePair(target5 + channel, a5, b5, channels);
    }

    /// <summary>Six pixels by one vector of channels; even and odd input channels have accumulators of their own, so that twelve chains run side by side.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void OneVector(int first, ref int n, ref int row, ref int column, int group, int panel, int channel, int channels)
    {
        ref readonly var g = ref Geometry;
        var start = group * g.InputPerGroup;
        int source0, y0, x0, target0;
        int source1, y1, x1, target1;
        int source2, y2, x2, target2;
        int source3, y3, x3, target3;
        int source4, y4, x4, target4;
        int source5, y5, x5, target5;
        bool inside;
        // Computed, and not set where the branch leads: ILGPU takes what a branch chose for the same in all threads.
        var oneRow = column + TilePixels <= g.Columns;
        if (oneRow)
        {
            // All on one row, which is the common case: one pixel is located, the others follow at fixed distances.
            Locate(n, row, column, start, out source0, out y0, out x0, out target0);
            var sourceStep = g.InputStepX * g.InputChannels;
            var targetStep = g.OutputStepX * g.OutputChannels;
            (source1, y1, x1, target1) = (source0 + sourceStep, y0, x0 + g.InputStepX, target0 + targetStep);
            (source2, y2, x2, target2) = (source1 + sourceStep, y0, x1 + g.InputStepX, target1 + targetStep);
            (source3, y3, x3, target3) = (source2 + sourceStep, y0, x2 + g.InputStepX, target2 + targetStep);
            (source4, y4, x4, target4) = (source3 + sourceStep, y0, x3 + g.InputStepX, target3 + targetStep);
            (source5, y5, x5, target5) = (source4 + sourceStep, y0, x4 + g.InputStepX, target4 + targetStep);
            inside = InsideColumns(x0) & InsideColumns(x5);
            column += TilePixels;
            if (column == g.Columns)
            {
                column = 0;
                row++;
                if (row == g.Rows)
                {
                    row = 0;
                    n++;
                }
            }
        }
        else
        {
            Locate(n, row, column, start, out source0, out y0, out x0, out target0);
            Next(first + 0, ref n, ref row, ref column);
            Locate(n, row, column, start, out source1, out y1, out x1, out target1);
            Next(first + 1, ref n, ref row, ref column);
            Locate(n, row, column, start, out source2, out y2, out x2, out target2);
            Next(first + 2, ref n, ref row, ref column);
            Locate(n, row, column, start, out source3, out y3, out x3, out target3);
            Next(first + 3, ref n, ref row, ref column);
            Locate(n, row, column, start, out source4, out y4, out x4, out target4);
            Next(first + 4, ref n, ref row, ref column);
            Locate(n, row, column, start, out source5, out y5, out x5, out target5);
            Next(first + 5, ref n, ref row, ref column);
            inside = Inside(y0, x0) & Inside(y1, x1) & Inside(y2, x2) & Inside(y3, x3) & Inside(y4, x4) & Inside(y5, x5);
        }

        var bias = HasBias ? TMachine.LoadPartial(Bias, channel, channels) : TMachine.Zero;
        TVector a0 = bias, b0 = TMachine.Zero, a1 = bias, b1 = TMachine.Zero, a2 = bias, b2 = TMachine.Zero, a3 = bias, b3 = TMachine.Zero, a4 = bias, b4 = TMachine.Zero, a5 = bias, b5 = TMachine.Zero;
        var merged = inside & g.Merged;
        var runs = merged ? 1 : g.TapsX;
        var length = merged ? g.TapsX * g.InputPerGroup : g.InputPerGroup;
        var rowStride = g.WeightRowStride;
        var panelWeights = TMachine.Slice(Weights, group * g.WeightGroupStride + panel * g.WeightPanelStride);
        for (var tapY = 0; tapY < g.TapsY; tapY++)
        {
            // A tap above or below the input adds nothing.
            if (oneRow && (uint)(y0 + tapY * g.TapStepY) >= (uint)g.InputHeight) continue;
            for (var tapX = 0; tapX < runs; tapX++)
            {
                var offset = (tapY * g.TapStepY * g.InputWidth + tapX * g.TapStepX) * g.InputChannels;
                var w = TMachine.Slice(panelWeights, (g.WeightTap + tapY * g.WeightTapY + tapX * g.WeightTapX) * g.InputPerGroup * rowStride);
                TMachine p0, p1, p2, p3, p4, p5;
                if (inside)
                {
                    p0 = TMachine.Slice(Input, source0 + offset);
                    p1 = TMachine.Slice(Input, source1 + offset);
                    p2 = TMachine.Slice(Input, source2 + offset);
                    p3 = TMachine.Slice(Input, source3 + offset);
                    p4 = TMachine.Slice(Input, source4 + offset);
                    p5 = TMachine.Slice(Input, source5 + offset);
                }
                else
                {
                    var dy = tapY * g.TapStepY;
                    var dx = tapX * g.TapStepX;
                    p0 = At(source0 + offset, y0 + dy, x0 + dx);
                    p1 = At(source1 + offset, y1 + dy, x1 + dx);
                    p2 = At(source2 + offset, y2 + dy, x2 + dx);
                    p3 = At(source3 + offset, y3 + dy, x3 + dx);
                    p4 = At(source4 + offset, y4 + dy, x4 + dx);
                    p5 = At(source5 + offset, y5 + dy, x5 + dx);
                }

                var k = 0;
                for (; k + 1 < length; k += 2)
                {
                    var w0 = TMachine.Load(w, 0);
                    var w1 = TMachine.Load(w, rowStride);
                    w = TMachine.Slice(w, 2 * rowStride);
                    a0 = TMachine.MultiplyAdd(TMachine.Broadcast(p0, k), w0, a0);
                    a1 = TMachine.MultiplyAdd(TMachine.Broadcast(p1, k), w0, a1);
                    a2 = TMachine.MultiplyAdd(TMachine.Broadcast(p2, k), w0, a2);
                    a3 = TMachine.MultiplyAdd(TMachine.Broadcast(p3, k), w0, a3);
                    a4 = TMachine.MultiplyAdd(TMachine.Broadcast(p4, k), w0, a4);
                    a5 = TMachine.MultiplyAdd(TMachine.Broadcast(p5, k), w0, a5);
                    b0 = TMachine.MultiplyAdd(TMachine.Broadcast(p0, k + 1), w1, b0);
                    b1 = TMachine.MultiplyAdd(TMachine.Broadcast(p1, k + 1), w1, b1);
                    b2 = TMachine.MultiplyAdd(TMachine.Broadcast(p2, k + 1), w1, b2);
                    b3 = TMachine.MultiplyAdd(TMachine.Broadcast(p3, k + 1), w1, b3);
                    b4 = TMachine.MultiplyAdd(TMachine.Broadcast(p4, k + 1), w1, b4);
                    b5 = TMachine.MultiplyAdd(TMachine.Broadcast(p5, k + 1), w1, b5);
                }

                if (k < length)
                {
                    var w0 = TMachine.Load(w, 0);
                    a0 = TMachine.MultiplyAdd(TMachine.Broadcast(p0, k), w0, a0);
                    a1 = TMachine.MultiplyAdd(TMachine.Broadcast(p1, k), w0, a1);
                    a2 = TMachine.MultiplyAdd(TMachine.Broadcast(p2, k), w0, a2);
                    a3 = TMachine.MultiplyAdd(TMachine.Broadcast(p3, k), w0, a3);
                    a4 = TMachine.MultiplyAdd(TMachine.Broadcast(p4, k), w0, a4);
                    a5 = TMachine.MultiplyAdd(TMachine.Broadcast(p5, k), w0, a5);
                }
            }
        }

        var left = g.Pixels - first;
        Write(target0 + channel, TMachine.Add(a0, b0), channels);
        if (left > 1) Write(target1 + channel, TMachine.Add(a1, b1), channels);
        if (left > 2) Write(target2 + channel, TMachine.Add(a2, b2), channels);
        if (left > 3) Write(target3 + channel, TMachine.Add(a3, b3), channels);
        if (left > 4) Write(target4 + channel, TMachine.Add(a4, b4), channels);
        if (left > 5) Write(target5 + channel, TMachine.Add(a5, b5), channels);
    }

    // Where a pixel's first tap reads, and where the pixel is written.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Locate(int n, int row, int column, int start, out int source, out int y, out int x, out int target)
    {
        y = Geometry.InputY + row * Geometry.InputStepY;
        x = Geometry.InputX + column * Geometry.InputStepX;
        source = ((n * Geometry.InputHeight + y) * Geometry.InputWidth + x) * Geometry.InputChannels + start;
        var targetY = Geometry.OutputY + row * Geometry.OutputStepY;
        var targetX = Geometry.OutputX + column * Geometry.OutputStepX;
        target = ((n * Geometry.OutputHeight + targetY) * Geometry.OutputWidth + targetX) * Geometry.OutputChannels;
    }

    // On to the next pixel; the last one is repeated in a tile that is cut short.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Next(int pixel, ref int n, ref int row, ref int column)
    {
        if (pixel + 1 >= Geometry.Pixels) return;
        column++;
        if (column < Geometry.Columns) return;
        column = 0;
        row++;
        if (row < Geometry.Rows) return;
        row = 0;
        n++;
    }

    // Whether the taps of a pixel lie inside the input from side to side.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly bool InsideColumns(int x) => (x + Geometry.LowestTapX >= 0) & (x + Geometry.HighestTapX < Geometry.InputWidth);

    // Whether all taps of a pixel lie inside the input.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly bool Inside(int y, int x) =>
        (y + Geometry.LowestTapY >= 0) & (y + Geometry.HighestTapY < Geometry.InputHeight) & InsideColumns(x);

    // A pixel's channels for one tap, or zeros in the padding. Unsigned comparison covers both ends.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly TMachine At(int source, int y, int x)
    {
        var inside = ((uint)y < (uint)Geometry.InputHeight) & ((uint)x < (uint)Geometry.InputWidth);
        return TMachine.Choose(inside, TMachine.Slice(Input, source), Zeros);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void WritePair(int index, TVector a, TVector b, int channels)
    {
        Write(index, a, TMachine.Width);
        Write(index + TMachine.Width, b, channels - TMachine.Width);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Write(int index, TVector value, int channels)
    {
        if (channels >= TMachine.Width)
        {
            if (Gated) value = TActivation.Backward<TMachine, TVector>(TMachine.Load(Saved, index), value, Slope);
            else value = TActivation.Forward<TMachine, TVector>(value, Slope);
            if (Accumulate) value = TMachine.Add(value, TMachine.Load(Output, index));
            TMachine.Store(Output, index, value);
        }
        else
        {
            if (Gated) value = TActivation.Backward<TMachine, TVector>(TMachine.LoadPartial(Saved, index, channels), value, Slope);
            else value = TActivation.Forward<TMachine, TVector>(value, Slope);
            if (Accumulate) value = TMachine.Add(value, TMachine.LoadPartial(Output, index, channels));
            TMachine.StorePartial(Output, index, value, channels);
        }
    }
}
