using System.Runtime.CompilerServices;

namespace Gpu.Kernels.Convolution;

internal partial struct WinogradConv2d<TBackend, TVector, TActivation>
{
    /// <summary>36 products of [tiles, input channels] and [input channels, two vectors]. Six tiles at a time; rows behind the last tile are computed, and not read.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void ProductsOfTwo(TBackend scratch, TBackend weights, int first, int panel)
    {
        ref readonly var g = ref Geometry;
        var depth = g.InputChannels;
        var tiles = Math.Min(g.TilesPerStrip, g.Tiles - first);
        for (var product = 0; product < WinogradTransform.Products; product++)
        {
            if (!TBackend.IsGpu && product < 3 * tiles && product % 3 == 0) Prefetch(first + product / 3, panel);
            var data = TBackend.Slice(scratch, product * g.DataStride);
            var sums = TBackend.Slice(scratch, g.SumOffset + product * g.SumStride);
            for (var tile = 0; tile < tiles; tile += 6)
            {
                TVector a0 = TBackend.Zero, b0 = TBackend.Zero, a1 = TBackend.Zero, b1 = TBackend.Zero, a2 = TBackend.Zero, b2 = TBackend.Zero, a3 = TBackend.Zero, b3 = TBackend.Zero, a4 = TBackend.Zero, b4 = TBackend.Zero, a5 = TBackend.Zero, b5 = TBackend.Zero;
                var p0 = data;
                var p1 = TBackend.Slice(p0, depth);
                var p2 = TBackend.Slice(p1, depth);
                var p3 = TBackend.Slice(p2, depth);
                var p4 = TBackend.Slice(p3, depth);
                var p5 = TBackend.Slice(p4, depth);
                var w = weights;
                for (var k = 0; k < depth; k++)
                {
                    var w0 = TBackend.Load(w, 0);
                    var w1 = TBackend.Load(w, TBackend.Width);
                    w = TBackend.Slice(w, g.PanelWidth);
                    var v0 = TBackend.Broadcast(p0, k);
                    a0 = TBackend.MultiplyAdd(v0, w0, a0);
                    b0 = TBackend.MultiplyAdd(v0, w1, b0);
                    var v1 = TBackend.Broadcast(p1, k);
                    a1 = TBackend.MultiplyAdd(v1, w0, a1);
                    b1 = TBackend.MultiplyAdd(v1, w1, b1);
                    var v2 = TBackend.Broadcast(p2, k);
                    a2 = TBackend.MultiplyAdd(v2, w0, a2);
                    b2 = TBackend.MultiplyAdd(v2, w1, b2);
                    var v3 = TBackend.Broadcast(p3, k);
                    a3 = TBackend.MultiplyAdd(v3, w0, a3);
                    b3 = TBackend.MultiplyAdd(v3, w1, b3);
                    var v4 = TBackend.Broadcast(p4, k);
                    a4 = TBackend.MultiplyAdd(v4, w0, a4);
                    b4 = TBackend.MultiplyAdd(v4, w1, b4);
                    var v5 = TBackend.Broadcast(p5, k);
                    a5 = TBackend.MultiplyAdd(v5, w0, a5);
                    b5 = TBackend.MultiplyAdd(v5, w1, b5);
                }

                TBackend.Store(sums, 0, a0);
                TBackend.Store(sums, TBackend.Width, b0);
                sums = TBackend.Slice(sums, g.PanelWidth);
                TBackend.Store(sums, 0, a1);
                TBackend.Store(sums, TBackend.Width, b1);
                sums = TBackend.Slice(sums, g.PanelWidth);
                TBackend.Store(sums, 0, a2);
                TBackend.Store(sums, TBackend.Width, b2);
                sums = TBackend.Slice(sums, g.PanelWidth);
                TBackend.Store(sums, 0, a3);
                TBackend.Store(sums, TBackend.Width, b3);
                sums = TBackend.Slice(sums, g.PanelWidth);
                TBackend.Store(sums, 0, a4);
                TBackend.Store(sums, TBackend.Width, b4);
                sums = TBackend.Slice(sums, g.PanelWidth);
                TBackend.Store(sums, 0, a5);
                TBackend.Store(sums, TBackend.Width, b5);
                sums = TBackend.Slice(sums, g.PanelWidth);
                data = TBackend.Slice(p5, depth);
            }

            weights = TBackend.Slice(weights, depth * g.PanelWidth);
        }
    }

