using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Cli.Bench;

/// <summary>
/// Multiply-adds on registers alone, as many at a time as hide their latency: nothing runs faster. Each of <see cref="Chains"/> chains
/// takes x to x * Factor + Summand, <see cref="Rounds"/> times, from 1, 2, 3...; an item writes the sum of its chains.
/// </summary>
public struct MultiplyAddPeak<TBackend, TVector> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>Independent chains: above latency times throughput of today's processors, and within 16 registers.</summary>
    public const int Chains = 12;

    /// <summary>A vector an item.</summary>
    public TBackend Output;

    /// <summary>Multiply-adds of a chain.</summary>
    public int Rounds;

    /// <summary>What a chain is multiplied by, and what is added.</summary>
    public float Factor, Summand;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        var factor = TBackend.Splat(Factor);
        var summand = TBackend.Splat(Summand);
        var a = TBackend.Splat(1f);
        var b = TBackend.Splat(2f);
        var c = TBackend.Splat(3f);
        var d = TBackend.Splat(4f);
        var e = TBackend.Splat(5f);
        var f = TBackend.Splat(6f);
        var g = TBackend.Splat(7f);
        var h = TBackend.Splat(8f);
        var i = TBackend.Splat(9f);
        var j = TBackend.Splat(10f);
        var k = TBackend.Splat(11f);
        var l = TBackend.Splat(12f);
        for (var round = 0; round < Rounds; round++)
        {
            a = TBackend.MultiplyAdd(a, factor, summand);
            b = TBackend.MultiplyAdd(b, factor, summand);
            c = TBackend.MultiplyAdd(c, factor, summand);
            d = TBackend.MultiplyAdd(d, factor, summand);
            e = TBackend.MultiplyAdd(e, factor, summand);
            f = TBackend.MultiplyAdd(f, factor, summand);
            g = TBackend.MultiplyAdd(g, factor, summand);
            h = TBackend.MultiplyAdd(h, factor, summand);
            i = TBackend.MultiplyAdd(i, factor, summand);
            j = TBackend.MultiplyAdd(j, factor, summand);
            k = TBackend.MultiplyAdd(k, factor, summand);
            l = TBackend.MultiplyAdd(l, factor, summand);
        }

        var abcd = TBackend.Add(TBackend.Add(a, b), TBackend.Add(c, d));
        var efgh = TBackend.Add(TBackend.Add(e, f), TBackend.Add(g, h));
        var ijkl = TBackend.Add(TBackend.Add(i, j), TBackend.Add(k, l));
        TBackend.Store(Output, item * TBackend.Width, TBackend.Add(TBackend.Add(abcd, efgh), ijkl));
    }
}

/// <summary>Copies words; an item copies <see cref="WordsOfItem"/> of them, which must be a multiple of four vectors or one vector.</summary>
public struct CopyWords<TBackend, TVector> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>Words.</summary>
    public TBackend Input, Output;

    /// <summary>Words an item copies.</summary>
    public int WordsOfItem;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        var from = item * WordsOfItem;
        var to = from + WordsOfItem;
        var at = from;
        for (; at + 4 * TBackend.Width <= to; at += 4 * TBackend.Width)
        {
            var a = TBackend.Load(Input, at);
            var b = TBackend.Load(Input, at + TBackend.Width);
            var c = TBackend.Load(Input, at + 2 * TBackend.Width);
            var d = TBackend.Load(Input, at + 3 * TBackend.Width);
            TBackend.Store(Output, at, a);
            TBackend.Store(Output, at + TBackend.Width, b);
            TBackend.Store(Output, at + 2 * TBackend.Width, c);
            TBackend.Store(Output, at + 3 * TBackend.Width, d);
        }

        for (; at < to; at += TBackend.Width) TBackend.Store(Output, at, TBackend.Load(Input, at));
    }
}
