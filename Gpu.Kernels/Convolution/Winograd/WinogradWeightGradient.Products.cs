using System.Runtime.CompilerServices;
using Gpu.Kernels.Machines;

namespace Gpu.Kernels.Convolution;

public partial struct WinogradWeightGradient<TMachine, TVector>
{
    /// <summary>Adds the 36 products of a strip to the sums; the first strip begins them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Products(TMachine scratch, int tiles, int k, int inputs, int channel, int outputs, bool first, int next)
    {
        for (var product = 0; product < WinogradTransform.Products; product++)
        {
            // The transforms wait for memory and the products do not: while they run, the pixels of the next strip are brought nearer.
            if (!TMachine.ItemIsThread && product < tiles)
            {
                WinogradInput.Prefetch<TMachine, TVector>(Input, in Geometry.Forward, next + product, k, inputs);
                PrefetchGradient(next + product, channel, outputs);
            }

            var data = TMachine.Slice(scratch, product * Geometry.DataStride);
            var gradient = TMachine.Slice(scratch, Geometry.GradientOffset + product * Geometry.GradientStride);
            var sums = TMachine.Slice(scratch, Geometry.SumOffset + product * inputs * outputs);
            for (var c = 0; c < outputs; c += 2 * TMachine.Width)
            {
                if (outputs - c > TMachine.Width) TwoVectors(data, TMachine.Slice(gradient, c), TMachine.Slice(sums, c), tiles, inputs, outputs, first);
                else OneVector(data, TMachine.Slice(gradient, c), TMachine.Slice(sums, c), tiles, inputs, outputs, first);
            }
        }
    }

    /// <summary>Eight input channels by two vectors of output channels at a time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void TwoVectors(TMachine data, TMachine gradient, TMachine sums, int tiles, int inputs, int outputs, bool first)
    {
        for (var row = 0; row < inputs; row += 8)
        {
            TVector a0 = TMachine.Zero, b0 = TMachine.Zero, a1 = TMachine.Zero, b1 = TMachine.Zero, a2 = TMachine.Zero, b2 = TMachine.Zero, a3 = TMachine.Zero, b3 = TMachine.Zero, a4 = TMachine.Zero, b4 = TMachine.Zero, a5 = TMachine.Zero, b5 = TMachine.Zero, a6 = TMachine.Zero, b6 = TMachine.Zero, a7 = TMachine.Zero, b7 = TMachine.Zero;
            if (!first)
            {
                var from = sums;
                a0 = TMachine.Load(from, 0);
                b0 = TMachine.Load(from, TMachine.Width);
                from = TMachine.Slice(from, outputs);
                a1 = TMachine.Load(from, 0);
                b1 = TMachine.Load(from, TMachine.Width);
                from = TMachine.Slice(from, outputs);
                a2 = TMachine.Load(from, 0);
                b2 = TMachine.Load(from, TMachine.Width);
                from = TMachine.Slice(from, outputs);
                a3 = TMachine.Load(from, 0);
                b3 = TMachine.Load(from, TMachine.Width);
                from = TMachine.Slice(from, outputs);
                a4 = TMachine.Load(from, 0);
                b4 = TMachine.Load(from, TMachine.Width);
                from = TMachine.Slice(from, outputs);
                a5 = TMachine.Load(from, 0);
                b5 = TMachine.Load(from, TMachine.Width);
                from = TMachine.Slice(from, outputs);
                a6 = TMachine.Load(from, 0);
                b6 = TMachine.Load(from, TMachine.Width);
                from = TMachine.Slice(from, outputs);
                a7 = TMachine.Load(from, 0);
                b7 = TMachine.Load(from, TMachine.Width);
            }

            var x = data;
            var d = gradient;
            for (var tile = 0; tile < tiles; tile++)
            {
                var d0 = TMachine.Load(d, 0);
                var d1 = TMachine.Load(d, TMachine.Width);
                var v0 = TMachine.Broadcast(x, 0);
                a0 = TMachine.MultiplyAdd(v0, d0, a0);
                b0 = TMachine.MultiplyAdd(v0, d1, b0);
                var v1 = TMachine.Broadcast(x, 1);
                a1 = TMachine.MultiplyAdd(v1, d0, a1);
                b1 = TMachine.MultiplyAdd(v1, d1, b1);
                var v2 = TMachine.Broadcast(x, 2);
                a2 = TMachine.MultiplyAdd(v2, d0, a2);
                b2 = TMachine.MultiplyAdd(v2, d1, b2);
                var v3 = TMachine.Broadcast(x, 3);
                a3 = TMachine.MultiplyAdd(v3, d0, a3);
                b3 = TMachine.MultiplyAdd(v3, d1, b3);
                var v4 = TMachine.Broadcast(x, 4);
                a4 = TMachine.MultiplyAdd(v4, d0, a4);
                b4 = TMachine.MultiplyAdd(v4, d1, b4);
                var v5 = TMachine.Broadcast(x, 5);
                a5 = TMachine.MultiplyAdd(v5, d0, a5);
                b5 = TMachine.MultiplyAdd(v5, d1, b5);
                var v6 = TMachine.Broadcast(x, 6);
                a6 = TMachine.MultiplyAdd(v6, d0, a6);
                b6 = TMachine.MultiplyAdd(v6, d1, b6);
                var v7 = TMachine.Broadcast(x, 7);
                a7 = TMachine.MultiplyAdd(v7, d0, a7);
                b7 = TMachine.MultiplyAdd(v7, d1, b7);
                x = TMachine.Slice(x, inputs);
                d = TMachine.Slice(d, outputs);
            }

            TMachine.Store(sums, 0, a0);
            TMachine.Store(sums, TMachine.Width, b0);
            sums = TMachine.Slice(sums, outputs);
            TMachine.Store(sums, 0, a1);
            TMachine.Store(sums, TMachine.Width, b1);
            sums = TMachine.Slice(sums, outputs);
            TMachine.Store(sums, 0, a2);
            TMachine.Store(sums, TMachine.Width, b2);
            sums = TMachine.Slice(sums, outputs);
            TMachine.Store(sums, 0, a3);
            TMachine.Store(sums, TMachine.Width, b3);
            sums = TMachine.Slice(sums, outputs);
            TMachine.Store(sums, 0, a4);
            TMachine.Store(sums, TMachine.Width, b4);
            sums = TMachine.Slice(sums, outputs);
            TMachine.Store(sums, 0, a5);
            TMachine.Store(sums, TMachine.Width, b5);
            sums = TMachine.Slice(sums, outputs);
            TMachine.Store(sums, 0, a6);
            TMachine.Store(sums, TMachine.Width, b6);
            sums = TMachine.Slice(sums, outputs);
            TMachine.Store(sums, 0, a7);
            TMachine.Store(sums, TMachine.Width, b7);
            sums = TMachine.Slice(sums, outputs);
            data = TMachine.Slice(data, 8);
        }
    }

