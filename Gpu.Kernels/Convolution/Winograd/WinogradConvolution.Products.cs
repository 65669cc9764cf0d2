using System.Runtime.CompilerServices;
using Gpu.Kernels.Launching;
using Gpu.Kernels.Machines;

namespace Gpu.Kernels.Convolution;

public partial struct WinogradConvolution<TMachine, TVector, TActivation>
{
    /// <summary>36 products of [tiles, input channels] and [input channels, two vectors]. Six tiles at a time; rows behind the last tile are computed, and not read.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void ProductsOfTwo(TMachine scratch, TMachine weights, int first, int panel)
    {
        ref readonly var g = ref Geometry;
        var depth = g.InputChannels;
        var tiles = Math.Min(g.TilesPerStrip, g.Tiles - first);
        for (var product = 0; product < WinogradTransform.Products; product++)
        {
            if (!TMachine.ItemIsThread && product < 3 * tiles && product % 3 == 0) Prefetch(first + product / 3, panel);
            var data = TMachine.Slice(scratch, product * g.DataStride);
            var sums = TMachine.Slice(scratch, g.SumOffset + product * g.SumStride);
            for (var tile = 0; tile < tiles; tile += 6)
            {
                TVector a0 = TMachine.Zero, b0 = TMachine.Zero, a1 = TMachine.Zero, b1 = TMachine.Zero, a2 = TMachine.Zero, b2 = TMachine.Zero, a3 = TMachine.Zero, b3 = TMachine.Zero, a4 = TMachine.Zero, b4 = TMachine.Zero, a5 = TMachine.Zero, b5 = TMachine.Zero;
                var p0 = data;
                var p1 = TMachine.Slice(p0, depth);
                var p2 = TMachine.Slice(p1, depth);
                var p3 = TMachine.Slice(p2, depth);
                var p4 = TMachine.Slice(p3, depth);
                var p5 = TMachine.Slice(p4, depth);
                var w = weights;
                for (var k = 0; k < depth; k++)
                {
                    var w0 = TMachine.Load(w, 0);
                    var w1 = TMachine.Load(w, TMachine.Width);
                    w = TMachine.Slice(w, g.PanelWidth);
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

                TMachine.Store(sums, 0, a0);
                TMachine.Store(sums, TMachine.Width, b0);
                sums = TMachine.Slice(sums, g.PanelWidth);
                TMachine.Store(sums, 0, a1);
                TMachine.Store(sums, TMachine.Width, b1);
                sums = TMachine.Slice(sums, g.PanelWidth);
                TMachine.Store(sums, 0, a2);
                TMachine.Store(sums, TMachine.Width, b2);
                sums = TMachine.Slice(sums, g.PanelWidth);
                TMachine.Store(sums, 0, a3);
                TMachine.Store(sums, TMachine.Width, b3);
                sums = TMachine.Slice(sums, g.PanelWidth);
                TMachine.Store(sums, 0, a4);
                TMachine.Store(sums, TMachine.Width, b4);
                sums = TMachine.Slice(sums, g.PanelWidth);
                TMachine.Store(sums, 0, a5);
                TMachine.Store(sums, TMachine.Width, b5);
                sums = TMachine.Slice(sums, g.PanelWidth);
                data = TMachine.Slice(p5, depth);
            }

            weights = TMachine.Slice(weights, depth * g.PanelWidth);
        }
    }

    /// <summary>The same for one vector, twelve tiles at a time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void ProductsOfOne(TMachine scratch, TMachine weights, int first, int panel)
    {
        ref readonly var g = ref Geometry;
        var depth = g.InputChannels;
        var tiles = Math.Min(g.TilesPerStrip, g.Tiles - first);
        for (var product = 0; product < WinogradTransform.Products; product++)
        {
            if (!TMachine.ItemIsThread && product < 3 * tiles && product % 3 == 0) Prefetch(first + product / 3, panel);
            var data = TMachine.Slice(scratch, product * g.DataStride);
            var sums = TMachine.Slice(scratch, g.SumOffset + product * g.SumStride);
            for (var tile = 0; tile < tiles; tile += 12)
            {
                TVector a0 = TMachine.Zero, a1 = TMachine.Zero, a2 = TMachine.Zero, a3 = TMachine.Zero, a4 = TMachine.Zero, a5 = TMachine.Zero, a6 = TMachine.Zero, a7 = TMachine.Zero, a8 = TMachine.Zero, a9 = TMachine.Zero, a10 = TMachine.Zero, a11 = TMachine.Zero;
                var p0 = data;
                var p1 = TMachine.Slice(p0, depth);
                var p2 = TMachine.Slice(p1, depth);
                var p3 = TMachine.Slice(p2, depth);
                var p4 = TMachine.Slice(p3, depth);
                var p5 = TMachine.Slice(p4, depth);
                var p6 = TMachine.Slice(p5, depth);
                var p7 = TMachine.Slice(p6, depth);
                var p8 = TMachine.Slice(p7, depth);
                var p9 = TMachine.Slice(p8, depth);
                var p10 = TMachine.Slice(p9, depth);
                var p11 = TMachine.Slice(p10, depth);
                var w = weights;
                for (var k = 0; k < depth; k++)
                {
                    var w0 = TMachine.Load(w, 0);
                    w = TMachine.Slice(w, g.PanelWidth);
                    a0 = TMachine.MultiplyAdd(TMachine.Broadcast(p0, k), w0, a0);
                    a1 = TMachine.MultiplyAdd(TMachine.Broadcast(p1, k), w0, a1);
                    a2 = TMachine.MultiplyAdd(TMachine.Broadcast(p2, k), w0, a2);
                    a3 = TMachine.MultiplyAdd(TMachine.Broadcast(p3, k), w0, a3);
                    a4 = TMachine.MultiplyAdd(TMachine.Broadcast(p4, k), w0, a4);
                    a5 = TMachine.MultiplyAdd(TMachine.Broadcast(p5, k), w0, a5);
                    a6 = TMachine.MultiplyAdd(TMachine.Broadcast(p6, k), w0, a6);
                    a7 = TMachine.MultiplyAdd(TMachine.Broadcast(p7, k), w0, a7);
                    a8 = TMachine.MultiplyAdd(TMachine.Broadcast(p8, k), w0, a8);
                    a9 = TMachine.MultiplyAdd(TMachine.Broadcast(p9, k), w0, a9);
                    a10 = TMachine.MultiplyAdd(TMachine.Broadcast(p10, k), w0, a10);
                    a11 = TMachine.MultiplyAdd(TMachine.Broadcast(p11, k), w0, a11);
                }

                TMachine.Store(sums, 0, a0);
                sums = TMachine.Slice(sums, g.PanelWidth);
                TMachine.Store(sums, 0, a1);
                sums = TMachine.Slice(sums, g.PanelWidth);
                TMachine.Store(sums, 0, a2);
                sums = TMachine.Slice(sums, g.PanelWidth);
                TMachine.Store(sums, 0, a3);
                sums = TMachine.Slice(sums, g.PanelWidth);
                TMachine.Store(sums, 0, a4);
                sums = TMachine.Slice(sums, g.PanelWidth);
                TMachine.Store(sums, 0, a5);
                sums = TMachine.Slice(sums, g.PanelWidth);
                TMachine.Store(sums, 0, a6);
                sums = TMachine.Slice(sums, g.PanelWidth);
                TMachine.Store(sums, 0, a7);
                sums = TMachine.Slice(sums, g.PanelWidth);
                TMachine.Store(sums, 0, a8);
                sums = TMachine.Slice(sums, g.PanelWidth);
                TMachine.Store(sums, 0, a9);
                sums = TMachine.Slice(sums, g.PanelWidth);
                TMachine.Store(sums, 0, a10);
                sums = TMachine.Slice(sums, g.PanelWidth);
                TMachine.Store(sums, 0, a11);
                sums = TMachine.Slice(sums, g.PanelWidth);
                data = TMachine.Slice(p11, depth);
            }

            weights = TMachine.Slice(weights, depth * g.PanelWidth);
        }
    }

    // The transforms wait for memory and the products do not: while they run, what the output of a tile goes to and the input of the next strip are brought nearer.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void Prefetch(int tile, int panel)
    {
        const int line = 16;
        ref readonly var g = ref Geometry;
        var row = tile / g.TilesX;
        var x = (tile - row * g.TilesX) * WinogradTransform.Outputs;
        var n = row / g.TilesY;
        var y = (row - n * g.TilesY) * WinogradTransform.Outputs;
        var target = TMachine.Slice(Output, ((n * g.OutputHeight + y) * g.OutputWidth + x) * g.OutputChannels + panel * g.PanelWidth);
        for (var i = 0; i < WinogradTransform.Outputs; i++)
        {
            for (var j = 0; j < WinogradTransform.Outputs; j++)
            {
                for (var c = 0; c < g.PanelWidth; c += line) TMachine.Prefetch(target, j * g.OutputChannels + c);
            }

            target = TMachine.Slice(target, g.OutputWidth * g.OutputChannels);
        }

        if (panel == 0) WinogradInput.Prefetch<TMachine, TVector>(Input, in g, tile + g.TilesPerStrip, 0, g.InputChannels);
    }
}
