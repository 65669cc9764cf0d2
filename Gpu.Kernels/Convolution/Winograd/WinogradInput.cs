using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;

namespace Gpu.Kernels.Convolution;

/// <summary>The input transform, with which every pass begins.</summary>
internal static class WinogradInput
{
    /// <summary>Transforms tiles of six by six pixels, four pixels apart, into 36 matrices [tiles, channels].</summary>
    /// <param name="input">[n, h, w, c]</param>
    /// <param name="zeros">zeros, six pixels of the input</param>
    /// <param name="target">the matrices</param>
    /// <param name="rows">36 vectors of scratch memory</param>
    /// <param name="g">sizes</param>
    /// <param name="stride">words from one matrix to the next</param>
    /// <param name="first">the first tile</param>
    /// <param name="tiles">number of tiles</param>
    /// <param name="channel">the first channel</param>
    /// <param name="channels">number of channels, a multiple of the vector width</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Transform<TBackend, TVector>(
        TBackend input, TBackend zeros, TBackend target, TBackend rows, in WinogradGeometry g, int stride, int first, int tiles, int channel, int channels)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
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
            var p0 = RowOrZeros<TBackend, TVector>(input, zeros, source, y, g.InputHeight);
            var p1 = RowOrZeros<TBackend, TVector>(input, zeros, source + step, y + 1, g.InputHeight);
            var p2 = RowOrZeros<TBackend, TVector>(input, zeros, source + 2 * step, y + 2, g.InputHeight);
            var p3 = RowOrZeros<TBackend, TVector>(input, zeros, source + 3 * step, y + 3, g.InputHeight);
            var p4 = RowOrZeros<TBackend, TVector>(input, zeros, source + 4 * step, y + 4, g.InputHeight);
            var p5 = RowOrZeros<TBackend, TVector>(input, zeros, source + 5 * step, y + 5, g.InputHeight);
            for (var c = 0; c < channels; c += TBackend.Width)
            {
                var at = c;
                for (var j = 0; j < WinogradTransform.Points; j++)
                {
                    TVector v0 = TBackend.Zero, v1 = TBackend.Zero, v2 = TBackend.Zero, v3 = TBackend.Zero, v4 = TBackend.Zero, v5 = TBackend.Zero;
                    if ((uint)(x + j) < (uint)g.InputWidth)
                    {
                        WinogradTransform.Input<TBackend, TVector>(
                            TBackend.Load(p0, at), TBackend.Load(p1, at), TBackend.Load(p2, at),
                            TBackend.Load(p3, at), TBackend.Load(p4, at), TBackend.Load(p5, at),
                            out v0, out v1, out v2, out v3, out v4, out v5);
                    }

                    at += g.InputChannels;
                    var line = TBackend.Slice(rows, j * TBackend.Width);
                    TBackend.Store(line, 0, v0);
                    TBackend.Store(line, 6 * TBackend.Width, v1);
                    TBackend.Store(line, 12 * TBackend.Width, v2);
                    TBackend.Store(line, 18 * TBackend.Width, v3);
                    TBackend.Store(line, 24 * TBackend.Width, v4);
                    TBackend.Store(line, 30 * TBackend.Width, v5);
                }

                var data = TBackend.Slice(target, tile * channels + c);
                for (var i = 0; i < WinogradTransform.Points; i++)
                {
                    var line = TBackend.Slice(rows, i * 6 * TBackend.Width);
                    WinogradTransform.Input<TBackend, TVector>(
                        TBackend.Load(line, 0), TBackend.Load(line, TBackend.Width), TBackend.Load(line, 2 * TBackend.Width),
                        TBackend.Load(line, 3 * TBackend.Width), TBackend.Load(line, 4 * TBackend.Width), TBackend.Load(line, 5 * TBackend.Width),
                        out var v0, out var v1, out var v2, out var v3, out var v4, out var v5);
                    TBackend.Store(data, 0, v0);
                    TBackend.Store(data, stride, v1);
                    TBackend.Store(data, 2 * stride, v2);
                    TBackend.Store(data, 3 * stride, v3);
                    TBackend.Store(data, 4 * stride, v4);
                    TBackend.Store(data, 5 * stride, v5);
                    data = TBackend.Slice(data, 6 * stride);
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

    /// <summary>Prefetches the four by four pixels that a tile does not share with the tiles before it. The tile may lie behind the last one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Prefetch<TBackend, TVector>(TBackend input, in WinogradGeometry g, int tile, int channel, int channels)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
    {
        const int line = 16;
        var row = tile / g.TilesX;
        var x = (tile - row * g.TilesX) * WinogradTransform.Outputs;
        var n = row / g.TilesY;
        var y = (row - n * g.TilesY) * WinogradTransform.Outputs;
        var source = TBackend.Slice(input, ((n * g.InputHeight + y) * g.InputWidth + x) * g.InputChannels + channel);
        for (var i = 0; i < WinogradTransform.Outputs; i++)
        {
            for (var j = 0; j < WinogradTransform.Outputs; j++)
            {
                for (var c = 0; c < channels; c += line) TBackend.Prefetch(source, j * g.InputChannels + c);
            }

            source = TBackend.Slice(source, g.InputWidth * g.InputChannels);
        }
    }

    // A row of pixels, or zeros above and below the input. The unsigned comparison covers both.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TBackend RowOrZeros<TBackend, TVector>(TBackend input, TBackend zeros, int source, int y, int height)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged => TBackend.Choose((uint)y < (uint)height, TBackend.Slice(input, source), zeros);
}