    /// <summary>Eight input channels by one vector.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void OneVector(TMachine data, TMachine gradient, TMachine sums, int tiles, int inputs, int outputs, bool first)
    {
        for (var row = 0; row < inputs; row += 8)
        {
            TVector a0 = TMachine.Zero, a1 = TMachine.Zero, a2 = TMachine.Zero, a3 = TMachine.Zero, a4 = TMachine.Zero, a5 = TMachine.Zero, a6 = TMachine.Zero, a7 = TMachine.Zero;
            if (!first)
            {
                var from = sums;
                a0 = TMachine.Load(from, 0);
                from = TMachine.Slice(from, outputs);
                a1 = TMachine.Load(from, 0);
                from = TMachine.Slice(from, outputs);
                a2 = TMachine.Load(from, 0);
                from = TMachine.Slice(from, outputs);
                a3 = TMachine.Load(from, 0);
                from = TMachine.Slice(from, outputs);
                a4 = TMachine.Load(from, 0);
                from = TMachine.Slice(from, outputs);
                a5 = TMachine.Load(from, 0);
                from = TMachine.Slice(from, outputs);
                a6 = TMachine.Load(from, 0);
                from = TMachine.Slice(from, outputs);
                a7 = TMachine.Load(from, 0);
            }

            var x = data;
            var d = gradient;
            for (var tile = 0; tile < tiles; tile++)
            {
                var d0 = TMachine.Load(d, 0);
                a0 = TMachine.MultiplyAdd(TMachine.Broadcast(x, 0), d0, a0);
                a1 = TMachine.MultiplyAdd(TMachine.Broadcast(x, 1), d0, a1);
                a2 = TMachine.MultiplyAdd(TMachine.Broadcast(x, 2), d0, a2);
                a3 = TMachine.MultiplyAdd(TMachine.Broadcast(x, 3), d0, a3);
                a4 = TMachine.MultiplyAdd(TMachine.Broadcast(x, 4), d0, a4);
                a5 = TMachine.MultiplyAdd(TMachine.Broadcast(x, 5), d0, a5);
                a6 = TMachine.MultiplyAdd(TMachine.Broadcast(x, 6), d0, a6);
                a7 = TMachine.MultiplyAdd(TMachine.Broadcast(x, 7), d0, a7);
                x = TMachine.Slice(x, inputs);
                d = TMachine.Slice(d, outputs);
            }

            TMachine.Store(sums, 0, a0);
            sums = TMachine.Slice(sums, outputs);
            TMachine.Store(sums, 0, a1);
            sums = TMachine.Slice(sums, outputs);
            TMachine.Store(sums, 0, a2);
            sums = TMachine.Slice(sums, outputs);
            TMachine.Store(sums, 0, a3);
            sums = TMachine.Slice(sums, outputs);
            TMachine.Store(sums, 0, a4);
            sums = TMachine.Slice(sums, outputs);
            TMachine.Store(sums, 0, a5);
            sums = TMachine.Slice(sums, outputs);
            TMachine.Store(sums, 0, a6);
            sums = TMachine.Slice(sums, outputs);
            TMachine.Store(sums, 0, a7);
            sums = TMachine.Slice(sums, outputs);
            data = TMachine.Slice(data, 8);
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
        var source = TMachine.Slice(OutputGradient, ((n * g.OutputHeight + y) * g.OutputWidth + x) * g.OutputChannels + channel);
        for (var i = 0; i < WinogradTransform.Outputs; i++)
        {
            for (var j = 0; j < WinogradTransform.Outputs; j++)
            {
                for (var c = 0; c < channels; c += line) TMachine.Prefetch(source, j * g.OutputChannels + c);
            }

            source = TMachine.Slice(source, g.OutputWidth * g.OutputChannels);
        }
    }
}
