using System.Runtime.CompilerServices;
using Gpu.Kernels.Activations;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Regularization;

/// <summary>
/// Dropout of whole channels or whole samples: all elements of a channel, or of a sample, share one random number, the first word of Philox for the counter
/// (sample * channels + channel, or sample; draw, 0, 0). An item is one vector of channels of some pixels.
/// </summary>
internal struct SharedDropoutKernel<TBackend, TVector, TActivation> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
    where TActivation : struct, IActivation
{
    /// <summary>The elements [samples, pixels, channels], and <see cref="StepStateLayout"/>.</summary>
    public TBackend Input, State;

    /// <summary>Receives the result. It may overwrite Input.</summary>
    public GradientWriter<TBackend, TVector, TActivation> Output;

    /// <summary>Sizes of a sample.</summary>
    public int Pixels, Channels;

    /// <summary>Vectors of channels, pixels per item, and items per vector and sample; the last item may have fewer pixels.</summary>
    public int Vectors, PixelsPerPart, PartsPerSample;

    /// <summary>Division by <see cref="Vectors"/> and <see cref="PartsPerSample"/>.</summary>
    public FastDivMod ByVectors, ByParts;

    /// <summary>Whether whole samples are dropped instead of channels.</summary>
    public Flag DropsSamples;

    /// <summary>The key of Philox: low and high word of the layer's seed.</summary>
    public uint Seed0, Seed1;

    /// <summary>A channel or sample is dropped if its uniform number is below this.</summary>
    public float Probability;

    /// <summary>Factor of the kept elements.</summary>
    public float Scale;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        var rest = ByVectors.Divide(item);
        var channel = (item - rest * Vectors) * TBackend.Width;
        var sample = ByParts.Divide(rest);
        var first = (rest - sample * PartsPerSample) * PixelsPerPart;
        var last = Math.Min(first + PixelsPerPart, Pixels);
        var draw = (uint)TBackend.LoadInt(State, StepStateLayout.Draw);
        TVector uniform;
        if (DropsSamples)
        {
            uint word0 = (uint)sample, word1 = draw, word2 = 0, word3 = 0;
            Philox.Generate(Seed0, Seed1, ref word0, ref word1, ref word2, ref word3);
            uniform = TBackend.Splat(Philox.ToUniform(word0));
        }
        else TBackend.Uniform(Seed0, Seed1, draw, (uint)(sample * Channels + channel), out uniform, out _, out _, out _);

        var factor = TBackend.SelectGreater(TBackend.Splat(Probability), uniform, TBackend.Zero, TBackend.Splat(Scale));
        var left = Channels - channel;
        for (var pixel = first; pixel < last; pixel++)
        {
            var i = (sample * Pixels + pixel) * Channels + channel;
            if (left >= TBackend.Width) Mask<WholeVector>(i, TBackend.Width, factor);
            else Mask<PartialVector>(i, left, factor);
        }
    }

    // Selects, so that infinite and NaN elements are dropped, too.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Mask<TAccess>(int index, int count, TVector factor)
        where TAccess : struct, IVectorAccess
    {
        var kept = TBackend.Multiply(TAccess.Load<TBackend, TVector>(Input, index, count), factor);
        Output.Write<TAccess>(index, count, TBackend.SelectGreater(factor, TBackend.Zero, kept, TBackend.Zero));
    }
}
