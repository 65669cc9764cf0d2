using System.Runtime.CompilerServices;
using Gpu.Kernels.Machines;

namespace Gpu.Kernels.Convolution;

public partial struct GatherConvolution<TMachine, TVector, TActivation>
{
    /// <summary>Six pixels by two vectors of channels: twelve accumulators, eight loads for twelve multiply-adds.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void TwoVectors(in GatherRows rows, int column, TMachine weights, int channel, int channels)
    {
        ref readonly var g = ref Geometry;
        TVector bias0 = TMachine.Zero, bias1 = TMachine.Zero;
        if (HasBias)
        {
            bias0 = TMachine.Load(Bias, channel);
            bias1 = TMachine.LoadPartial(Bias, channel + TMachine.Width, channels - TMachine.Width);
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
                var w = TMachine.Slice(weights, (g.WeightTap + tapY * g.WeightTapY + tapX * g.WeightTapX) * g.InputPerGroup * rowStride);
                TMachine p0, p1, p2, p3, p4, p5;
                if (rows.Inside)
                {
                    p0 = TMachine.Slice(Input, rows.Source0 + offset);
                    p1 = TMachine.Slice(Input, rows.Source1 + offset);
                    p2 = TMachine.Slice(Input, rows.Source2 + offset);
                    p3 = TMachine.Slice(Input, rows.Source3 + offset);
                    p4 = TMachine.Slice(Input, rows.Source4 + offset);
                    p5 = TMachine.Slice(Input, rows.Source5 + offset);
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
                    var w0 = TMachine.Load(w, 0);
                    var w1 = TMachine.Load(w, TMachine.Width);
                    w = TMachine.Slice(w, rowStride);
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
