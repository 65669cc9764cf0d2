using System.Runtime.CompilerServices;
using Gpu.Kernels.Machines;

namespace Gpu.Kernels.Normalization;

/// <summary>
/// What comes of a vector of channels' statistics: they are saved for the backward pass, the running ones move, and gamma / deviation is left for the
/// normalisation.
/// </summary>
public struct BatchNormOutcome<TMachine, TVector>
    where TMachine : struct, IMachine<TMachine, TVector>
    where TVector : unmanaged
{
    /// <summary>All [channels].</summary>
    public TMachine Gamma, RunningMean, RunningVariance, SavedMean, SavedInverseDeviation, Scale;

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
        var one = TMachine.Splat(1f);
        var variance = TMachine.Divide(squares, TMachine.Splat(count));
        var inverse = TMachine.Divide(one, TMachine.Sqrt(TMachine.Add(variance, TMachine.Splat(Epsilon))));
        TMachine.StorePartial(SavedMean, channel, mean, left);
        TMachine.StorePartial(SavedInverseDeviation, channel, inverse, left);

        // PyTorch's running variance is the unbiased estimate, that of the normalisation is not.
        var unbiased = TMachine.Divide(squares, TMachine.Splat(count - 1f));
        Move(RunningMean, channel, left, mean);
        Move(RunningVariance, channel, left, unbiased);

        var scale = TMachine.Multiply(TMachine.LoadPartial(Gamma, channel, left), inverse);
        TMachine.StorePartial(Scale, channel, scale, left);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Move(TMachine running, int channel, int left, TVector batch)
    {
        var old = TMachine.LoadPartial(running, channel, left);
        var moved = TMachine.MultiplyAdd(TMachine.Subtract(batch, old), TMachine.Splat(Momentum), old);
        TMachine.StorePartial(running, channel, moved, left);
    }
}
