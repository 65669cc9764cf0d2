using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;

namespace Gpu.Kernels.Normalization;

/// <summary>
/// Stores the statistics of a vector of channels: saves the mean and the inverse standard deviation for the backward pass, updates the running statistics, and
/// computes scale = gamma / deviation for the normalization.
/// </summary>
internal struct BatchNormCoefficients<TBackend, TVector>
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>All [channels].</summary>
    public TBackend Gamma, RunningMean, RunningVariance, SavedMean, SavedInverseDeviation, Scale;

    /// <summary>Weight of the batch in the running statistics, and the number that is added to the variance.</summary>
    public float Momentum, Epsilon;

    /// <summary>Stores the statistics of the batch.</summary>
    /// <param name="channel">first channel of the vector</param>
    /// <param name="left">channels from the first one to the last of the tensor</param>
    /// <param name="mean">mean of the batch</param>
    /// <param name="squares">sum of squared deviations from the mean</param>
    /// <param name="count">values of a channel, at least 2</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(int channel, int left, TVector mean, TVector squares, float count)
    {
        var one = TBackend.Splat(1f);
        var variance = TBackend.Divide(squares, TBackend.Splat(count));
        var inverse = TBackend.Divide(one, TBackend.Sqrt(TBackend.Add(variance, TBackend.Splat(Epsilon))));
        TBackend.StorePartial(SavedMean, channel, mean, left);
        TBackend.StorePartial(SavedInverseDeviation, channel, inverse, left);

        // As in PyTorch, the running variance is the unbiased estimate; the normalization uses the biased one.
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
