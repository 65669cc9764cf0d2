using System.Runtime.CompilerServices;

namespace Gpu.Kernels.Convolution;

internal partial struct DirectConv2d<TBackend, TVector, TActivation>
{
    /// <summary>
    /// Six pixels of a column and the six to the right of them, by one vector of channels: what a tap of the one reads, the next tap but one of the other
    /// reads too, so that a value that was loaded serves two multiply-adds. For taps side by side (<see cref="ConvGeometry.Shared"/>).
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void TwoColumns(in DirectConv2dRows rows, int column, TBackend weights, int channel, int channels)
    {
        ref readonly var g = ref Geometry;
        var bias = HasBias ? TBackend.LoadPartial(Bias, channel, channels) : TBackend.Zero;
        TVector a0 = bias, b0 = bias, a1 = bias, b1 = bias, a2 = bias, b2 = bias, a3 = bias, b3 = bias, a4 = bias, b4 = bias, a5 = bias, b5 = bias;
        var x = g.InputX + column;
        var perTap = g.InputPerGroup;
        var rowStride = g.WeightRowStride;
        var tapStride = perTap * rowStride;
        // The input's columns from x on, as many as there are taps and one more, each with the left tile's tap of that number and the right tile's of the number
        // before. The first is the left tile's alone, the last is the right tile's alone; those between are both's.
        var hasFirst = (uint)x < (uint)g.InputWidth;
        var hasLast = (uint)(x + g.TapsX) < (uint)g.InputWidth;
        var from = Math.Max(1, -x);
        var to = Math.Min(g.TapsX, g.InputWidth - x);
        var end = g.TapsX * perTap;
        for (var tapY = 0; tapY < g.TapsY; tapY++)
        {
            var dy = tapY * g.TapStepY;
            var offset = (dy * g.InputWidth + column) * perTap;
            var w = TBackend.Slice(weights, (g.WeightTap + tapY * g.WeightTapY) * tapStride);
            TBackend p0, p1, p2, p3, p4, p5;
            if (rows.Inside)
            {
                p0 = TBackend.Slice(Input, rows.Source0 + offset);
                p1 = TBackend.Slice(Input, rows.Source1 + offset);
                p2 = TBackend.Slice(Input, rows.Source2 + offset);
                p3 = TBackend.Slice(Input, rows.Source3 + offset);
                p4 = TBackend.Slice(Input, rows.Source4 + offset);
                p5 = TBackend.Slice(Input, rows.Source5 + offset);
            }
            else
            {
                p0 = At(rows.Source0 + offset, rows.Y0 + dy);
                p1 = At(rows.Source1 + offset, rows.Y1 + dy);
                p2 = At(rows.Source2 + offset, rows.Y2 + dy);
                p3 = At(rows.Source3 + offset, rows.Y3 + dy);
                p4 = At(rows.Source4 + offset, rows.Y4 + dy);
                p5 = At(rows.Source5 + offset, rows.Y5 + dy);
            }

            var u = TBackend.Slice(w, from * tapStride);
            var v = TBackend.Slice(u, -tapStride);
            for (var k = from * perTap; k < to * perTap; k++)
            {
                var w0 = TBackend.Load(u, 0);
                var w1 = TBackend.Load(v, 0);
                u = TBackend.Slice(u, rowStride);
                v = TBackend.Slice(v, rowStride);
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

            // In the padding of a side (one tile in a row) there is nothing to add; inside, both ends have a loop together, for twelve chains at once.
            u = w;
            v = TBackend.Slice(w, (g.TapsX - 1) * tapStride);
            if (hasFirst & hasLast)
            {
                for (var k = 0; k < perTap; k++)
                {
                    var w0 = TBackend.Load(u, 0);
                    var w1 = TBackend.Load(v, 0);
                    u = TBackend.Slice(u, rowStride);
                    v = TBackend.Slice(v, rowStride);
                    a0 = TBackend.MultiplyAdd(TBackend.Broadcast(p0, k), w0, a0);
                    a1 = TBackend.MultiplyAdd(TBackend.Broadcast(p1, k), w0, a1);
                    a2 = TBackend.MultiplyAdd(TBackend.Broadcast(p2, k), w0, a2);
                    a3 = TBackend.MultiplyAdd(TBackend.Broadcast(p3, k), w0, a3);
                    a4 = TBackend.MultiplyAdd(TBackend.Broadcast(p4, k), w0, a4);
                    a5 = TBackend.MultiplyAdd(TBackend.Broadcast(p5, k), w0, a5);
                    b0 = TBackend.MultiplyAdd(TBackend.Broadcast(p0, end + k), w1, b0);
                    b1 = TBackend.MultiplyAdd(TBackend.Broadcast(p1, end + k), w1, b1);
                    b2 = TBackend.MultiplyAdd(TBackend.Broadcast(p2, end + k), w1, b2);
                    b3 = TBackend.MultiplyAdd(TBackend.Broadcast(p3, end + k), w1, b3);
                    b4 = TBackend.MultiplyAdd(TBackend.Broadcast(p4, end + k), w1, b4);
                    b5 = TBackend.MultiplyAdd(TBackend.Broadcast(p5, end + k), w1, b5);
                }
            }
            else if (hasFirst)
            {
                for (var k = 0; k < perTap; k++)
                {
                    var w0 = TBackend.Load(u, 0);
                    u = TBackend.Slice(u, rowStride);
                    a0 = TBackend.MultiplyAdd(TBackend.Broadcast(p0, k), w0, a0);
                    a1 = TBackend.MultiplyAdd(TBackend.Broadcast(p1, k), w0, a1);
                    a2 = TBackend.MultiplyAdd(TBackend.Broadcast(p2, k), w0, a2);
                    a3 = TBackend.MultiplyAdd(TBackend.Broadcast(p3, k), w0, a3);
                    a4 = TBackend.MultiplyAdd(TBackend.Broadcast(p4, k), w0, a4);
                    a5 = TBackend.MultiplyAdd(TBackend.Broadcast(p5, k), w0, a5);
                }
            }
            else if (hasLast)
            {
                for (var k = 0; k < perTap; k++)
                {
                    var w1 = TBackend.Load(v, 0);
                    v = TBackend.Slice(v, rowStride);
                    b0 = TBackend.MultiplyAdd(TBackend.Broadcast(p0, end + k), w1, b0);
                    b1 = TBackend.MultiplyAdd(TBackend.Broadcast(p1, end + k), w1, b1);
                    b2 = TBackend.MultiplyAdd(TBackend.Broadcast(p2, end + k), w1, b2);
                    b3 = TBackend.MultiplyAdd(TBackend.Broadcast(p3, end + k), w1, b3);
                    b4 = TBackend.MultiplyAdd(TBackend.Broadcast(p4, end + k), w1, b4);
                    b5 = TBackend.MultiplyAdd(TBackend.Broadcast(p5, end + k), w1, b5);
                }
            }
        }

        var target = column * g.OutputStepX * g.OutputChannels;
        var right = target + g.OutputStepX * g.OutputChannels;
        Write(rows.Target0 + target, a0, channels);
        Write(rows.Target0 + right, b0, channels);
        if (rows.Count > 1)
        {
            Write(rows.Target1 + target, a1, channels);
            Write(rows.Target1 + right, b1, channels);
        }

        if (rows.Count > 2)
        {
            Write(rows.Target2 + target, a2, channels);
            Write(rows.Target2 + right, b2, channels);
        }

        if (rows.Count > 3)
        {
            Write(rows.Target3 + target, a3, channels);
            Write(rows.Target3 + right, b3, channels);
        }

        if (rows.Count > 4)
        {
            Write(rows.Target4 + target, a4, channels);
            Write(rows.Target4 + right, b4, channels);
        }

        if (rows.Count > 5)
        {
            Write(rows.Target5 + target, a5, channels);
            Write(rows.Target5 + right, b5, channels);
        }
    }
}
