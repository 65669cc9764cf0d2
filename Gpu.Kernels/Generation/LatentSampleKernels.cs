using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Generation;

/// <summary>
/// Draws z = mu + exp(v / 2) * noise for the means mu and the logarithms v of the variances of a sample, and computes the Kullback-Leibler divergence of that
/// normal distribution from the standard one: the sum of (mu^2 + exp(v) - 1 - v) / 2. Source: Kingma, Welling, "Auto-encoding variational Bayes", 2013.
/// An item is a sample. Its counters begin at item * 16 * blocks; within it the numbers are those of <see cref="GaussianNoiseKernel{TBackend, TVector}"/>.
/// </summary>
internal struct LatentSampleForward<TBackend, TVector> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>[batch, 2, latent]: means, then logarithms of variances; <see cref="StepStateLayout"/>; [batch, latent]; [batch].</summary>
    public TBackend Statistics, State, Output, Divergence;

    /// <summary>Values of a sample.</summary>
    public int Latent;

    /// <summary>False in evaluation: the output is the mean.</summary>
    public Flag HasNoise;

    /// <summary>The key of Philox: low and high word of the seed.</summary>
    public uint Seed0, Seed1;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        var blocks = (Latent + LatentSampleLayout.Block - 1) / LatentSampleLayout.Block;
        var stream = (uint)TBackend.LoadInt(State, StepStateLayout.Draw);
        var sum = TBackend.Zero;
        for (var i = 0; i < blocks * LatentSampleLayout.Counters; i += TBackend.Width)
        {
            var block = i / LatentSampleLayout.Counters;
            var first = block * LatentSampleLayout.Block + (i - block * LatentSampleLayout.Counters);
            NormalNumbers<TBackend, TVector>.Draw(
                Seed0, Seed1, stream, (uint)(item * blocks * LatentSampleLayout.Counters + i), out var n0, out var n1, out var n2, out var n3);
            sum = TBackend.Add(sum, Write(item, first, n0));
            sum = TBackend.Add(sum, Write(item, first + LatentSampleLayout.Counters, n1));
            sum = TBackend.Add(sum, Write(item, first + 2 * LatentSampleLayout.Counters, n2));
            sum = TBackend.Add(sum, Write(item, first + 3 * LatentSampleLayout.Counters, n3));
        }

        TBackend.StoreScalar(Divergence, item, 0.5f * TBackend.Sum(sum));
    }

    // Lanes past the end have mean 0 and variance 1, so that they add 0 to the divergence.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly TVector Write(int item, int index, TVector noise)
    {
        var left = Latent - index;
        if (left > TBackend.Width) left = TBackend.Width;
        if (left <= 0) return TBackend.Zero;
        var row = item * 2 * Latent + index;
        var mean = TBackend.LoadPartial(Statistics, row, left);
        var logarithm = TBackend.LoadPartial(Statistics, row + Latent, left);
        var deviation = VectorMath<TBackend, TVector>.Exp(TBackend.Multiply(TBackend.Splat(0.5f), logarithm));
        var drawn = HasNoise ? TBackend.MultiplyAdd(deviation, noise, mean) : mean;
        TBackend.StorePartial(Output, item * Latent + index, drawn, left);
        var excess = TBackend.Subtract(TBackend.MultiplyAdd(deviation, deviation, TBackend.Splat(-1f)), logarithm);
        return TBackend.MultiplyAdd(mean, mean, excess);
    }
}

/// <summary>
/// The gradient of <see cref="LatentSampleForward{TBackend, TVector}"/>, and that of Scale * divergence: for the mean dz + Scale * mu, for the logarithm of the
/// variance dz * noise * exp(v / 2) / 2 + Scale * (exp(v) - 1) / 2. The noise is drawn again instead of stored. An item is a sample.
/// </summary>
internal struct LatentSampleBackward<TBackend, TVector> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>[batch, 2, latent]; <see cref="StepStateLayout"/>; [batch, latent]; receives [batch, 2, latent].</summary>
    public TBackend Statistics, State, OutputGradient, Gradient;

    /// <summary>Values of a sample.</summary>
    public int Latent;

    /// <summary>Factor of the gradient of the divergence.</summary>
    public float Scale;

    /// <summary>The key of Philox: low and high word of the seed.</summary>
    public uint Seed0, Seed1;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        var blocks = (Latent + LatentSampleLayout.Block - 1) / LatentSampleLayout.Block;
        var stream = (uint)TBackend.LoadInt(State, StepStateLayout.Draw);
        for (var i = 0; i < blocks * LatentSampleLayout.Counters; i += TBackend.Width)
        {
            var block = i / LatentSampleLayout.Counters;
            var first = block * LatentSampleLayout.Block + (i - block * LatentSampleLayout.Counters);
            NormalNumbers<TBackend, TVector>.Draw(
                Seed0, Seed1, stream, (uint)(item * blocks * LatentSampleLayout.Counters + i), out var n0, out var n1, out var n2, out var n3);
            Write(item, first, n0);
            Write(item, first + LatentSampleLayout.Counters, n1);
            Write(item, first + 2 * LatentSampleLayout.Counters, n2);
            Write(item, first + 3 * LatentSampleLayout.Counters, n3);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Write(int item, int index, TVector noise)
    {
        var left = Latent - index;
        if (left > TBackend.Width) left = TBackend.Width;
        if (left <= 0) return;
        var row = item * 2 * Latent + index;
        var mean = TBackend.LoadPartial(Statistics, row, left);
        var deviation = VectorMath<TBackend, TVector>.Exp(
            TBackend.Multiply(TBackend.Splat(0.5f), TBackend.LoadPartial(Statistics, row + Latent, left)));
        var gradient = TBackend.LoadPartial(OutputGradient, item * Latent + index, left);
        var ofMean = TBackend.MultiplyAdd(TBackend.Splat(Scale), mean, gradient);
        var excess = TBackend.MultiplyAdd(deviation, deviation, TBackend.Splat(-1f));
        var ofLogarithm = TBackend.MultiplyAdd(
            TBackend.Splat(0.5f * Scale), excess,
            TBackend.Multiply(TBackend.Multiply(TBackend.Splat(0.5f), gradient), TBackend.Multiply(noise, deviation)));
        TBackend.StorePartial(Gradient, row, TBackend.FlushSubnormals(ofMean), left);
        TBackend.StorePartial(Gradient, row + Latent, TBackend.FlushSubnormals(ofLogarithm), left);
    }
}

/// <summary>SampleLosses[i] += Factor * Divergence[i]. An item is a sample.</summary>
internal struct AddDivergence<TBackend, TVector> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>[batch] each.</summary>
    public TBackend Divergence, SampleLosses;

    /// <summary>Factor of the divergence.</summary>
    public float Factor;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item) =>
        TBackend.StoreScalar(SampleLosses, item, TBackend.LoadScalar(SampleLosses, item) + Factor * TBackend.LoadScalar(Divergence, item));
}

/// <summary>The order of the random numbers of a sample.</summary>
internal static class LatentSampleLayout
{
    /// <summary>Counters per block.</summary>
    public const int Counters = 16;

    /// <summary>Values per block: four per counter.</summary>
    public const int Block = 4 * Counters;
}
