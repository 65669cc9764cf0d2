using System.Runtime.CompilerServices;

namespace Gpu.Kernels.Convolution;

internal partial struct WinogradWeightGradient<TBackend, TVector>
{
    /// <summary>Adds the 36 products of a strip to the sums; the first strip begins them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Products(TBackend scratch, int tiles, int k, int inputs, int channel, int outputs, bool first, int next)
    {
        for (var product = 0; product < WinogradTransform.Products; product++)
        {
            // The transforms wait for memory and the products do not: while they run, the pixels of the next strip are brought nearer.
            if (!TBackend.IsGpu && product < tiles)
            {
                WinogradInput.Prefetch<TBackend, TVector>(Input, in Geometry.Forward, next + product, k, inputs);
                PrefetchGradient(next + product, channel, outputs);
            }

            var data = TBackend.Slice(scratch, product * Geometry.DataStride);
            var gradient = TBackend.Slice(scratch, Geometry.GradientOffset + product * Geometry.GradientStride);
            var sums = TBackend.Slice(scratch, Geometry.SumOffset + product * inputs * outputs);
            for (var c = 0; c < outputs; c += 2 * TBackend.Width)
            {
                if (outputs - c > TBackend.Width) TwoVectors(data, TBackend.Slice(gradient, c), TBackend.Slice(sums, c), tiles, inputs, outputs, first);
                else OneVector(data, TBackend.Slice(gradient, c), TBackend.Slice(sums, c), tiles, inputs, outputs, first);
            }
        }
    }

    /// <summary>Eight input channels by two vectors of output channels at a time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void TwoVectors(TBackend data, TBackend gradient, TBackend sums, int tiles, int inputs, int outputs, bool first)
    {
        for (var row = 0; row < inputs; row += 8)
        {
            TVector a0 = TBackend.Zero, b0 = TBackend.Zero, a1 = TBackend.Zero, b1 = TBackend.Zero, a2 = TBackend.Zero, b2 = TBackend.Zero, a3 = TBackend.Zero, b3 = TBackend.Zero, a4 = TBackend.Zero, b4 = TBackend.Zero, a5 = TBackend.Zero, b5 = TBackend.Zero, a6 = TBackend.Zero, b6 = TBackend.Zero, a7 = TBackend.Zero, b7 = TBackend.Zero;
            if (!first)
            {
                var from = sums;
                a0 = TBackend.Load(from, 0);
                b0 = TBackend.Load(from, TBackend.Width);
                from = TBackend.Slice(from, outputs);
                a1 = TBackend.Load(from, 0);
                b1 = TBackend.Load(from, TBackend.Width);
                from = TBackend.Slice(from, outputs);
                a2 = TBackend.Load(from, 0);
                b2 = TBackend.Load(from, TBackend.Width);
                from = TBackend.Slice(from, outputs);
                a3 = TBackend.Load(from, 0);
                b3 = TBackend.Load(from, TBackend.Width);
                from = TBackend.Slice(from, outputs);
                a4 = TBackend.Load(from, 0);
                b4 = TBackend.Load(from, TBackend.Width);
                from = TBackend.Slice(from, outputs);
                a5 = TBackend.Load(from, 0);
                b5 = TBackend.Load(from, TBackend.Width);
                from = TBackend.Slice(from, outputs);
                a6 = TBackend.Load(from, 0);
                b6 = TBackend.Load(from, TBackend.Width);
                from = TBackend.Slice(from, outputs);
                a7 = TBackend.Load(from, 0);
                b7 = TBackend.Load(from, TBackend.Width);
            }

            var x = data;
            var d = gradient;
            for (var tile = 0; tile < tiles; tile++)
            {
                var d0 = TBackend.Load(d, 0);
                var d1 = TBackend.Load(d, TBackend.Width);
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
                x = TBackend.Slice(x, inputs);
                d = TBackend.Slice(d, outputs);
            }

            TBackend.Store(sums, 0, a0);
            TBackend.Store(sums, TBackend.Width, b0);
            sums = TBackend.Slice(sums, outputs);
            TBackend.Store(sums, 0, a1);
            TBackend.Store(sums, TBackend.Width, b1);
            sums = TBackend.Slice(sums, outputs);
            TBackend.Store(sums, 0, a2);
            TBackend.Store(sums, TBackend.Width, b2);
            sums = TBackend.Slice(sums, outputs);
            TBackend.Store(sums, 0, a3);
            TBackend.Store(sums, TBackend.Width, b3);
            sums = TBackend.Slice(sums, outputs);
            TBackend.Store(sums, 0, a4);
            TBackend.Store(sums, TBackend.Width, b4);
            sums = TBackend.Slice(sums, outputs);
            TBackend.Store(sums, 0, a5);
            TBackend.Store(sums, TBackend.Width, b5);
            sums = TBackend.Slice(sums, outputs);
            TBackend.Store(sums, 0, a6);
            TBackend.Store(sums, TBackend.Width, b6);
            sums = TBackend.Slice(sums, outputs);
            TBackend.Store(sums, 0, a7);
            TBackend.Store(sums, TBackend.Width, b7);
            sums = TBackend.Slice(sums, outputs);
            data = TBackend.Slice(data, 8);
        }
    }

