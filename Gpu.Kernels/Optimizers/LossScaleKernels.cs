using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Optimizers;

/// <summary>Values[i] *= loss scale. An item is a vector.</summary>
internal struct ScaleByLossScale<TBackend, TVector> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>The values, and <see cref="LossScaleLayout"/>.</summary>
    public TBackend Values, LossScale;

    /// <summary>The number of values.</summary>
    public int Count;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        var i = item * TBackend.Width;
        var scaled = TBackend.Multiply(TBackend.LoadPartial(Values, i, Count - i), TBackend.Broadcast(LossScale, LossScaleLayout.Scale));
        TBackend.StorePartial(Values, i, scaled, Count - i);
    }
}

/// <summary>
/// Checks the norm of the scaled gradients for overflow, prepares the step state for the optimizer and adjusts the scale; see
/// <see cref="LossScaling.Update"/>. One item.
/// </summary>
internal struct LossScaleUpdate<TBackend, TVector> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary><see cref="GradientNormLayout"/>, <see cref="StepStateLayout"/>, <see cref="LossScaleLayout"/>.</summary>
    public TBackend Norm, StepState, LossScale;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        // Infinity or NaN. Tests the exponent bits, because comparisons with NaN are not reliable on all devices.
        var overflows = (TBackend.LoadInt(Norm, GradientNormLayout.Norm) & 0x7F800000) == 0x7F800000;
        var skip = overflows ? 1 : 0;
        var scale = TBackend.LoadScalar(LossScale, LossScaleLayout.Scale);
        var good = (TBackend.LoadInt(LossScale, LossScaleLayout.GoodSteps) + 1) * (1 - skip);
        var skipped = TBackend.LoadInt(LossScale, LossScaleLayout.Skipped) + skip;
        TBackend.StoreInt(StepState, StepStateLayout.SkipsUpdate, skip);
        TBackend.StoreInt(StepState, StepStateLayout.Step, TBackend.LoadInt(StepState, StepStateLayout.Step) - skipped);
        TBackend.StoreScalar(StepState, StepStateLayout.GradientScale, TBackend.LoadScalar(StepState, StepStateLayout.GradientScale) / scale);

        var grows = good >= LossScaling.GrowthInterval ? 1 : 0;
        var factor = 1f + grows - 0.5f * skip;
        var next = scale * factor;
        if (next > LossScaling.MaxScale) next = LossScaling.MaxScale;
        if (next < LossScaling.MinScale) next = LossScaling.MinScale;
        TBackend.StoreScalar(LossScale, LossScaleLayout.Scale, next);
        TBackend.StoreInt(LossScale, LossScaleLayout.GoodSteps, good * (1 - grows));
        TBackend.StoreInt(LossScale, LossScaleLayout.Skipped, skipped);
    }
}
