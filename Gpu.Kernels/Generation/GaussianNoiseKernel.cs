using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Generation;

/// <summary>
/// Fills memory with normal numbers. Element e is in block e / 64; its counter is block * 16 + e % 16, and it is number (e % 64) / 16 of the four of that
/// counter, for every vector width up to 16. An item is one vector of counters.
/// </summary>
internal struct GaussianNoiseKernel<TBackend, TVector> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>Counters per block.</summary>
    public const int Counters = 16;

    /// <summary>Elements per block: four per counter.</summary>
    public const int Block = 4 * Counters;

    /// <summary>Receives the numbers; <see cref="StepStateLayout"/>.</summary>
    public TBackend Output, State;

    /// <summary>The number of elements.</summary>
    public int Count;

    /// <summary>The key of Philox: low and high word of the seed.</summary>
    public uint Seed0, Seed1;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        var itemsPerBlock = Counters / TBackend.Width;
        var block = item / itemsPerBlock;
        var counter = item * TBackend.Width;
        var i = block * Block + (counter - block * Counters);
        NormalNumbers<TBackend, TVector>.Draw(
            Seed0, Seed1, (uint)TBackend.LoadInt(State, StepStateLayout.Draw), (uint)counter, out var n0, out var n1, out var n2, out var n3);
        Store(i, n0);
        Store(i + Counters, n1);
        Store(i + 2 * Counters, n2);
        Store(i + 3 * Counters, n3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Store(int index, TVector value)
    {
        var left = Count - index;
        if (left >= TBackend.Width) TBackend.Store(Output, index, value);
        else if (left > 0) TBackend.StorePartial(Output, index, value, left);
    }
}