    /// <summary>Eight input channels by one vector.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void OneVector(TBackend data, TBackend gradient, TBackend sums, int tiles, int inputs, int outputs, bool first)
    {
        for (var row = 0; row < inputs; row += 8)
        {
            TVector a0 = TBackend.Zero, a1 = TBackend.Zero, a2 = TBackend.Zero, a3 = TBackend.Zero, a4 = TBackend.Zero, a5 = TBackend.Zero, a6 = TBackend.Zero, a7 = TBackend.Zero;
            if (!first)
            {
                var from = sums;
                a0 = TBackend.Load(from, 0);
                from = TBackend.Slice(from, outputs);
                a1 = TBackend.Load(from, 0);
                from = TBackend.Slice(from, outputs);
                a2 = TBackend.Load(from, 0);
                from = TBackend.Slice(from, outputs);
                a3 = TBackend.Load(from, 0);
                from = TBackend.Slice(from, outputs);
                a4 = TBackend.Load(from, 0);
                from = TBackend.Slice(from, outputs);
                a5 = TBackend.Load(from, 0);
                from = TBackend.Slice(from, outputs);
                a6 = TBackend.Load(from, 0);
                from = TBackend.Slice(from, outputs);
                a7 = TBackend.Load(from, 0);
            }

            var x = data;
            var d = gradient;
            for (var tile = 0; tile < tiles; tile++)
            {
                var d0 = TBackend.Load(d, 0);
                a0 = TBackend.MultiplyAdd(TBackend.Broadcast(x, 0), d0, a0);
                a1 = TBackend.MultiplyAdd(TBackend.Broadcast(x, 1), d0, a1);
                a2 = TBackend.MultiplyAdd(TBackend.Broadcast(x, 2), d0, a2);
                a3 = TBackend.MultiplyAdd(TBackend.Broadcast(x, 3), d0, a3);
                a4 = TBackend.MultiplyAdd(TBackend.Broadcast(x, 4), d0, a4);
                a5 = TBackend.MultiplyAdd(TBackend.Broadcast(x, 5), d0, a5);
                a6 = TBackend.MultiplyAdd(TBackend.Broadcast(x, 6), d0, a6);
                a7 = TBackend.MultiplyAdd(TBackend.Broadcast(x, 7), d0, a7);
                x = TBackend.Slice(x, inputs);
                d = TBackend.Slice(d, outputs);
            }

            TBackend.Store(sums, 0, a0);
            sums = TBackend.Slice(sums, outputs);
            TBackend.Store(sums, 0, a1);
            sums = TBackend.Slice(sums, outputs);
            TBackend.Store(sums, 0, a2);
            sums = TBackend.Slice(sums, outputs);
            TBackend.Store(sums, 0, a3);
            sums = TBackend.Slice(sums, outputs);
            TBackend.Store(sums, 0, a4);
            sums = TBackend.Slice(sums, outputs);
            TBackend.Store(sums, 0, a5);
            sums = TBackend.Slice(sums, outputs);
            TBackend.Store(sums, 0, a6);
            sums = TBackend.Slice(sums, outputs);
            TBackend.Store(sums, 0, a7);
            sums = TBackend.Slice(sums, outputs);
            data = TBackend.Slice(data, 8);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void PrefetchGradient(int tile, int channel, int channels)
    {
        const int line = 16;
        ref readonly var g = ref Geometry.Forward;
        var row = tile / g.TilesX;
        var x = (tile - row * g.TilesX) * WinogradTransform.Outputs;
        var n = row / g.TilesY;
        var y = (row - n * g.TilesY) * WinogradTransform.Outputs;
        var source = TBackend.Slice(OutputGradient, ((n * g.OutputHeight + y) * g.OutputWidth + x) * g.OutputChannels + channel);
        for (var i = 0; i < WinogradTransform.Outputs; i++)
        {
            for (var j = 0; j < WinogradTransform.Outputs; j++)
            {
                for (var c = 0; c < channels; c += line) TBackend.Prefetch(source, j * g.OutputChannels + c);
            }

            source = TBackend.Slice(source, g.OutputWidth * g.OutputChannels);
        }
    }
}
