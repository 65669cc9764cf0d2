using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Peaks;

/// <summary>
/// Multiply-adds on registers alone, as many at a time as hide their latency: nothing runs faster. Each of <see cref="Chains"/> chains
/// takes x to x * Factor + Summand, <see cref="Rounds"/> times, from 1, 2, 3...; an item writes the sum of its chains.
/// </summary>
internal struct MultiplyAddPeak<TBackend, TVector> : IKernel
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
    public float Factor, Addend;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        var factor = TBackend.Splat(Factor);
        var summand = TBackend.Splat(Addend);
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
