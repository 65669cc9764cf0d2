using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;

namespace Gpu.Kernels.Normalization;

/// <summary>
/// What comes of a vector of channels' statistics: they are saved for the backward pass, the running ones move, and gamma / deviation is left for the
/// normalisation.
/// </summary>
internal struct BatchNormCoefficients<TBackend, TVector>
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>All [channels].</summary>
    public TBackend Gamma, RunningMean, RunningVariance, SavedMean, SavedInverseDeviation, Scale;

    /// <summary>Share of the batch in the running statistics, and what is added to the variance.</summary>
    public float Momentum, Epsilon;

    /// <summary>Stores everything.</summary>
    /// <param name="channel">the first channel</param>
    /// <param name="left">channels from there to the last</param>
    /// <param name="mean">the batch's mean</param>
    /// <param name="squares">the sum of squared deviations from it</param>
    /// <param name="count">values of a channel, 2 or more</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(int channel, int left, TVector mean, TVector squares, float count)
    {
        var one = TBackend.Splat(1f);
        var variance = TBackend.Divide(squares, TBackend.Splat(count));
        var inverse = TBackend.Divide(one, TBackend.Sqrt(TBackend.Add(variance, TBackend.Splat(Epsilon))));
        TBackend.StorePartial(SavedMean, channel, mean, left);
        TBackend.StorePartial(SavedInverseDeviation, channel, inverse, left);

        // PyTorch's running variance is the unbiased estimate, that of the normalisation is not.
        var unbiased = TBackend.Divide(squares, TBackend.Splat(count - 1f));
        UpdateRunning(RunningMean, channel, left, mean);
        UpdateRunning(RunningVariance, channel, left, unbiased);

        var scale = TBackend.Multiply(TBackend.LoadPartial(Gamma, channel, left), inverse);
        TBackend.StorePartial(Scale, channel, scale, left);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void UpdateRunning(TBackend running, int channel, int left, TVector batch)
    {
        var old = TBackend.LoadPartial(running, channel, left);
        var moved = TBackend.MultiplyAdd(TBackend.Subtract(batch, old), TBackend.Splat(Momentum), old);
        TBackend.StorePartial(running, channel, moved, left);
    }
}
