using System.Runtime.CompilerServices;

namespace Gpu.Kernels.Convolution;

/// <content>
/// Tiles of kernels that are three columns wide: what lies under all three taps of a kernel row is summed at once. A value of the input, loaded once, meets the output
/// gradients to its right, below and to its left, which pass through registers from one pixel to the next; beyond the borders they are zero, so that padding needs
/// no tiles of its own.
/// </content>
public partial struct ConvolutionWeightGradient<TMachine, TVector>
{
    /// <summary>Eight input channels by one vector of output channels: 24 sums, nine loads for 24 multiply-adds.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void ThreeTapsOfEight(int begin, int end, bool first, int kernelY, int k, int storeFrom, int source, int channel, int channels, TMachine target)
    {
        ref readonly var g = ref Geometry;
        var full = channels >= TMachine.Width;
        TVector a0l = TMachine.Zero, a0m = TMachine.Zero, a0r = TMachine.Zero, a1l = TMachine.Zero, a1m = TMachine.Zero, a1r = TMachine.Zero,
            a2l = TMachine.Zero, a2m = TMachine.Zero, a2r = TMachine.Zero, a3l = TMachine.Zero, a3m = TMachine.Zero, a3r = TMachine.Zero,
            a4l = TMachine.Zero, a4m = TMachine.Zero, a4r = TMachine.Zero, a5l = TMachine.Zero, a5m = TMachine.Zero, a5r = TMachine.Zero,
            a6l = TMachine.Zero, a6m = TMachine.Zero, a6r = TMachine.Zero, a7l = TMachine.Zero, a7m = TMachine.Zero, a7r = TMachine.Zero;
        var row = kernelY * 3 * g.InputPerGroup + k;
        if (!first)
        {
            a0l = TMachine.LoadPartial(target, (row) * g.OutputChannels + channel, channels);
            a0m = TMachine.LoadPartial(target, (row + g.InputPerGroup) * g.OutputChannels + channel, channels);
            a0r = TMachine.LoadPartial(target, (row + 2 * g.InputPerGroup) * g.OutputChannels + channel, channels);
            a1l = TMachine.LoadPartial(target, (row + 1) * g.OutputChannels + channel, channels);
            a1m = TMachine.LoadPartial(target, (row + g.InputPerGroup + 1) * g.OutputChannels + channel, channels);
            a1r = TMachine.LoadPartial(target, (row + 2 * g.InputPerGroup + 1) * g.OutputChannels + channel, channels);
            a2l = TMachine.LoadPartial(target, (row + 2) * g.OutputChannels + channel, channels);
            a2m = TMachine.LoadPartial(target, (row + g.InputPerGroup + 2) * g.OutputChannels + channel, channels);
            a2r = TMachine.LoadPartial(target, (row + 2 * g.InputPerGroup + 2) * g.OutputChannels + channel, channels);
            a3l = TMachine.LoadPartial(target, (row + 3) * g.OutputChannels + channel, channels);
            a3m = TMachine.LoadPartial(target, (row + g.InputPerGroup + 3) * g.OutputChannels + channel, channels);
            a3r = TMachine.LoadPartial(target, (row + 2 * g.InputPerGroup + 3) * g.OutputChannels + channel, channels);
            a4l = TMachine.LoadPartial(target, (row + 4) * g.OutputChannels + channel, channels);
            a4m = TMachine.LoadPartial(target, (row + g.InputPerGroup + 4) * g.OutputChannels + channel, channels);
            a4r = TMachine.LoadPartial(target, (row + 2 * g.InputPerGroup + 4) * g.OutputChannels + channel, channels);
            a5l = TMachine.LoadPartial(target, (row + 5) * g.OutputChannels + channel, channels);
            a5m = TMachine.LoadPartial(target, (row + g.InputPerGroup + 5) * g.OutputChannels + channel, channels);
            a5r = TMachine.LoadPartial(target, (row + 2 * g.InputPerGroup + 5) * g.OutputChannels + channel, channels);
            a6l = TMachine.LoadPartial(target, (row + 6) * g.OutputChannels + channel, channels);
            a6m = TMachine.LoadPartial(target, (row + g.InputPerGroup + 6) * g.OutputChannels + channel, channels);
            a6r = TMachine.LoadPartial(target, (row + 2 * g.InputPerGroup + 6) * g.OutputChannels + channel, channels);
            a7l = TMachine.LoadPartial(target, (row + 7) * g.OutputChannels + channel, channels);
            a7m = TMachine.LoadPartial(target, (row + g.InputPerGroup + 7) * g.OutputChannels + channel, channels);
            a7r = TMachine.LoadPartial(target, (row + 2 * g.InputPerGroup + 7) * g.OutputChannels + channel, channels);
        }

        var stop = Math.Min(g.InputWidth, g.OutputWidth - g.PaddingLeft + 2);
        for (var outputRow = begin; outputRow < end; outputRow++)
        {
            var n = outputRow / g.OutputHeight;
            var y = (outputRow - n * g.OutputHeight) * g.StrideHeight - g.PaddingTop + kernelY * g.DilationHeight;
            if ((uint)y >= (uint)g.InputHeight) continue;
            var x = TMachine.Slice(Input, (n * g.InputHeight + y) * g.InputWidth * g.InputChannels + source);
            // The right tap of input column 0 belongs to output column padding - 2, the middle one to padding - 1, the left one to padding.
            var d = TMachine.Slice(OutputGradient, (outputRow * g.OutputWidth + g.PaddingLeft) * g.OutputChannels + channel);
            var m0 = TMachine.Zero;
            var r0 = TMachine.Zero;
            if ((uint)(g.PaddingLeft - 1) < (uint)g.OutputWidth)
            {
                var before = TMachine.Slice(d, -g.OutputChannels);
                m0 = full ? TMachine.Load(before, 0) : TMachine.LoadPartial(before, 0, channels);
            }

            if ((uint)(g.PaddingLeft - 2) < (uint)g.OutputWidth)
            {
                var before = TMachine.Slice(d, -2 * g.OutputChannels);
                r0 = full ? TMachine.Load(before, 0) : TMachine.LoadPartial(before, 0, channels);
            }

            for (var column = 0; column < stop; column++)
            {
                var l0 = TMachine.Zero;
                if (column + g.PaddingLeft < g.OutputWidth)
                {
                    l0 = full ? TMachine.Load(d, 0) : TMachine.LoadPartial(d, 0, channels);
                }

                var v0 = TMachine.Broadcast(x, 0);
                a0l = TMachine.MultiplyAdd(v0, l0, a0l);
                a0m = TMachine.MultiplyAdd(v0, m0, a0m);
                a0r = TMachine.MultiplyAdd(v0, r0, a0r);
                var v1 = TMachine.Broadcast(x, 1);
                a1l = TMachine.MultiplyAdd(v1, l0, a1l);
                a1m = TMachine.MultiplyAdd(v1, m0, a1m);
                a1r = TMachine.MultiplyAdd(v1, r0, a1r);
                var v2 = TMachine.Broadcast(x, 2);
                a2l = TMachine.MultiplyAdd(v2, l0, a2l);
                a2m = TMachine.MultiplyAdd(v2, m0, a2m);
                a2r = TMachine.MultiplyAdd(v2, r0, a2r);
                var v3 = TMachine.Broadcast(x, 3);
                a3l = TMachine.MultiplyAdd(v3, l0, a3l);
                a3m = TMachine.MultiplyAdd(v3, m0, a3m);
                a3r = TMachine.MultiplyAdd(v3, r0, a3r);
                var v4 = TMachine.Broadcast(x, 4);
                a4l = TMachine.MultiplyAdd(v4, l0, a4l);
                a4m = TMachine.MultiplyAdd(v4, m0, a4m);
                a4r = TMachine.MultiplyAdd(v4, r0, a4r);
                var v5 = TMachine.Broadcast(x, 5);
                a5l = TMachine.MultiplyAdd(v5, l0, a5l);
                a5m = TMachine.MultiplyAdd(v5, m0, a5m);
                a5r = TMachine.MultiplyAdd(v5, r0, a5r);
                var v6 = TMachine.Broadcast(x, 6);
                a6l = TMachine.MultiplyAdd(v6, l0, a6l);
                a6m = TMachine.MultiplyAdd(v6, m0, a6m);
                a6r = TMachine.MultiplyAdd(v6, r0, a6r);
                var v7 = TMachine.Broadcast(x, 7);
                a7l = TMachine.MultiplyAdd(v7, l0, a7l);
                a7m = TMachine.MultiplyAdd(v7, m0, a7m);
                a7r = TMachine.MultiplyAdd(v7, r0, a7r);
                r0 = m0;
                m0 = l0;
                d = TMachine.Slice(d, g.OutputChannels);
                x = TMachine.Slice(x, g.InputChannels);
            }
        }

        if (storeFrom <= 0)
        {
            TMachine.StorePartial(target, (row) * g.OutputChannels + channel, a0l, channels);
            TMachine.StorePartial(target, (row + g.InputPerGroup) * g.OutputChannels + channel, a0m, channels);
            TMachine.StorePartial(target, (row + 2 * g.InputPerGroup) * g.OutputChannels + channel, a0r, channels);
        }

        if (storeFrom <= 1)
        {
            TMachine.StorePartial(target, (row + 1) * g.OutputChannels + channel, a1l, channels);
            TMachine.StorePartial(target, (row + g.InputPerGroup + 1) * g.OutputChannels + channel, a1m, channels);
            TMachine.StorePartial(target, (row + 2 * g.InputPerGroup + 1) * g.OutputChannels + channel, a1r, channels);
        }

        if (storeFrom <= 2)
        {
            TMachine.StorePartial(target, (row + 2) * g.OutputChannels + channel, a2l, channels);
            TMachine.StorePartial(target, (row + g.InputPerGroup + 2) * g.OutputChannels + channel, a2m, channels);
            TMachine.StorePartial(target, (row + 2 * g.InputPerGroup + 2) * g.OutputChannels + channel, a2r, channels);
        }

        if (storeFrom <= 3)
        {
            TMachine.StorePartial(target, (row + 3) * g.OutputChannels + channel, a3l, channels);
            TMachine.StorePartial(target, (row + g.InputPerGroup + 3) * g.OutputChannels + channel, a3m, channels);
            TMachine.StorePartial(target, (row + 2 * g.InputPerGroup + 3) * g.OutputChannels + channel, a3r, channels);
        }

        if (storeFrom <= 4)
        {
            TMachine.StorePartial(target, (row + 4) * g.OutputChannels + channel, a4l, channels);
            TMachine.StorePartial(target, (row + g.InputPerGroup + 4) * g.OutputChannels + channel, a4m, channels);
            TMachine.StorePartial(target, (row + 2 * g.InputPerGroup + 4) * g.OutputChannels + channel, a4r, channels);
        }

        if (storeFrom <= 5)
        {
            TMachine.StorePartial(target, (row + 5) * g.OutputChannels + channel, a5l, channels);
            TMachine.StorePartial(target, (row + g.InputPerGroup + 5) * g.OutputChannels + channel, a5m, channels);
            TMachine.StorePartial(target, (row + 2 * g.InputPerGroup + 5) * g.OutputChannels + channel, a5r, channels);
        }

        if (storeFrom <= 6)
        {
            TMachine.StorePartial(target, (row + 6) * g.OutputChannels + channel, a6l, channels);
            TMachine.StorePartial(target, (row + g.InputPerGroup + 6) * g.OutputChannels + channel, a6m, channels);
            TMachine.StorePartial(target, (row + 2 * g.InputPerGroup + 6) * g.OutputChannels + channel, a6r, channels);
        }

        TMachine.StorePartial(target, (row + 7) * g.OutputChannels + channel, a7l, channels);
        TMachine.StorePartial(target, (row + g.InputPerGroup + 7) * g.OutputChannels + channel, a7m, channels);
        TMachine.StorePartial(target, (row + 2 * g.InputPerGroup + 7) * g.OutputChannels + channel, a7r, channels);
    }

