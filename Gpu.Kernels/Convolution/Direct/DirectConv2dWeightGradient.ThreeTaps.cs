using System.Runtime.CompilerServices;

namespace Gpu.Kernels.Convolution;

/// <content>
/// Tiles of kernels that are three columns wide: what lies under all three taps of a kernel row is summed at once. A value of the input, loaded once, meets the output
/// gradients to its right, below and to its left, which pass through registers from one pixel to the next; beyond the borders they are zero, so that padding needs
/// no tiles of its own.
/// </content>
internal partial struct DirectConv2dWeightGradient<TBackend, TVector>
{
    /// <summary>Eight input channels by one vector of output channels: 24 sums, nine loads for 24 multiply-adds.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void ThreeTapsOfEight(int begin, int end, bool first, int kernelY, int k, int storeFrom, int source, int channel, int channels, TBackend target)
    {
        ref readonly var g = ref Geometry;
        var full = channels >= TBackend.Width;
        TVector a0l = TBackend.Zero, a0m = TBackend.Zero, a0r = TBackend.Zero, a1l = TBackend.Zero, a1m = TBackend.Zero, a1r = TBackend.Zero,
            a2l = TBackend.Zero, a2m = TBackend.Zero, a2r = TBackend.Zero, a3l = TBackend.Zero, a3m = TBackend.Zero, a3r = TBackend.Zero,
            a4l = TBackend.Zero, a4m = TBackend.Zero, a4r = TBackend.Zero, a5l = TBackend.Zero, a5m = TBackend.Zero, a5r = TBackend.Zero,
            a6l = TBackend.Zero, a6m = TBackend.Zero, a6r = TBackend.Zero, a7l = TBackend.Zero, a7m = TBackend.Zero, a7r = TBackend.Zero;
        var row = kernelY * 3 * g.InputPerGroup + k;
        if (!first)
        {
            a0l = TBackend.LoadPartial(target, (row) * g.OutputChannels + channel, channels);
            a0m = TBackend.LoadPartial(target, (row + g.InputPerGroup) * g.OutputChannels + channel, channels);
            a0r = TBackend.LoadPartial(target, (row + 2 * g.InputPerGroup) * g.OutputChannels + channel, channels);
            a1l = TBackend.LoadPartial(target, (row + 1) * g.OutputChannels + channel, channels);
            a1m = TBackend.LoadPartial(target, (row + g.InputPerGroup + 1) * g.OutputChannels + channel, channels);
            a1r = TBackend.LoadPartial(target, (row + 2 * g.InputPerGroup + 1) * g.OutputChannels + channel, channels);
            a2l = TBackend.LoadPartial(target, (row + 2) * g.OutputChannels + channel, channels);
            a2m = TBackend.LoadPartial(target, (row + g.InputPerGroup + 2) * g.OutputChannels + channel, channels);
            a2r = TBackend.LoadPartial(target, (row + 2 * g.InputPerGroup + 2) * g.OutputChannels + channel, channels);
            a3l = TBackend.LoadPartial(target, (row + 3) * g.OutputChannels + channel, channels);
            a3m = TBackend.LoadPartial(target, (row + g.InputPerGroup + 3) * g.OutputChannels + channel, channels);
            a3r = TBackend.LoadPartial(target, (row + 2 * g.InputPerGroup + 3) * g.OutputChannels + channel, channels);
            a4l = TBackend.LoadPartial(target, (row + 4) * g.OutputChannels + channel, channels);
            a4m = TBackend.LoadPartial(target, (row + g.InputPerGroup + 4) * g.OutputChannels + channel, channels);
            a4r = TBackend.LoadPartial(target, (row + 2 * g.InputPerGroup + 4) * g.OutputChannels + channel, channels);
            a5l = TBackend.LoadPartial(target, (row + 5) * g.OutputChannels + channel, channels);
            a5m = TBackend.LoadPartial(target, (row + g.InputPerGroup + 5) * g.OutputChannels + channel, channels);
            a5r = TBackend.LoadPartial(target, (row + 2 * g.InputPerGroup + 5) * g.OutputChannels + channel, channels);
            a6l = TBackend.LoadPartial(target, (row + 6) * g.OutputChannels + channel, channels);
            a6m = TBackend.LoadPartial(target, (row + g.InputPerGroup + 6) * g.OutputChannels + channel, channels);
            a6r = TBackend.LoadPartial(target, (row + 2 * g.InputPerGroup + 6) * g.OutputChannels + channel, channels);
            a7l = TBackend.LoadPartial(target, (row + 7) * g.OutputChannels + channel, channels);
            a7m = TBackend.LoadPartial(target, (row + g.InputPerGroup + 7) * g.OutputChannels + channel, channels);
            a7r = TBackend.LoadPartial(target, (row + 2 * g.InputPerGroup + 7) * g.OutputChannels + channel, channels);
        }

        var stop = Math.Min(g.InputWidth, g.OutputWidth - g.PaddingLeft + 2);
        for (var outputRow = begin; outputRow < end; outputRow++)
        {
            var n = outputRow / g.OutputHeight;
            var y = (outputRow - n * g.OutputHeight) * g.StrideHeight - g.PaddingTop + kernelY * g.DilationHeight;
            if ((uint)y >= (uint)g.InputHeight) continue;
            var x = TBackend.Slice(Input, (n * g.InputHeight + y) * g.InputWidth * g.InputChannels + source);
            // The right tap of input column 0 belongs to output column padding - 2, the middle one to padding - 1, the left one to padding.
            var d = TBackend.Slice(OutputGradient, (outputRow * g.OutputWidth + g.PaddingLeft) * g.OutputChannels + channel);
            var m0 = TBackend.Zero;
            var r0 = TBackend.Zero;
            if ((uint)(g.PaddingLeft - 1) < (uint)g.OutputWidth)
            {
                var before = TBackend.Slice(d, -g.OutputChannels);
                m0 = full ? TBackend.Load(before, 0) : TBackend.LoadPartial(before, 0, channels);
            }

            if ((uint)(g.PaddingLeft - 2) < (uint)g.OutputWidth)
            {
                var before = TBackend.Slice(d, -2 * g.OutputChannels);
                r0 = full ? TBackend.Load(before, 0) : TBackend.LoadPartial(before, 0, channels);
            }

            for (var column = 0; column < stop; column++)
            {
                var l0 = TBackend.Zero;
                if (column + g.PaddingLeft < g.OutputWidth)
                {
                    l0 = full ? TBackend.Load(d, 0) : TBackend.LoadPartial(d, 0, channels);
                }

                var v0 = TBackend.Broadcast(x, 0);
                a0l = TBackend.MultiplyAdd(v0, l0, a0l);
                a0m = TBackend.MultiplyAdd(v0, m0, a0m);
                a0r = TBackend.MultiplyAdd(v0, r0, a0r);
                var v1 = TBackend.Broadcast(x, 1);
                a1l = TBackend.MultiplyAdd(v1, l0, a1l);
                a1m = TBackend.MultiplyAdd(v1, m0, a1m);
                a1r = TBackend.MultiplyAdd(v1, r0, a1r);
                var v2 = TBackend.Broadcast(x, 2);
                a2l = TBackend.MultiplyAdd(v2, l0, a2l);
                a2m = TBackend.MultiplyAdd(v2, m0, a2m);
                a2r = TBackend.MultiplyAdd(v2, r0, a2r);
                var v3 = TBackend.Broadcast(x, 3);
                a3l = TBackend.MultiplyAdd(v3, l0, a3l);
                a3m = TBackend.MultiplyAdd(v3, m0, a3m);
                a3r = TBackend.MultiplyAdd(v3, r0, a3r);
                var v4 = TBackend.Broadcast(x, 4);
                a4l = TBackend.MultiplyAdd(v4, l0, a4l);
                a4m = TBackend.MultiplyAdd(v4, m0, a4m);
                a4r = TBackend.MultiplyAdd(v4, r0, a4r);
                var v5 = TBackend.Broadcast(x, 5);
                a5l = TBackend.MultiplyAdd(v5, l0, a5l);
                a5m = TBackend.MultiplyAdd(v5, m0, a5m);
                a5r = TBackend.MultiplyAdd(v5, r0, a5r);
                var v6 = TBackend.Broadcast(x, 6);
                a6l = TBackend.MultiplyAdd(v6, l0, a6l);
                a6m = TBackend.MultiplyAdd(v6, m0, a6m);
                a6r = TBackend.MultiplyAdd(v6, r0, a6r);
                var v7 = TBackend.Broadcast(x, 7);
                a7l = TBackend.MultiplyAdd(v7, l0, a7l);
                a7m = TBackend.MultiplyAdd(v7, m0, a7m);
                a7r = TBackend.MultiplyAdd(v7, r0, a7r);
                r0 = m0;
                m0 = l0;
                d = TBackend.Slice(d, g.OutputChannels);
                x = TBackend.Slice(x, g.InputChannels);
            }
        }

        if (storeFrom <= 0)
        {
            TBackend.StorePartial(target, (row) * g.OutputChannels + channel, a0l, channels);
            TBackend.StorePartial(target, (row + g.InputPerGroup) * g.OutputChannels + channel, a0m, channels);
            TBackend.StorePartial(target, (row + 2 * g.InputPerGroup) * g.OutputChannels + channel, a0r, channels);
        }

        if (storeFrom <= 1)
        {
            TBackend.StorePartial(target, (row + 1) * g.OutputChannels + channel, a1l, channels);
            TBackend.StorePartial(target, (row + g.InputPerGroup + 1) * g.OutputChannels + channel, a1m, channels);
            TBackend.StorePartial(target, (row + 2 * g.InputPerGroup + 1) * g.OutputChannels + channel, a1r, channels);
        }

        if (storeFrom <= 2)
        {
            TBackend.StorePartial(target, (row + 2) * g.OutputChannels + channel, a2l, channels);
            TBackend.StorePartial(target, (row + g.InputPerGroup + 2) * g.OutputChannels + channel, a2m, channels);
            TBackend.StorePartial(target, (row + 2 * g.InputPerGroup + 2) * g.OutputChannels + channel, a2r, channels);
        }

        if (storeFrom <= 3)
        {
            TBackend.StorePartial(target, (row + 3) * g.OutputChannels + channel, a3l, channels);
            TBackend.StorePartial(target, (row + g.InputPerGroup + 3) * g.OutputChannels + channel, a3m, channels);
            TBackend.StorePartial(target, (row + 2 * g.InputPerGroup + 3) * g.OutputChannels + channel, a3r, channels);
        }

        if (storeFrom <= 4)
        {
            TBackend.StorePartial(target, (row + 4) * g.OutputChannels + channel, a4l, channels);
            TBackend.StorePartial(target, (row + g.InputPerGroup + 4) * g.OutputChannels + channel, a4m, channels);
            TBackend.StorePartial(target, (row + 2 * g.InputPerGroup + 4) * g.OutputChannels + channel, a4r, channels);
        }

        if (storeFrom <= 5)
        {
            TBackend.StorePartial(target, (row + 5) * g.OutputChannels + channel, a5l, channels);
            TBackend.StorePartial(target, (row + g.InputPerGroup + 5) * g.OutputChannels + channel, a5m, channels);
            TBackend.StorePartial(target, (row + 2 * g.InputPerGroup + 5) * g.OutputChannels + channel, a5r, channels);
        }

        if (storeFrom <= 6)
        {
            TBackend.StorePartial(target, (row + 6) * g.OutputChannels + channel, a6l, channels);
            TBackend.StorePartial(target, (row + g.InputPerGroup + 6) * g.OutputChannels + channel, a6m, channels);
            TBackend.StorePartial(target, (row + 2 * g.InputPerGroup + 6) * g.OutputChannels + channel, a6r, channels);
        }

        TBackend.StorePartial(target, (row + 7) * g.OutputChannels + channel, a7l, channels);
        TBackend.StorePartial(target, (row + g.InputPerGroup + 7) * g.OutputChannels + channel, a7m, channels);
        TBackend.StorePartial(target, (row + 2 * g.InputPerGroup + 7) * g.OutputChannels + channel, a7r, channels);
    }