    /// <summary>The same for one vector, twelve tiles at a time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void ProductsOfOne(TBackend scratch, TBackend weights, int first, int panel)
    {
        ref readonly var g = ref Geometry;
        var depth = g.InputChannels;
        var tiles = Math.Min(g.TilesPerStrip, g.Tiles - first);
        for (var product = 0; product < WinogradTransform.Products; product++)
        {
            if (!TBackend.IsGpu && product < 3 * tiles && product % 3 == 0) Prefetch(first + product / 3, panel);
            var data = TBackend.Slice(scratch, product * g.DataStride);
            var sums = TBackend.Slice(scratch, g.SumOffset + product * g.SumStride);
            for (var tile = 0; tile < tiles; tile += 12)
            {
                TVector a0 = TBackend.Zero, a1 = TBackend.Zero, a2 = TBackend.Zero, a3 = TBackend.Zero, a4 = TBackend.Zero, a5 = TBackend.Zero, a6 = TBackend.Zero, a7 = TBackend.Zero, a8 = TBackend.Zero, a9 = TBackend.Zero, a10 = TBackend.Zero, a11 = TBackend.Zero;
                var p0 = data;
                var p1 = TBackend.Slice(p0, depth);
                var p2 = TBackend.Slice(p1, depth);
                var p3 = TBackend.Slice(p2, depth);
                var p4 = TBackend.Slice(p3, depth);
                var p5 = TBackend.Slice(p4, depth);
                var p6 = TBackend.Slice(p5, depth);
                var p7 = TBackend.Slice(p6, depth);
                var p8 = TBackend.Slice(p7, depth);
                var p9 = TBackend.Slice(p8, depth);
                var p10 = TBackend.Slice(p9, depth);
                var p11 = TBackend.Slice(p10, depth);
                var w = weights;
                for (var k = 0; k < depth; k++)
                {
                    var w0 = TBackend.Load(w, 0);
                    w = TBackend.Slice(w, g.PanelWidth);
                    a0 = TBackend.MultiplyAdd(TBackend.Broadcast(p0, k), w0, a0);
                    a1 = TBackend.MultiplyAdd(TBackend.Broadcast(p1, k), w0, a1);
                    a2 = TBackend.MultiplyAdd(TBackend.Broadcast(p2, k), w0, a2);
                    a3 = TBackend.MultiplyAdd(TBackend.Broadcast(p3, k), w0, a3);
                    a4 = TBackend.MultiplyAdd(TBackend.Broadcast(p4, k), w0, a4);
                    a5 = TBackend.MultiplyAdd(TBackend.Broadcast(p5, k), w0, a5);
                    a6 = TBackend.MultiplyAdd(TBackend.Broadcast(p6, k), w0, a6);
                    a7 = TBackend.MultiplyAdd(TBackend.Broadcast(p7, k), w0, a7);
                    a8 = TBackend.MultiplyAdd(TBackend.Broadcast(p8, k), w0, a8);
                    a9 = TBackend.MultiplyAdd(TBackend.Broadcast(p9, k), w0, a9);
                    a10 = TBackend.MultiplyAdd(TBackend.Broadcast(p10, k), w0, a10);
                    a11 = TBackend.MultiplyAdd(TBackend.Broadcast(p11, k), w0, a11);
                }

                TBackend.Store(sums, 0, a0);
                sums = TBackend.Slice(sums, g.PanelWidth);
                TBackend.Store(sums, 0, a1);
                sums = TBackend.Slice(sums, g.PanelWidth);
                TBackend.Store(sums, 0, a2);
                sums = TBackend.Slice(sums, g.PanelWidth);
                TBackend.Store(sums, 0, a3);
                sums = TBackend.Slice(sums, g.PanelWidth);
                TBackend.Store(sums, 0, a4);
                sums = TBackend.Slice(sums, g.PanelWidth);
                TBackend.Store(sums, 0, a5);
                sums = TBackend.Slice(sums, g.PanelWidth);
                TBackend.Store(sums, 0, a6);
                sums = TBackend.Slice(sums, g.PanelWidth);
                TBackend.Store(sums, 0, a7);
                sums = TBackend.Slice(sums, g.PanelWidth);
                TBackend.Store(sums, 0, a8);
                sums = TBackend.Slice(sums, g.PanelWidth);
                TBackend.Store(sums, 0, a9);
                sums = TBackend.Slice(sums, g.PanelWidth);
                TBackend.Store(sums, 0, a10);
                sums = TBackend.Slice(sums, g.PanelWidth);
                TBackend.Store(sums, 0, a11);
                sums = TBackend.Slice(sums, g.PanelWidth);
                data = TBackend.Slice(p11, depth);
            }

            weights = TBackend.Slice(weights, depth * g.PanelWidth);
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
        var target = TBackend.Slice(Output, ((n * g.OutputHeight + y) * g.OutputWidth + x) * g.OutputChannels + panel * g.PanelWidth);
        for (var i = 0; i < WinogradTransform.Outputs; i++)
        {
            for (var j = 0; j < WinogradTransform.Outputs; j++)
            {
                for (var c = 0; c < g.PanelWidth; c += line) TBackend.Prefetch(target, j * g.OutputChannels + c);
            }

            target = TBackend.Slice(target, g.OutputWidth * g.OutputChannels);
        }

        if (panel == 0) WinogradInput.Prefetch<TBackend, TVector>(Input, in g, tile + g.TilesPerStrip, 0, g.InputChannels);
    }
}
