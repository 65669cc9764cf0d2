using System.Runtime.CompilerServices;
using Gpu.Kernels.Activations;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Regularization;

/// <summary>
/// Output = Input * Scale if an element is kept, otherwise 0. Forward and backward are the same operation with the same mask, which is a function of the index
/// of an element. Element e is in block e / 64; its Philox counter is block * 16 + e % 16, and its random word is word (e % 64) / 16 of the four. A vector of
/// counters then gives four vectors of elements for every vector width up to 16, and all devices use the same mask. An item is one vector of counters.
/// </summary>
internal struct DropoutKernel<TBackend, TVector, TActivation> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
    where TActivation : struct, IActivation
{
    /// <summary>Counters per block.</summary>
    public const int Counters = 16;

    /// <summary>Elements per block: four per counter.</summary>
    public const int Block = 4 * Counters;

    /// <summary>The elements, and <see cref="StepStateLayout"/>.</summary>
    public TBackend Input, State;

    /// <summary>Receives the result. It may overwrite Input.</summary>
    public GradientWriter<TBackend, TVector, TActivation> Output;

    /// <summary>The number of elements.</summary>
    public int Count;

    /// <summary>The key of Philox: low and high word of the layer's seed.</summary>
    public uint Seed0, Seed1;

    /// <summary>An element is dropped if its uniform number is below this.</summary>
    public float Probability;

    /// <summary>Factor of the kept elements.</summary>
    public float Scale;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        var itemsPerBlock = Counters / TBackend.Width;
        var block = item / itemsPerBlock;
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
