using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Peaks;

/// <summary>
/// Peak multiply-add throughput: only registers, and enough independent chains to hide the latency. Each of <see cref="Chains"/> chains starts from 1, 2, 3...
/// and repeats x = x * Factor + Addend <see cref="Rounds"/> times. An item writes the sum of its chains.
/// </summary>
internal struct MultiplyAddPeak<TBackend, TVector> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>Independent chains: more than latency times throughput of current processors, and few enough for 16 registers.</summary>
    public const int Chains = 12;

    /// <summary>The sums, one vector per item.</summary>
    public TBackend Output;

    /// <summary>Multiply-adds per chain.</summary>
    public int Rounds;

    /// <summary>The constants of a multiply-add.</summary>
    public float Factor, Addend;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        var factor = TBackend.Splat(Factor);
        var addend = TBackend.Splat(Addend);
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
            a = TBackend.MultiplyAdd(a, factor, addend);
            b = TBackend.MultiplyAdd(b, factor, addend);
            c = TBackend.MultiplyAdd(c, factor, addend);
            d = TBackend.MultiplyAdd(d, factor, addend);
            e = TBackend.MultiplyAdd(e, factor, addend);
            f = TBackend.MultiplyAdd(f, factor, addend);
            g = TBackend.MultiplyAdd(g, factor, addend);
            h = TBackend.MultiplyAdd(h, factor, addend);
            i = TBackend.MultiplyAdd(i, factor, addend);
            j = TBackend.MultiplyAdd(j, factor, addend);
            k = TBackend.MultiplyAdd(k, factor, addend);
            l = TBackend.MultiplyAdd(l, factor, addend);
        }

        var abcd = TBackend.Add(TBackend.Add(a, b), TBackend.Add(c, d));
        var efgh = TBackend.Add(TBackend.Add(e, f), TBackend.Add(g, h));
        var ijkl = TBackend.Add(TBackend.Add(i, j), TBackend.Add(k, l));
        TBackend.Store(Output, item * TBackend.Width, TBackend.Add(TBackend.Add(abcd, efgh), ijkl));
    }
}
