using System.Runtime.CompilerServices;

namespace Gpu.Kernels.Convolution;

internal partial struct DirectConv2d<TBackend, TVector, TActivation>
{
    /// <summary>Six pixels by one vector of channels; even and odd input channels have accumulators of their own, so that twelve chains run side by side.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void OneVector(in DirectConv2dRows rows, int column, TBackend weights, int channel, int channels)
    {
        ref readonly var g = ref Geometry;
        var bias = HasBias ? TBackend.LoadPartial(Bias, channel, channels) : TBackend.Zero;
        TVector a0 = bias, b0 = TBackend.Zero, a1 = bias, b1 = TBackend.Zero, a2 = bias, b2 = TBackend.Zero, a3 = bias, b3 = TBackend.Zero, a4 = bias, b4 = TBackend.Zero, a5 = bias, b5 = TBackend.Zero;
        var x = g.InputX + column * g.InputStepX;
        var from = 0;
        var runs = g.TapsX;
        var length = g.InputPerGroup;
        if (g.Merged)
        {
            from = Math.Max(0, -x);
            length *= Math.Min(g.TapsX, g.InputWidth - x) - from;
            runs = from + 1;
        }

        var rowStride = g.WeightRowStride;
        for (var tapY = 0; tapY < g.TapsY; tapY++)
        {
            var dy = tapY * g.TapStepY;
            for (var tapX = from; tapX < runs; tapX++)
            {
                // A tap beside the input adds nothing.
                if ((uint)(x + tapX * g.TapStepX) >= (uint)g.InputWidth) continue;
                var offset = (dy * g.InputWidth + column * g.InputStepX + tapX * g.TapStepX) * g.InputChannels;
                var w = TBackend.Slice(weights, (g.WeightTap + tapY * g.WeightTapY + tapX * g.WeightTapX) * g.InputPerGroup * rowStride);
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

                var k = 0;
                for (; k + 1 < length; k += 2)
                {
                    var w0 = TBackend.Load(w, 0);
                    var w1 = TBackend.Load(w, rowStride);
                    w = TBackend.Slice(w, 2 * rowStride);
                    a0 = TBackend.MultiplyAdd(TBackend.Broadcast(p0, k), w0, a0);
                    a1 = TBackend.MultiplyAdd(TBackend.Broadcast(p1, k), w0, a1);
                    a2 = TBackend.MultiplyAdd(TBackend.Broadcast(p2, k), w0, a2);
                    a3 = TBackend.MultiplyAdd(TBackend.Broadcast(p3, k), w0, a3);
                    a4 = TBackend.MultiplyAdd(TBackend.Broadcast(p4, k), w0, a4);
                    a5 = TBackend.MultiplyAdd(TBackend.Broadcast(p5, k), w0, a5);
                    b0 = TBackend.MultiplyAdd(TBackend.Broadcast(p0, k + 1), w1, b0);
                    b1 = TBackend.MultiplyAdd(TBackend.Broadcast(p1, k + 1), w1, b1);
                    b2 = TBackend.MultiplyAdd(TBackend.Broadcast(p2, k + 1), w1, b2);
                    b3 = TBackend.MultiplyAdd(TBackend.Broadcast(p3, k + 1), w1, b3);
                    b4 = TBackend.MultiplyAdd(TBackend.Broadcast(p4, k + 1), w1, b4);
                    b5 = TBackend.MultiplyAdd(TBackend.Broadcast(p5, k + 1), w1, b5);
                }

                if (k < length)
                {
                    var w0 = TBackend.Load(w, 0);
                    a0 = TBackend.MultiplyAdd(TBackend.Broadcast(p0, k), w0, a0);
                    a1 = TBackend.MultiplyAdd(TBackend.Broadcast(p1, k), w0, a1);
                    a2 = TBackend.MultiplyAdd(TBackend.Broadcast(p2, k), w0, a2);
                    a3 = TBackend.MultiplyAdd(TBackend.Broadcast(p3, k), w0, a3);
                    a4 = TBackend.MultiplyAdd(TBackend.Broadcast(p4, k), w0, a4);
                    a5 = TBackend.MultiplyAdd(TBackend.Broadcast(p5, k), w0, a5);
                }
            }
        }

        var target = column * g.OutputStepX * g.OutputChannels;
        Write(rows.Target0 + target, TBackend.Add(a0, b0), channels);
        if (rows.Count > 1) Write(rows.Target1 + target, TBackend.Add(a1, b1), channels);
        if (rows.Count > 2) Write(rows.Target2 + target, TBackend.Add(a2, b2), channels);
        if (rows.Count > 3) Write(rows.Target3 + target, TBackend.Add(a3, b3), channels);
        if (rows.Count > 4) Write(rows.Target4 + target, TBackend.Add(a4, b4), channels);
        if (rows.Count > 5) Write(rows.Target5 + target, TBackend.Add(a5, b5), channels);
    }
}