    /// <summary>Three rows by two vectors of output channels: 18 sums, five loads for 18 multiply-adds.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void ThreeTapsOfThree(int begin, int end, bool first, int kernelY, int source, int channel, int channels, TMachine target)
    {
        ref readonly var g = ref Geometry;
        var full = channels >= 2 * TMachine.Width;
        TVector a0l = TMachine.Zero, b0l = TMachine.Zero, a0m = TMachine.Zero, b0m = TMachine.Zero, a0r = TMachine.Zero, b0r = TMachine.Zero,
            a1l = TMachine.Zero, b1l = TMachine.Zero, a1m = TMachine.Zero, b1m = TMachine.Zero, a1r = TMachine.Zero, b1r = TMachine.Zero,
            a2l = TMachine.Zero, b2l = TMachine.Zero, a2m = TMachine.Zero, b2m = TMachine.Zero, a2r = TMachine.Zero, b2r = TMachine.Zero;
        // Rows are kernel rows where the input has one channel, and channels where it has three.
        var perRow = g.KernelRows ? 3 * g.InputPerGroup : 1;
        var row = kernelY * 3 * g.InputPerGroup;
        if (!first)
        {
            Read(target, row, channel, channels, out a0l, out b0l);
            Read(target, row + g.InputPerGroup, channel, channels, out a0m, out b0m);
            Read(target, row + 2 * g.InputPerGroup, channel, channels, out a0r, out b0r);
            Read(target, row + perRow, channel, channels, out a1l, out b1l);
            Read(target, row + g.InputPerGroup + perRow, channel, channels, out a1m, out b1m);
            Read(target, row + 2 * g.InputPerGroup + perRow, channel, channels, out a1r, out b1r);
            Read(target, row + 2 * perRow, channel, channels, out a2l, out b2l);
            Read(target, row + g.InputPerGroup + 2 * perRow, channel, channels, out a2m, out b2m);
            Read(target, row + 2 * g.InputPerGroup + 2 * perRow, channel, channels, out a2r, out b2r);
        }

        var stop = Math.Min(g.InputWidth, g.OutputWidth - g.PaddingLeft + 2);
        for (var outputRow = begin; outputRow < end; outputRow++)
        {
            var n = outputRow / g.OutputHeight;
            var y = (outputRow - n * g.OutputHeight) * g.StrideHeight - g.PaddingTop + kernelY * g.DilationHeight;
            var x0 = TMachine.Slice(Input, (n * g.InputHeight + y) * g.InputWidth * g.InputChannels + source);
            var x1 = TMachine.Slice(x0, 1);
            var x2 = TMachine.Slice(x0, 2);
            if (g.KernelRows)
            {
                var below = g.DilationHeight * g.InputWidth * g.InputChannels;
                x1 = TMachine.Choose((uint)(y + g.DilationHeight) < (uint)g.InputHeight, TMachine.Slice(x0, below), Zeros);
                x2 = TMachine.Choose((uint)(y + 2 * g.DilationHeight) < (uint)g.InputHeight, TMachine.Slice(x0, 2 * below), Zeros);
                x0 = TMachine.Choose((uint)y < (uint)g.InputHeight, x0, Zeros);
            }
            else if ((uint)y >= (uint)g.InputHeight)
            {
                continue;
            }

            // The right tap of input column 0 belongs to output column padding - 2, the middle one to padding - 1, the left one to padding.
            var d = TMachine.Slice(OutputGradient, (outputRow * g.OutputWidth + g.PaddingLeft) * g.OutputChannels + channel);
            var m0 = TMachine.Zero;
            var r0 = TMachine.Zero;
            var m1 = TMachine.Zero;
            var r1 = TMachine.Zero;
            if ((uint)(g.PaddingLeft - 1) < (uint)g.OutputWidth)
            {
                var before = TMachine.Slice(d, -g.OutputChannels);
                m0 = full ? TMachine.Load(before, 0) : TMachine.LoadPartial(before, 0, channels);
                m1 = full ? TMachine.Load(before, TMachine.Width) : TMachine.LoadPartial(before, TMachine.Width, channels - TMachine.Width);
            }

            if ((uint)(g.PaddingLeft - 2) < (uint)g.OutputWidth)
            {
                var before = TMachine.Slice(d, -2 * g.OutputChannels);
                r0 = full ? TMachine.Load(before, 0) : TMachine.LoadPartial(before, 0, channels);
                r1 = full ? TMachine.Load(before, TMachine.Width) : TMachine.LoadPartial(before, TMachine.Width, channels - TMachine.Width);
            }

            for (var column = 0; column < stop; column++)
            {
                var l0 = TMachine.Zero;
                var l1 = TMachine.Zero;
                if (column + g.PaddingLeft < g.OutputWidth)
                {
                    l0 = full ? TMachine.Load(d, 0) : TMachine.LoadPartial(d, 0, channels);
                    l1 = full ? TMachine.Load(d, TMachine.Width) : TMachine.LoadPartial(d, TMachine.Width, channels - TMachine.Width);
                }

                var v0 = TMachine.Broadcast(x0, 0);
                a0l = TMachine.MultiplyAdd(v0, l0, a0l);
                b0l = TMachine.MultiplyAdd(v0, l1, b0l);
                a0m = TMachine.MultiplyAdd(v0, m0, a0m);
                b0m = TMachine.MultiplyAdd(v0, m1, b0m);
                a0r = TMachine.MultiplyAdd(v0, r0, a0r);
                b0r = TMachine.MultiplyAdd(v0, r1, b0r);
                var v1 = TMachine.Broadcast(x1, 0);
                a1l = TMachine.MultiplyAdd(v1, l0, a1l);
                b1l = TMachine.MultiplyAdd(v1, l1, b1l);
                a1m = TMachine.MultiplyAdd(v1, m0, a1m);
                b1m = TMachine.MultiplyAdd(v1, m1, b1m);
                a1r = TMachine.MultiplyAdd(v1, r0, a1r);
                b1r = TMachine.MultiplyAdd(v1, r1, b1r);
                var v2 = TMachine.Broadcast(x2, 0);
                a2l = TMachine.MultiplyAdd(v2, l0, a2l);
                b2l = TMachine.MultiplyAdd(v2, l1, b2l);
                a2m = TMachine.MultiplyAdd(v2, m0, a2m);
                b2m = TMachine.MultiplyAdd(v2, m1, b2m);
                a2r = TMachine.MultiplyAdd(v2, r0, a2r);
                b2r = TMachine.MultiplyAdd(v2, r1, b2r);
                r0 = m0;
                m0 = l0;
                r1 = m1;
                m1 = l1;
                d = TMachine.Slice(d, g.OutputChannels);
                x0 = TMachine.Slice(x0, g.InputChannels);
                x1 = TMachine.Slice(x1, g.InputChannels);
                x2 = TMachine.Slice(x2, g.InputChannels);
            }
        }

        Keep(target, row, channel, channels, a0l, b0l);
        Keep(target, row + g.InputPerGroup, channel, channels, a0m, b0m);
        Keep(target, row + 2 * g.InputPerGroup, channel, channels, a0r, b0r);
        Keep(target, row + perRow, channel, channels, a1l, b1l);
        Keep(target, row + g.InputPerGroup + perRow, channel, channels, a1m, b1m);
        Keep(target, row + 2 * g.InputPerGroup + perRow, channel, channels, a1r, b1r);
        Keep(target, row + 2 * perRow, channel, channels, a2l, b2l);
        Keep(target, row + g.InputPerGroup + 2 * perRow, channel, channels, a2m, b2m);
        Keep(target, row + 2 * g.InputPerGroup + 2 * perRow, channel, channels, a2r, b2r);
    }

