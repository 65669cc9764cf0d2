using System.Runtime.CompilerServices;

namespace Gpu.Kernels.Convolution;

internal partial struct DirectConv2d<TBackend, TVector, TActivation>
{
    /// <summary>Six pixels by two vectors of channels: twelve accumulators, eight loads for twelve multiply-adds.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void TwoVectors(in DirectConv2dRows rows, int column, TBackend weights, int channel, int channels)
    {
        ref readonly var g = ref Geometry;
        TVector bias0 = TBackend.Zero, bias1 = TBackend.Zero;
        if (HasBias)
        {
            bias0 = TBackend.Load(Bias, channel);
            bias1 = TBackend.LoadPartial(Bias, channel + TBackend.Width, channels - TBackend.Width);
        }

        TVector a0 = bias0, b0 = bias1, a1 = bias0, b1 = bias1, a2 = bias0, b2 = bias1, a3 = bias0, b3 = bias1, a4 = bias0, b4 = bias1, a5 = bias0, b5 = bias1;
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

                for (var k = 0; k < length; k++)
                {
                    var w0 = TBackend.Load(w, 0);
                    var w1 = TBackend.Load(w, TBackend.Width);
                    w = TBackend.Slice(w, rowStride);
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
            }
        }

        var target = column * g.OutputStepX * g.OutputChannels;
        WritePair(rows.Target0 + target, a0, b0, channels);
        if (rows.Count > 1) WritePair(rows.Target1 + target, a1, b1, channels);
        if (rows.Count > 2) WritePair(rows.Target2 + target, a2, b2, channels);
        if (rows.Count > 3) WritePair(rows.Target3 + target, a3, b3, channels);
        if (rows.Count > 4) WritePair(rows.Target4 + target, a4, b4, channels);
        if (rows.Count > 5) WritePair(rows.Target5 + target, a5, b5, channels);
    }
}