    /// <summary>Three rows by two vectors of output channels: 18 sums, five loads for 18 multiply-adds.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void ThreeTapsOfThree(int begin, int end, bool first, int kernelY, int source, int channel, int channels, TBackend target)
    {
        ref readonly var g = ref Geometry;
        var full = channels >= 2 * TBackend.Width;
        TVector a0l = TBackend.Zero, b0l = TBackend.Zero, a0m = TBackend.Zero, b0m = TBackend.Zero, a0r = TBackend.Zero, b0r = TBackend.Zero,
            a1l = TBackend.Zero, b1l = TBackend.Zero, a1m = TBackend.Zero, b1m = TBackend.Zero, a1r = TBackend.Zero, b1r = TBackend.Zero,
            a2l = TBackend.Zero, b2l = TBackend.Zero, a2m = TBackend.Zero, b2m = TBackend.Zero, a2r = TBackend.Zero, b2r = TBackend.Zero;
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
            var x0 = TBackend.Slice(Input, (n * g.InputHeight + y) * g.InputWidth * g.InputChannels + source);
            var x1 = TBackend.Slice(x0, 1);
            var x2 = TBackend.Slice(x0, 2);
            if (g.KernelRows)
            {
                var below = g.DilationHeight * g.InputWidth * g.InputChannels;
                x1 = TBackend.Choose((uint)(y + g.DilationHeight) < (uint)g.InputHeight, TBackend.Slice(x0, below), Zeros);
                x2 = TBackend.Choose((uint)(y + 2 * g.DilationHeight) < (uint)g.InputHeight, TBackend.Slice(x0, 2 * below), Zeros);
                x0 = TBackend.Choose((uint)y < (uint)g.InputHeight, x0, Zeros);
            }
            else if ((uint)y >= (uint)g.InputHeight)
            {
                continue;
            }

            // The right tap of input column 0 belongs to output column padding - 2, the middle one to padding - 1, the left one to padding.
            var d = TBackend.Slice(OutputGradient, (outputRow * g.OutputWidth + g.PaddingLeft) * g.OutputChannels + channel);
            var m0 = TBackend.Zero;
            var r0 = TBackend.Zero;
            var m1 = TBackend.Zero;
            var r1 = TBackend.Zero;
            if ((uint)(g.PaddingLeft - 1) < (uint)g.OutputWidth)
            {
                var before = TBackend.Slice(d, -g.OutputChannels);
                m0 = full ? TBackend.Load(before, 0) : TBackend.LoadPartial(before, 0, channels);
                m1 = full ? TBackend.Load(before, TBackend.Width) : TBackend.LoadPartial(before, TBackend.Width, channels - TBackend.Width);
            }

            if ((uint)(g.PaddingLeft - 2) < (uint)g.OutputWidth)
            {
                var before = TBackend.Slice(d, -2 * g.OutputChannels);
                r0 = full ? TBackend.Load(before, 0) : TBackend.LoadPartial(before, 0, channels);
                r1 = full ? TBackend.Load(before, TBackend.Width) : TBackend.LoadPartial(before, TBackend.Width, channels - TBackend.Width);
            }

            for (var column = 0; column < stop; column++)
            {
                var l0 = TBackend.Zero;
                var l1 = TBackend.Zero;
                if (column + g.PaddingLeft < g.OutputWidth)
                {
                    l0 = full ? TBackend.Load(d, 0) : TBackend.LoadPartial(d, 0, channels);
                    l1 = full ? TBackend.Load(d, TBackend.Width) : TBackend.LoadPartial(d, TBackend.Width, channels - TBackend.Width);
                }

                var v0 = TBackend.Broadcast(x0, 0);
                a0l = TBackend.MultiplyAdd(v0, l0, a0l);
                b0l = TBackend.MultiplyAdd(v0, l1, b0l);
                a0m = TBackend.MultiplyAdd(v0, m0, a0m);
                b0m = TBackend.MultiplyAdd(v0, m1, b0m);
                a0r = TBackend.MultiplyAdd(v0, r0, a0r);
                b0r = TBackend.MultiplyAdd(v0, r1, b0r);
                var v1 = TBackend.Broadcast(x1, 0);
                a1l = TBackend.MultiplyAdd(v1, l0, a1l);
                b1l = TBackend.MultiplyAdd(v1, l1, b1l);
                a1m = TBackend.MultiplyAdd(v1, m0, a1m);
                b1m = TBackend.MultiplyAdd(v1, m1, b1m);
                a1r = TBackend.MultiplyAdd(v1, r0, a1r);
                b1r = TBackend.MultiplyAdd(v1, r1, b1r);
                var v2 = TBackend.Broadcast(x2, 0);
                a2l = TBackend.MultiplyAdd(v2, l0, a2l);
                b2l = TBackend.MultiplyAdd(v2, l1, b2l);
                a2m = TBackend.MultiplyAdd(v2, m0, a2m);
                b2m = TBackend.MultiplyAdd(v2, m1, b2m);
                a2r = TBackend.MultiplyAdd(v2, r0, a2r);
                b2r = TBackend.MultiplyAdd(v2, r1, b2r);
                r0 = m0;
                m0 = l0;
                r1 = m1;
                m1 = l1;
                d = TBackend.Slice(d, g.OutputChannels);
                x0 = TBackend.Slice(x0, g.InputChannels);
                x1 = TBackend.Slice(x1, g.InputChannels);
                x2 = TBackend.Slice(x2, g.InputChannels);
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
    private readonly void ThreeTapsOfThreeOneVector(int begin, int end, bool first, int kernelY, int source, int channel, int channels, TBackend target)
    {
        ref readonly var g = ref Geometry;
        var full = channels >= TBackend.Width;
        TVector a0l = TBackend.Zero, a0m = TBackend.Zero, a0r = TBackend.Zero, a1l = TBackend.Zero, a1m = TBackend.Zero, a1r = TBackend.Zero,
            a2l = TBackend.Zero, a2m = TBackend.Zero, a2r = TBackend.Zero;
        // Rows are kernel rows where the input has one channel, and channels where it has three.
        var perRow = g.KernelRows ? 3 * g.InputPerGroup : 1;
        var row = kernelY * 3 * g.InputPerGroup;
        if (!first)
        {
            a0l = TBackend.LoadPartial(target, (row) * g.OutputChannels + channel, channels);
            a0m = TBackend.LoadPartial(target, (row + g.InputPerGroup) * g.OutputChannels + channel, channels);
            a0r = TBackend.LoadPartial(target, (row + 2 * g.InputPerGroup) * g.OutputChannels + channel, channels);
            a1l = TBackend.LoadPartial(target, (row + perRow) * g.OutputChannels + channel, channels);
            a1m = TBackend.LoadPartial(target, (row + g.InputPerGroup + perRow) * g.OutputChannels + channel, channels);
            a1r = TBackend.LoadPartial(target, (row + 2 * g.InputPerGroup + perRow) * g.OutputChannels + channel, channels);
            a2l = TBackend.LoadPartial(target, (row + 2 * perRow) * g.OutputChannels + channel, channels);
            a2m = TBackend.LoadPartial(target, (row + g.InputPerGroup + 2 * perRow) * g.OutputChannels + channel, channels);
            a2r = TBackend.LoadPartial(target, (row + 2 * g.InputPerGroup + 2 * perRow) * g.OutputChannels + channel, channels);
        }

        var stop = Math.Min(g.InputWidth, g.OutputWidth - g.PaddingLeft + 2);
        for (var outputRow = begin; outputRow < end; outputRow++)
        {
            var n = outputRow / g.OutputHeight;
            var y = (outputRow - n * g.OutputHeight) * g.StrideHeight - g.PaddingTop + kernelY * g.DilationHeight;
            var x0 = TBackend.Slice(Input, (n * g.InputHeight + y) * g.InputWidth * g.InputChannels + source);
            var x1 = TBackend.Slice(x0, 1);
            var x2 = TBackend.Slice(x0, 2);
            if (g.KernelRows)
            {
                var below = g.DilationHeight * g.InputWidth * g.InputChannels;
                x1 = TBackend.Choose((uint)(y + g.DilationHeight) < (uint)g.InputHeight, TBackend.Slice(x0, below), Zeros);
                x2 = TBackend.Choose((uint)(y + 2 * g.DilationHeight) < (uint)g.InputHeight, TBackend.Slice(x0, 2 * below), Zeros);
                x0 = TBackend.Choose((uint)y < (uint)g.InputHeight, x0, Zeros);
            }
            else if ((uint)y >= (uint)g.InputHeight)
            {
                continue;
            }

            // The right tap of input column 0 belongs to output column padding - 2, the middle one to padding - 1, the left one to padding.
            var d = TBackend.Slice(OutputGradient, (outputRow * g.OutputWidth + g.PaddingLeft) * g.OutputChannels + channel);
            var m0 = TBackend.Zero;
            var r0 = TBackend.Zero;
            if ((uint)(g.PaddingLeft - 1) < (uint)g.OutputWidth)
            {
                var before = TBackend.Slice(d, -g.OutputChannels);
                m0 = full ? TBackend.Load(before, 0) : TBackend.LoadPartial(before, 0, channels);
            }

            if ((uint)(g.PaddingLeft - 2) < (uint)g.OutputWidth)
            {
                var before = TBackend.Slice(d, -2 * g.OutputChannels);
                r0 = full ? TBackend.Load(before, 0) : TBackend.LoadPartial(before, 0, channels);
            }

            for (var column = 0; column < stop; column++)
            {
                var l0 = TBackend.Zero;
                if (column + g.PaddingLeft < g.OutputWidth)
                {
                    l0 = full ? TBackend.Load(d, 0) : TBackend.LoadPartial(d, 0, channels);
                }

                var v0 = TBackend.Broadcast(x0, 0);
                a0l = TBackend.MultiplyAdd(v0, l0, a0l);
                a0m = TBackend.MultiplyAdd(v0, m0, a0m);
                a0r = TBackend.MultiplyAdd(v0, r0, a0r);
                var v1 = TBackend.Broadcast(x1, 0);
                a1l = TBackend.MultiplyAdd(v1, l0, a1l);
                a1m = TBackend.MultiplyAdd(v1, m0, a1m);
                a1r = TBackend.MultiplyAdd(v1, r0, a1r);
                var v2 = TBackend.Broadcast(x2, 0);
                a2l = TBackend.MultiplyAdd(v2, l0, a2l);
                a2m = TBackend.MultiplyAdd(v2, m0, a2m);
                a2r = TBackend.MultiplyAdd(v2, r0, a2r);
                r0 = m0;
                m0 = l0;
                d = TBackend.Slice(d, g.OutputChannels);
                x0 = TBackend.Slice(x0, g.InputChannels);
                x1 = TBackend.Slice(x1, g.InputChannels);
                x2 = TBackend.Slice(x2, g.InputChannels);
            }
        }

        TBackend.StorePartial(target, (row) * g.OutputChannels + channel, a0l, channels);
        TBackend.StorePartial(target, (row + g.InputPerGroup) * g.OutputChannels + channel, a0m, channels);
        TBackend.StorePartial(target, (row + 2 * g.InputPerGroup) * g.OutputChannels + channel, a0r, channels);
        TBackend.StorePartial(target, (row + perRow) * g.OutputChannels + channel, a1l, channels);
        TBackend.StorePartial(target, (row + g.InputPerGroup + perRow) * g.OutputChannels + channel, a1m, channels);
        TBackend.StorePartial(target, (row + 2 * g.InputPerGroup + perRow) * g.OutputChannels + channel, a1r, channels);
        TBackend.StorePartial(target, (row + 2 * perRow) * g.OutputChannels + channel, a2l, channels);
        TBackend.StorePartial(target, (row + g.InputPerGroup + 2 * perRow) * g.OutputChannels + channel, a2m, channels);
        TBackend.StorePartial(target, (row + 2 * g.InputPerGroup + 2 * perRow) * g.OutputChannels + channel, a2r, channels);
    }
}