    /// <summary>Three rows by one vector of output channels.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void ThreeTapsOfThreeOneVector(int begin, int end, bool first, int kernelY, int source, int channel, int channels, TMachine target)
    {
        ref readonly var g = ref Geometry;
        var full = channels >= TMachine.Width;
        TVector a0l = TMachine.Zero, a0m = TMachine.Zero, a0r = TMachine.Zero, a1l = TMachine.Zero, a1m = TMachine.Zero, a1r = TMachine.Zero,
            a2l = TMachine.Zero, a2m = TMachine.Zero, a2r = TMachine.Zero;
        // Rows are kernel rows where the input has one channel, and channels where it has three.
        var perRow = g.KernelRows ? 3 * g.InputPerGroup : 1;
        var row = kernelY * 3 * g.InputPerGroup;
        if (!first)
        {
            a0l = TMachine.LoadPartial(target, (row) * g.OutputChannels + channel, channels);
            a0m = TMachine.LoadPartial(target, (row + g.InputPerGroup) * g.OutputChannels + channel, channels);
            a0r = TMachine.LoadPartial(target, (row + 2 * g.InputPerGroup) * g.OutputChannels + channel, channels);
            a1l = TMachine.LoadPartial(target, (row + perRow) * g.OutputChannels + channel, channels);
            a1m = TMachine.LoadPartial(target, (row + g.InputPerGroup + perRow) * g.OutputChannels + channel, channels);
            a1r = TMachine.LoadPartial(target, (row + 2 * g.InputPerGroup + perRow) * g.OutputChannels + channel, channels);
            a2l = TMachine.LoadPartial(target, (row + 2 * perRow) * g.OutputChannels + channel, channels);
            a2m = TMachine.LoadPartial(target, (row + g.InputPerGroup + 2 * perRow) * g.OutputChannels + channel, channels);
            a2r = TMachine.LoadPartial(target, (row + 2 * g.InputPerGroup + 2 * perRow) * g.OutputChannels + channel, channels);
        }

        var stop = Math.Min(g.InputWidth, g.OutputWidth - g.PaddingLeft + 2);
        for (var outputRow = begin; outputRow < end; outputRow++)
        {
            var n = outputRow / g.OutputHeight;
            var y = (outputRow - n * g.OutputHeight) * g.StrideHeight - g.PaddingTop + kernelY * g.DilationHeight;
            var x0 = TMachine.Slice(Input, (n * g.InputHeight + y) * g.InputWidth * g.InputChannels + source);
            var x1 = TMachine.Slice(x0, 1);
            var x2 = TMachine.Slice(x0, 2);
            if (g.KernelRows)
            {
                var below = g.DilationHeight * g.InputWidth * g.InputChannels;
                x1 = TMachine.Choose((uint)(y + g.DilationHeight) < (uint)g.InputHeight, TMachine.Slice(x0, below), Zeros);
                x2 = TMachine.Choose((uint)(y + 2 * g.DilationHeight) < (uint)g.InputHeight, TMachine.Slice(x0, 2 * below), Zeros);
                x0 = TMachine.Choose((uint)y < (uint)g.InputHeight, x0, Zeros);
            }
            else if ((uint)y >= (uint)g.InputHeight)
            {
                continue;
            }

            // The right tap of input column 0 belongs to output column padding - 2, the middle one to padding - 1, the left one to padding.
            var d = TMachine.Slice(OutputGradient, (outputRow * g.OutputWidth + g.PaddingLeft) * g.OutputChannels + channel);
            var m0 = TMachine.Zero;
            var r0 = TMachine.Zero;
            if ((uint)(g.PaddingLeft - 1) < (uint)g.OutputWidth)
            {
                var before = TMachine.Slice(d, -g.OutputChannels);
                m0 = full ? TMachine.Load(before, 0) : TMachine.LoadPartial(before, 0, channels);
            }

            if ((uint)(g.PaddingLeft - 2) < (uint)g.OutputWidth)
            {
                var before = TMachine.Slice(d, -2 * g.OutputChannels);
                r0 = full ? TMachine.Load(before, 0) : TMachine.LoadPartial(before, 0, channels);
            }

            for (var column = 0; column < stop; column++)
            {
                var l0 = TMachine.Zero;
                if (column + g.PaddingLeft < g.OutputWidth)
                {
                    l0 = full ? TMachine.Load(d, 0) : TMachine.LoadPartial(d, 0, channels);
                }

                var v0 = TMachine.Broadcast(x0, 0);
                a0l = TMachine.MultiplyAdd(v0, l0, a0l);
                a0m = TMachine.MultiplyAdd(v0, m0, a0m);
                a0r = TMachine.MultiplyAdd(v0, r0, a0r);
                var v1 = TMachine.Broadcast(x1, 0);
                a1l = TMachine.MultiplyAdd(v1, l0, a1l);
                a1m = TMachine.MultiplyAdd(v1, m0, a1m);
                a1r = TMachine.MultiplyAdd(v1, r0, a1r);
                var v2 = TMachine.Broadcast(x2, 0);
                a2l = TMachine.MultiplyAdd(v2, l0, a2l);
                a2m = TMachine.MultiplyAdd(v2, m0, a2m);
                a2r = TMachine.MultiplyAdd(v2, r0, a2r);
                r0 = m0;
                m0 = l0;
                d = TMachine.Slice(d, g.OutputChannels);
                x0 = TMachine.Slice(x0, g.InputChannels);
                x1 = TMachine.Slice(x1, g.InputChannels);
                x2 = TMachine.Slice(x2, g.InputChannels);
            }
        }

        TMachine.StorePartial(target, (row) * g.OutputChannels + channel, a0l, channels);
        TMachine.StorePartial(target, (row + g.InputPerGroup) * g.OutputChannels + channel, a0m, channels);
        TMachine.StorePartial(target, (row + 2 * g.InputPerGroup) * g.OutputChannels + channel, a0r, channels);
        TMachine.StorePartial(target, (row + perRow) * g.OutputChannels + channel, a1l, channels);
        TMachine.StorePartial(target, (row + g.InputPerGroup + perRow) * g.OutputChannels + channel, a1m, channels);
        TMachine.StorePartial(target, (row + 2 * g.InputPerGroup + perRow) * g.OutputChannels + channel, a1r, channels);
        TMachine.StorePartial(target, (row + 2 * perRow) * g.OutputChannels + channel, a2l, channels);
        TMachine.StorePartial(target, (row + g.InputPerGroup + 2 * perRow) * g.OutputChannels + channel, a2m, channels);
        TMachine.StorePartial(target, (row + 2 * g.InputPerGroup + 2 * perRow) * g.OutputChannels + channel, a2r, channels);
    }
}
