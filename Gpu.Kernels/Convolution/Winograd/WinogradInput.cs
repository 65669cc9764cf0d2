using System.Runtime.CompilerServices;
using Gpu.Kernels.Machines;

namespace Gpu.Kernels.Convolution;

/// <summary>The transformation of a convolution's input, which all its passes begin with.</summary>
internal static class WinogradInput
{
    /// <summary>Tiles of six by six pixels, four apart, to 36 matrices [tiles, channels].</summary>
    /// <param name="input">[n, h, w, c]</param>
    /// <param name="zeros">six pixels of zeros</param>
    /// <param name="target">the matrices</param>
    /// <param name="rows">36 vectors of scratch memory</param>
    /// <param name="g">sizes</param>
    /// <param name="stride">words from matrix to matrix</param>
    /// <param name="first">the first tile</param>
    /// <param name="tiles">how many</param>
    /// <param name="channel">the first channel</param>
    /// <param name="channels">how many, whole vectors</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Transform<TMachine, TVector>(
        TMachine input, TMachine zeros, TMachine target, TMachine rows, in WinogradGeometry g, int stride, int first, int tiles, int channel, int channels)
        where TMachine : struct, IMachine<TMachine, TVector>
        where TVector : unmanaged
    {
        var row = first / g.TilesX;
        var column = first - row * g.TilesX;
        var n = row / g.TilesY;
        row -= n * g.TilesY;
        for (var tile = 0; tile < tiles; tile++)
        {
            var y = row * WinogradTransform.Outputs - g.PaddingTop;
            var x = column * WinogradTransform.Outputs - g.PaddingLeft;
            var source = ((n * g.InputHeight + y) * g.InputWidth + x) * g.InputChannels + channel;
            var step = g.InputWidth * g.InputChannels;
            var p0 = At<TMachine, TVector>(input, zeros, source, y, g.InputHeight);
            var p1 = At<TMachine, TVector>(input, zeros, source + step, y + 1, g.InputHeight);
            var p2 = At<TMachine, TVector>(input, zeros, source + 2 * step, y + 2, g.InputHeight);
            var p3 = At<TMachine, TVector>(input, zeros, source + 3 * step, y + 3, g.InputHeight);
            var p4 = At<TMachine, TVector>(input, zeros, source + 4 * step, y + 4, g.InputHeight);
            var p5 = At<TMachine, TVector>(input, zeros, source + 5 * step, y + 5, g.InputHeight);
            for (var c = 0; c < channels; c += TMachine.Width)
            {
                var at = c;
                for (var j = 0; j < WinogradTransform.Points; j++)
                {
                    TVector v0 = TMachine.Zero, v1 = TMachine.Zero, v2 = TMachine.Zero, v3 = TMachine.Zero, v4 = TMachine.Zero, v5 = TMachine.Zero;
                    if ((uint)(x + j) < (uint)g.InputWidth)
                    {
                        WinogradTransform.Data<TMachine, TVector>(
                            TMachine.Load(p0, at), TMachine.Load(p1, at), TMachine.Load(p2, at), TMachine.Load(p3, at), TMachine.Load(p4, at), TMachine.Load(p5, at),
                            out v0, out v1, out v2, out v3, out v4, out v5);
                    }

                    at += g.InputChannels;
                    var line = TMachine.Slice(rows, j * TMachine.Width);
                    TMachine.Store(line, 0, v0);
                    TMachine.Store(line, 6 * TMachine.Width, v1);
                    TMachine.Store(line, 12 * TMachine.Width, v2);
                    TMachine.Store(line, 18 * TMachine.Width, v3);
                    TMachine.Store(line, 24 * TMachine.Width, v4);
                    TMachine.Store(line, 30 * TMachine.Width, v5);
                }

                var data = TMachine.Slice(target, tile * channels + c);
                for (var i = 0; i < WinogradTransform.Points; i++)
                {
                    var line = TMachine.Slice(rows, i * 6 * TMachine.Width);
                    WinogradTransform.Data<TMachine, TVector>(
                        TMachine.Load(line, 0), TMachine.Load(line, TMachine.Width), TMachine.Load(line, 2 * TMachine.Width),
                        TMachine.Load(line, 3 * TMachine.Width), TMachine.Load(line, 4 * TMachine.Width), TMachine.Load(line, 5 * TMachine.Width),
                        out var v0, out var v1, out var v2, out var v3, out var v4, out var v5);
                    TMachine.Store(data, 0, v0);
                    TMachine.Store(data, stride, v1);
                    TMachine.Store(data, 2 * stride, v2);
                    TMachine.Store(data, 3 * stride, v3);
                    TMachine.Store(data, 4 * stride, v4);
                    TMachine.Store(data, 5 * stride, v5);
                    data = TMachine.Slice(data, 6 * stride);
                }
            }

            column++;
            if (column == g.TilesX)
            {
                column = 0;
                row++;
                if (row == g.TilesY)
                {
                    row = 0;
                    n++;
                }
            }
        }
    }

    /// <summary>Asks for the four by four pixels that a tile brings anew. The tile may lie behind the last one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Prefetch<TMachine, TVector>(TMachine input, in WinogradGeometry g, int tile, int channel, int channels)
        where TMachine : struct, IMachine<TMachine, TVector>
        where TVector : unmanaged
    {
        const int line = 16;
        var row = tile / g.TilesX;
        var x = (tile - row * g.TilesX) * WinogradTransform.Outputs;
        var n = row / g.TilesY;
        var y = (row - n * g.TilesY) * WinogradTransform.Outputs;
        var source = TMachine.Slice(input, ((n * g.InputHeight + y) * g.InputWidth + x) * g.InputChannels + channel);
        for (var i = 0; i < WinogradTransform.Outputs; i++)
        {
            for (var j = 0; j < WinogradTransform.Outputs; j++)
            {
                for (var c = 0; c < channels; c += line) TMachine.Prefetch(source, j * g.InputChannels + c);
            }

            source = TMachine.Slice(source, g.InputWidth * g.InputChannels);
        }
    }

    // A row of pixels, or zeros in the padding. Unsigned comparison covers both ends.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TMachine At<TMachine, TVector>(TMachine input, TMachine zeros, int source, int y, int height)
        where TMachine : struct, IMachine<TMachine, TVector>
        where TVector : unmanaged => TMachine.Choose((uint)y < (uint)height, TMachine.Slice(input, source), zeros);
}
