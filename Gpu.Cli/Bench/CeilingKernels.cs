using System.Runtime.CompilerServices;
using Gpu.Kernels.Launching;
using Gpu.Kernels.Machines;

namespace Gpu.Cli.Bench;

/// <summary>
/// Multiply-adds on registers alone, as many at a time as hide their latency: nothing runs faster. Each of <see cref="Chains"/> chains
/// takes x to x * Factor + Summand, <see cref="Rounds"/> times, from 1, 2, 3...; an item writes the sum of its chains.
/// </summary>
public struct MultiplyAddPeak<TMachine, TVector> : IKernel
    where TMachine : struct, IMachine<TMachine, TVector>
    where TVector : unmanaged
{
    /// <summary>Independent chains: above latency times throughput of today's processors, and within 16 registers.</summary>
    public const int Chains = 12;

    /// <summary>A vector an item.</summary>
    public TMachine Output;

    /// <summary>Multiply-adds of a chain.</summary>
    public int Rounds;

    /// <summary>What a chain is multiplied by, and what is added.</summary>
    public float Factor, Summand;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        var factor = TMachine.Splat(Factor);
        var summand = TMachine.Splat(Summand);
        var a = TMachine.Splat(1f);
        var b = TMachine.Splat(2f);
        var c = TMachine.Splat(3f);
        var d = TMachine.Splat(4f);
        var e = TMachine.Splat(5f);
        var f = TMachine.Splat(6f);
        var g = TMachine.Splat(7f);
        var h = TMachine.Splat(8f);
        var i = TMachine.Splat(9f);
        var j = TMachine.Splat(10f);
        var k = TMachine.Splat(11f);
        var l = TMachine.Splat(12f);
        for (var round = 0; round < Rounds; round++)
        {
            a = TMachine.MultiplyAdd(a, factor, summand);
            b = TMachine.MultiplyAdd(b, factor, summand);
            c = TMachine.MultiplyAdd(c, factor, summand);
            d = TMachine.MultiplyAdd(d, factor, summand);
            e = TMachine.MultiplyAdd(e, factor, summand);
            f = TMachine.MultiplyAdd(f, factor, summand);
            g = TMachine.MultiplyAdd(g, factor, summand);
            h = TMachine.MultiplyAdd(h, factor, summand);
            i = TMachine.MultiplyAdd(i, factor, summand);
            j = TMachine.MultiplyAdd(j, factor, summand);
            k = TMachine.MultiplyAdd(k, factor, summand);
            l = TMachine.MultiplyAdd(l, factor, summand);
        }

        var abcd = TMachine.Add(TMachine.Add(a, b), TMachine.Add(c, d));
        var efgh = TMachine.Add(TMachine.Add(e, f), TMachine.Add(g, h));
        var ijkl = TMachine.Add(TMachine.Add(i, j), TMachine.Add(k, l));
        TMachine.Store(Output, item * TMachine.Width, TMachine.Add(TMachine.Add(abcd, efgh), ijkl));
    }
}

/// <summary>Copies words; an item copies <see cref="WordsOfItem"/> of them, which must be a multiple of four vectors or one vector.</summary>
public struct CopyWords<TMachine, TVector> : IKernel
    where TMachine : struct, IMachine<TMachine, TVector>
    where TVector : unmanaged
{
    /// <summary>Words.</summary>
    public TMachine Input, Output;

    /// <summary>Words an item copies.</summary>
    public int WordsOfItem;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        var from = item * WordsOfItem;
        var to = from + WordsOfItem;
        var at = from;
        for (; at + 4 * TMachine.Width <= to; at += 4 * TMachine.Width)
        {
            var a = TMachine.Load(Input, at);
            var b = TMachine.Load(Input, at + TMachine.Width);
            var c = TMachine.Load(Input, at + 2 * TMachine.Width);
            var d = TMachine.Load(Input, at + 3 * TMachine.Width);
            TMachine.Store(Output, at, a);
            TMachine.Store(Output, at + TMachine.Width, b);
            TMachine.Store(Output, at + 2 * TMachine.Width, c);
            TMachine.Store(Output, at + 3 * TMachine.Width, d);
        }

        for (; at < to; at += TMachine.Width) TMachine.Store(Output, at, TMachine.Load(Input, at));
    }
}
