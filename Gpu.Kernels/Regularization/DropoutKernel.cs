using System.Runtime.CompilerServices;
using Gpu.Kernels.Activations;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Regularization;

/// <summary>
/// Output = input * scale where an element is kept, else 0. Forward and backward are the same operation with the same mask, which is computed from the
/// element's number: element e is in block e / 64; the Philox counter is block * 16 + e % 16, and word (e % 64) / 16 of its four is the element's. So a
/// vector of counters gives four vectors of elements on every machine, and all machines draw the same mask. An item is one vector of counters.
/// </summary>
internal struct DropoutKernel<TBackend, TVector, TActivation> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
    where TActivation : struct, IActivation
{
    /// <summary>Counters of a block.</summary>
    public const int Counters = 16;

    /// <summary>Elements of a block: a counter gives four.</summary>
    public const int Block = 4 * Counters;

    /// <summary>Elements, and <see cref="StepStateLayout"/>.</summary>
    public TBackend Input, State;

    /// <summary>What is written. It may lie where the input does.</summary>
    public GradientWriter<TBackend, TVector, TActivation> Output;

    /// <summary>How many elements.</summary>
    public int Count;

    /// <summary>The key of the generator: the layer's seed, low word and high word.</summary>
    public uint Seed0, Seed1;

    /// <summary>Elements with a uniform number below this are dropped.</summary>
    public float Probability;

    /// <summary>What the kept ones are multiplied by.</summary>
    public float Scale;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        var itemsABlock = Counters / TBackend.Width;
        var block = item / itemsABlock;
        var counter = item * TBackend.Width;
        var i = block * Block + (counter - block * Counters);
        TBackend.Uniform(
            Seed0, Seed1, (uint)TBackend.LoadInt(State, StepStateLayout.Draw), (uint)counter, out var word0, out var word1, out var word2, out var word3);
        if (Count - i >= 3 * Counters + TBackend.Width)
        {
            Mask<WholeVector>(i, TBackend.Width, word0);
            Mask<WholeVector>(i + Counters, TBackend.Width, word1);
            Mask<WholeVector>(i + 2 * Counters, TBackend.Width, word2);
            Mask<WholeVector>(i + 3 * Counters, TBackend.Width, word3);
        }
        else
        {
            MaskRest(i, word0);
            MaskRest(i + Counters, word1);
            MaskRest(i + 2 * Counters, word2);
            MaskRest(i + 3 * Counters, word3);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void MaskRest(int index, TVector uniform)
    {
        var left = Math.Min(Count - index, TBackend.Width);
        if (left > 0) Mask<PartialVector>(index, left, uniform);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Mask<TAccess>(int index, int count, TVector uniform)
        where TAccess : struct, IVectorAccess
    {
        var kept = TBackend.Multiply(TAccess.Load<TBackend, TVector>(Input, index, count), TBackend.Splat(Scale));
        Output.Write<TAccess>(index, count, TBackend.SelectGreater(TBackend.Splat(Probability), uniform, TBackend.Zero, kept));
    }
}
