using System.Runtime.CompilerServices;

namespace Gpu.Kernels.Convolution;

/// <content>
/// The tiles, each written out: neither the JIT nor ILGPU keeps an array of sums in registers. They differ in their numbers of rows and vectors alone.
/// </content>
internal partial struct DirectConv2dWeightGradient<TBackend, TVector>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void TwelveRows(int begin, int end, bool first, int kernelY, int kernelX, int row, int source, int channel, int channels, TBackend target)
    {
        ref readonly var g = ref Geometry;
        var full = channels >= 2 * TBackend.Width;
        TVector a0 = TBackend.Zero, b0 = TBackend.Zero, a1 = TBackend.Zero, b1 = TBackend.Zero,
            a2 = TBackend.Zero, b2 = TBackend.Zero, a3 = TBackend.Zero, b3 = TBackend.Zero,
            a4 = TBackend.Zero, b4 = TBackend.Zero, a5 = TBackend.Zero, b5 = TBackend.Zero,
            a6 = TBackend.Zero, b6 = TBackend.Zero, a7 = TBackend.Zero, b7 = TBackend.Zero,
            a8 = TBackend.Zero, b8 = TBackend.Zero, a9 = TBackend.Zero, b9 = TBackend.Zero,
            a10 = TBackend.Zero, b10 = TBackend.Zero, a11 = TBackend.Zero, b11 = TBackend.Zero;
        if (!first)
        {
            Read(target, row + 0, channel, channels, out a0, out b0);
            Read(target, row + 1, channel, channels, out a1, out b1);
            Read(target, row + 2, channel, channels, out a2, out b2);
            Read(target, row + 3, channel, channels, out a3, out b3);
            Read(target, row + 4, channel, channels, out a4, out b4);
            Read(target, row + 5, channel, channels, out a5, out b5);
            Read(target, row + 6, channel, channels, out a6, out b6);
            Read(target, row + 7, channel, channels, out a7, out b7);
            Read(target, row + 8, channel, channels, out a8, out b8);
            Read(target, row + 9, channel, channels, out a9, out b9);
            Read(target, row + 10, channel, channels, out a10, out b10);
            Read(target, row + 11, channel, channels, out a11, out b11);
        }

        Columns(kernelX, out var low, out var high);
        var inputStep = g.StrideWidth * g.InputChannels;
        var dx = low * g.StrideWidth - g.PaddingLeft + kernelX * g.DilationWidth;
        for (var outputRow = begin; outputRow < end; outputRow++)
        {
            var n = outputRow / g.OutputHeight;
            var y = (outputRow - n * g.OutputHeight) * g.StrideHeight - g.PaddingTop + kernelY * g.DilationHeight;
            if ((uint)y >= (uint)g.InputHeight) continue;
            var pixels = Math.Min(high, g.Pixels - outputRow * g.OutputWidth) - low;
            var x = TBackend.Slice(Input, ((n * g.InputHeight + y) * g.InputWidth + dx) * g.InputChannels + source);
            var d = TBackend.Slice(OutputGradient, (outputRow * g.OutputWidth + low) * g.OutputChannels + channel);
            for (var pixel = 0; pixel < pixels; pixel++)
            {
                var d0 = full ? TBackend.Load(d, 0) : TBackend.LoadPartial(d, 0, channels);
                var d1 = full ? TBackend.Load(d, TBackend.Width) : TBackend.LoadPartial(d, TBackend.Width, channels - TBackend.Width);
                var v0 = TBackend.Broadcast(x, 0);
                a0 = TBackend.MultiplyAdd(v0, d0, a0);
                b0 = TBackend.MultiplyAdd(v0, d1, b0);
                var v1 = TBackend.Broadcast(x, 1);
                a1 = TBackend.MultiplyAdd(v1, d0, a1);
                b1 = TBackend.MultiplyAdd(v1, d1, b1);
                var v2 = TBackend.Broadcast(x, 2);
                a2 = TBackend.MultiplyAdd(v2, d0, a2);
                b2 = TBackend.MultiplyAdd(v2, d1, b2);
                var v3 = TBackend.Broadcast(x, 3);
                a3 = TBackend.MultiplyAdd(v3, d0, a3);
                b3 = TBackend.MultiplyAdd(v3, d1, b3);
                var v4 = TBackend.Broadcast(x, 4);
                a4 = TBackend.MultiplyAdd(v4, d0, a4);
                b4 = TBackend.MultiplyAdd(v4, d1, b4);
                var v5 = TBackend.Broadcast(x, 5);
                a5 = TBackend.MultiplyAdd(v5, d0, a5);
                b5 = TBackend.MultiplyAdd(v5, d1, b5);
                var v6 = TBackend.Broadcast(x, 6);
                a6 = TBackend.MultiplyAdd(v6, d0, a6);
                b6 = TBackend.MultiplyAdd(v6, d1, b6);
                var v7 = TBackend.Broadcast(x, 7);
                a7 = TBackend.MultiplyAdd(v7, d0, a7);
                b7 = TBackend.MultiplyAdd(v7, d1, b7);
                var v8 = TBackend.Broadcast(x, 8);
                a8 = TBackend.MultiplyAdd(v8, d0, a8);
                b8 = TBackend.MultiplyAdd(v8, d1, b8);
                var v9 = TBackend.Broadcast(x, 9);
                a9 = TBackend.MultiplyAdd(v9, d0, a9);
                b9 = TBackend.MultiplyAdd(v9, d1, b9);
                var v10 = TBackend.Broadcast(x, 10);
                a10 = TBackend.MultiplyAdd(v10, d0, a10);
                b10 = TBackend.MultiplyAdd(v10, d1, b10);
                var v11 = TBackend.Broadcast(x, 11);
                a11 = TBackend.MultiplyAdd(v11, d0, a11);
                b11 = TBackend.MultiplyAdd(v11, d1, b11);
                x = TBackend.Slice(x, inputStep);
                d = TBackend.Slice(d, g.OutputChannels);
            }
        }

        Keep(target, row + 0, channel, channels, a0, b0);
        Keep(target, row + 1, channel, channels, a1, b1);
        Keep(target, row + 2, channel, channels, a2, b2);
        Keep(target, row + 3, channel, channels, a3, b3);
        Keep(target, row + 4, channel, channels, a4, b4);
        Keep(target, row + 5, channel, channels, a5, b5);
        Keep(target, row + 6, channel, channels, a6, b6);
        Keep(target, row + 7, channel, channels, a7, b7);
        Keep(target, row + 8, channel, channels, a8, b8);
        Keep(target, row + 9, channel, channels, a9, b9);
        Keep(target, row + 10, channel, channels, a10, b10);
        Keep(target, row + 11, channel, channels, a11, b11);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void EightRows(int begin, int end, bool first, int kernelY, int kernelX, int row, int storeFrom, int source, int channel, int channels, TBackend target)
    {
        ref readonly var g = ref Geometry;
        var full = channels >= 2 * TBackend.Width;
        TVector a0 = TBackend.Zero, b0 = TBackend.Zero, a1 = TBackend.Zero, b1 = TBackend.Zero,
            a2 = TBackend.Zero, b2 = TBackend.Zero, a3 = TBackend.Zero, b3 = TBackend.Zero,
            a4 = TBackend.Zero, b4 = TBackend.Zero, a5 = TBackend.Zero, b5 = TBackend.Zero,
            a6 = TBackend.Zero, b6 = TBackend.Zero, a7 = TBackend.Zero, b7 = TBackend.Zero;
        if (!first)
        {
            Read(target, row + 0, channel, channels, out a0, out b0);
            Read(target, row + 1, channel, channels, out a1, out b1);
            Read(target, row + 2, channel, channels, out a2, out b2);
            Read(target, row + 3, channel, channels, out a3, out b3);
            Read(target, row + 4, channel, channels, out a4, out b4);
            Read(target, row + 5, channel, channels, out a5, out b5);
            Read(target, row + 6, channel, channels, out a6, out b6);
            Read(target, row + 7, channel, channels, out a7, out b7);
        }

        Columns(kernelX, out var low, out var high);
        var inputStep = g.StrideWidth * g.InputChannels;
        var dx = low * g.StrideWidth - g.PaddingLeft + kernelX * g.DilationWidth;
        for (var outputRow = begin; outputRow < end; outputRow++)
        {
            var n = outputRow / g.OutputHeight;
            var y = (outputRow - n * g.OutputHeight) * g.StrideHeight - g.PaddingTop + kernelY * g.DilationHeight;
            if ((uint)y >= (uint)g.InputHeight) continue;
            var pixels = Math.Min(high, g.Pixels - outputRow * g.OutputWidth) - low;
            var x = TBackend.Slice(Input, ((n * g.InputHeight + y) * g.InputWidth + dx) * g.InputChannels + source);
            var d = TBackend.Slice(OutputGradient, (outputRow * g.OutputWidth + low) * g.OutputChannels + channel);
            for (var pixel = 0; pixel < pixels; pixel++)
            {
                var d0 = full ? TBackend.Load(d, 0) : TBackend.LoadPartial(d, 0, channels);
                var d1 = full ? TBackend.Load(d, TBackend.Width) : TBackend.LoadPartial(d, TBackend.Width, channels - TBackend.Width);
                var v0 = TBackend.Broadcast(x, 0);
                a0 = TBackend.MultiplyAdd(v0, d0, a0);
                b0 = TBackend.MultiplyAdd(v0, d1, b0);
                var v1 = TBackend.Broadcast(x, 1);
                a1 = TBackend.MultiplyAdd(v1, d0, a1);
                b1 = TBackend.MultiplyAdd(v1, d1, b1);
                var v2 = TBackend.Broadcast(x, 2);
                a2 = TBackend.MultiplyAdd(v2, d0, a2);
                b2 = TBackend.MultiplyAdd(v2, d1, b2);
                var v3 = TBackend.Broadcast(x, 3);
                a3 = TBackend.MultiplyAdd(v3, d0, a3);
                b3 = TBackend.MultiplyAdd(v3, d1, b3);
                var v4 = TBackend.Broadcast(x, 4);
                a4 = TBackend.MultiplyAdd(v4, d0, a4);
                b4 = TBackend.MultiplyAdd(v4, d1, b4);
                var v5 = TBackend.Broadcast(x, 5);
                a5 = TBackend.MultiplyAdd(v5, d0, a5);
                b5 = TBackend.MultiplyAdd(v5, d1, b5);
                var v6 = TBackend.Broadcast(x, 6);
                a6 = TBackend.MultiplyAdd(v6, d0, a6);
                b6 = TBackend.MultiplyAdd(v6, d1, b6);
                var v7 = TBackend.Broadcast(x, 7);
                a7 = TBackend.MultiplyAdd(v7, d0, a7);
                b7 = TBackend.MultiplyAdd(v7, d1, b7);
                x = TBackend.Slice(x, inputStep);
                d = TBackend.Slice(d, g.OutputChannels);
            }
        }

        if (storeFrom <= 0) Keep(target, row + 0, channel, channels, a0, b0);
        if (storeFrom <= 1) Keep(target, row + 1, channel, channels, a1, b1);
        if (storeFrom <= 2) Keep(target, row + 2, channel, channels, a2, b2);
        if (storeFrom <= 3) Keep(target, row + 3, channel, channels, a3, b3);
        if (storeFrom <= 4) Keep(target, row + 4, channel, channels, a4, b4);
        if (storeFrom <= 5) Keep(target, row + 5, channel, channels, a5, b5);
        if (storeFrom <= 6) Keep(target, row + 6, channel, channels, a6, b6);
        if (storeFrom <= 7) Keep(target, row + 7, channel, channels, a7, b7);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void EightRowsOneVector(int begin, int end, bool first, int kernelY, int kernelX, int row, int storeFrom, int source, int channel, int channels, TBackend target)
    {
        ref readonly var g = ref Geometry;
        var full = channels >= TBackend.Width;
        TVector a0 = TBackend.Zero, a1 = TBackend.Zero, a2 = TBackend.Zero, a3 = TBackend.Zero,
            a4 = TBackend.Zero, a5 = TBackend.Zero, a6 = TBackend.Zero, a7 = TBackend.Zero;
        if (!first)
        {
            Read(target, row + 0, channel, channels, out a0, out _);
            Read(target, row + 1, channel, channels, out a1, out _);
            Read(target, row + 2, channel, channels, out a2, out _);
            Read(target, row + 3, channel, channels, out a3, out _);
            Read(target, row + 4, channel, channels, out a4, out _);
            Read(target, row + 5, channel, channels, out a5, out _);
            Read(target, row + 6, channel, channels, out a6, out _);
            Read(target, row + 7, channel, channels, out a7, out _);
        }

        Columns(kernelX, out var low, out var high);
        var inputStep = g.StrideWidth * g.InputChannels;
        var dx = low * g.StrideWidth - g.PaddingLeft + kernelX * g.DilationWidth;
        for (var outputRow = begin; outputRow < end; outputRow++)
        {
            var n = outputRow / g.OutputHeight;
            var y = (outputRow - n * g.OutputHeight) * g.StrideHeight - g.PaddingTop + kernelY * g.DilationHeight;
            if ((uint)y >= (uint)g.InputHeight) continue;
            var pixels = Math.Min(high, g.Pixels - outputRow * g.OutputWidth) - low;
            var x = TBackend.Slice(Input, ((n * g.InputHeight + y) * g.InputWidth + dx) * g.InputChannels + source);
            var d = TBackend.Slice(OutputGradient, (outputRow * g.OutputWidth + low) * g.OutputChannels + channel);
            for (var pixel = 0; pixel < pixels; pixel++)
            {
                var d0 = full ? TBackend.Load(d, 0) : TBackend.LoadPartial(d, 0, channels);
                var v0 = TBackend.Broadcast(x, 0);
                a0 = TBackend.MultiplyAdd(v0, d0, a0);
                var v1 = TBackend.Broadcast(x, 1);
                a1 = TBackend.MultiplyAdd(v1, d0, a1);
                var v2 = TBackend.Broadcast(x, 2);
                a2 = TBackend.MultiplyAdd(v2, d0, a2);
                var v3 = TBackend.Broadcast(x, 3);
                a3 = TBackend.MultiplyAdd(v3, d0, a3);
                var v4 = TBackend.Broadcast(x, 4);
                a4 = TBackend.MultiplyAdd(v4, d0, a4);
                var v5 = TBackend.Broadcast(x, 5);
                a5 = TBackend.MultiplyAdd(v5, d0, a5);
                var v6 = TBackend.Broadcast(x, 6);
                a6 = TBackend.MultiplyAdd(v6, d0, a6);
                var v7 = TBackend.Broadcast(x, 7);
                a7 = TBackend.MultiplyAdd(v7, d0, a7);
                x = TBackend.Slice(x, inputStep);
                d = TBackend.Slice(d, g.OutputChannels);
            }
        }

        if (storeFrom <= 0) Keep(target, row + 0, channel, channels, a0, TBackend.Zero);
        if (storeFrom <= 1) Keep(target, row + 1, channel, channels, a1, TBackend.Zero);
        if (storeFrom <= 2) Keep(target, row + 2, channel, channels, a2, TBackend.Zero);
        if (storeFrom <= 3) Keep(target, row + 3, channel, channels, a3, TBackend.Zero);
        if (storeFrom <= 4) Keep(target, row + 4, channel, channels, a4, TBackend.Zero);
        if (storeFrom <= 5) Keep(target, row + 5, channel, channels, a5, TBackend.Zero);
        if (storeFrom <= 6) Keep(target, row + 6, channel, channels, a6, TBackend.Zero);
        if (storeFrom <= 7) Keep(target, row + 7, channel, channels, a7, TBackend.Zero);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void ThreeRows(int begin, int end, bool first, int kernelY, int kernelX, int row, int storeFrom, int source, int channel, int channels, TBackend target)
    {
        ref readonly var g = ref Geometry;
        var full = channels >= 2 * TBackend.Width;
        TVector a0 = TBackend.Zero, b0 = TBackend.Zero, a1 = TBackend.Zero, b1 = TBackend.Zero,
            a2 = TBackend.Zero, b2 = TBackend.Zero;
        if (!first)
        {
            Read(target, row + 0, channel, channels, out a0, out b0);
            Read(target, row + 1, channel, channels, out a1, out b1);
            Read(target, row + 2, channel, channels, out a2, out b2);
        }

        Columns(kernelX, out var low, out var high);
        var inputStep = g.StrideWidth * g.InputChannels;
        var dx = low * g.StrideWidth - g.PaddingLeft + kernelX * g.DilationWidth;
        for (var outputRow = begin; outputRow < end; outputRow++)
        {
            var n = outputRow / g.OutputHeight;
            var y = (outputRow - n * g.OutputHeight) * g.StrideHeight - g.PaddingTop + kernelY * g.DilationHeight;
            if ((uint)y >= (uint)g.InputHeight) continue;
            var pixels = Math.Min(high, g.Pixels - outputRow * g.OutputWidth) - low;
            var x = TBackend.Slice(Input, ((n * g.InputHeight + y) * g.InputWidth + dx) * g.InputChannels + source);
            var d = TBackend.Slice(OutputGradient, (outputRow * g.OutputWidth + low) * g.OutputChannels + channel);
            for (var pixel = 0; pixel < pixels; pixel++)
            {
                var d0 = full ? TBackend.Load(d, 0) : TBackend.LoadPartial(d, 0, channels);
                var d1 = full ? TBackend.Load(d, TBackend.Width) : TBackend.LoadPartial(d, TBackend.Width, channels - TBackend.Width);
                var v0 = TBackend.Broadcast(x, 0);
                a0 = TBackend.MultiplyAdd(v0, d0, a0);
                b0 = TBackend.MultiplyAdd(v0, d1, b0);
                var v1 = TBackend.Broadcast(x, 1);
                a1 = TBackend.MultiplyAdd(v1, d0, a1);
                b1 = TBackend.MultiplyAdd(v1, d1, b1);
                var v2 = TBackend.Broadcast(x, 2);
                a2 = TBackend.MultiplyAdd(v2, d0, a2);
                b2 = TBackend.MultiplyAdd(v2, d1, b2);
                x = TBackend.Slice(x, inputStep);
                d = TBackend.Slice(d, g.OutputChannels);
            }
        }

        if (storeFrom <= 0) Keep(target, row + 0, channel, channels, a0, b0);
        if (storeFrom <= 1) Keep(target, row + 1, channel, channels, a1, b1);
        if (storeFrom <= 2) Keep(target, row + 2, channel, channels, a2, b2);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void OneRow(int begin, int end, bool first, int kernelY, int kernelX, int row, int storeFrom, int source, int channel, int channels, TBackend target)
    {
        ref readonly var g = ref Geometry;
        var full = channels >= 2 * TBackend.Width;
        TVector a0 = TBackend.Zero, b0 = TBackend.Zero;
        if (!first)
        {
            Read(target, row + 0, channel, channels, out a0, out b0);
        }

        Columns(kernelX, out var low, out var high);
        var inputStep = g.StrideWidth * g.InputChannels;
        var dx = low * g.StrideWidth - g.PaddingLeft + kernelX * g.DilationWidth;
        for (var outputRow = begin; outputRow < end; outputRow++)
        {
            var n = outputRow / g.OutputHeight;
            var y = (outputRow - n * g.OutputHeight) * g.StrideHeight - g.PaddingTop + kernelY * g.DilationHeight;
            if ((uint)y >= (uint)g.InputHeight) continue;
            var pixels = Math.Min(high, g.Pixels - outputRow * g.OutputWidth) - low;
            var x = TBackend.Slice(Input, ((n * g.InputHeight + y) * g.InputWidth + dx) * g.InputChannels + source);
            var d = TBackend.Slice(OutputGradient, (outputRow * g.OutputWidth + low) * g.OutputChannels + channel);
            for (var pixel = 0; pixel < pixels; pixel++)
            {
                var d0 = full ? TBackend.Load(d, 0) : TBackend.LoadPartial(d, 0, channels);
                var d1 = full ? TBackend.Load(d, TBackend.Width) : TBackend.LoadPartial(d, TBackend.Width, channels - TBackend.Width);
                var v0 = TBackend.Broadcast(x, 0);
                a0 = TBackend.MultiplyAdd(v0, d0, a0);
                b0 = TBackend.MultiplyAdd(v0, d1, b0);
                x = TBackend.Slice(x, inputStep);
                d = TBackend.Slice(d, g.OutputChannels);
            }
        }

        Keep(target, row + 0, channel, channels, a0, b0);
    }
}
