using System.Runtime.CompilerServices;
using Gpu.Kernels.Launching;
using Gpu.Kernels.Machines;
using Gpu.Kernels.Reductions;

namespace Gpu.Kernels.Optimizers;

/// <summary>Values[i] *= the loss scale; an item is a vector.</summary>
public struct ScaleByLossScale<TMachine, TVector> : IKernel
    where TMachine : struct, IMachine<TMachine, TVector>
    where TVector : unmanaged
{
    /// <summary>What is scaled, and <see cref="LossScaleWords"/>.</summary>
    public TMachine Values, LossScale;

    /// <summary>How many values.</summary>
    public int Count;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        var i = item * TMachine.Width;
        var scaled = TMachine.Multiply(TMachine.LoadPartial(Values, i, Count - i), TMachine.Broadcast(LossScale, LossScaleWords.Scale));
        TMachine.StorePartial(Values, i, scaled, Count - i);
    }
}

/// <summary>
/// Decides by the norm of the scaled gradients whether they are applied, corrects the step's values accordingly, and moves the scale; one item. See <see cref="LossScaling.Check"/>.
/// </summary>
public struct LossScaleUpdate<TMachine, TVector> : IKernel
    where TMachine : struct, IMachine<TMachine, TVector>
    where TVector : unmanaged
{
    /// <summary><see cref="NormWords"/>, <see cref="Launching.StepState"/>, <see cref="LossScaleWords"/>.</summary>
    public TMachine Norm, StepState, LossScale;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        // By its bits: comparisons with NaN are not kept apart everywhere.
        var overflows = (TMachine.LoadInt(Norm, NormWords.Norm) & 0x7F800000) == 0x7F800000;
        var skip = overflows ? 1 : 0;
        var scale = TMachine.LoadScalar(LossScale, LossScaleWords.Scale);
        var good = (TMachine.LoadInt(LossScale, LossScaleWords.GoodSteps) + 1) * (1 - skip);
        var skipped = TMachine.LoadInt(LossScale, LossScaleWords.Skipped) + skip;
        TMachine.StoreInt(StepState, Launching.StepState.SkipsUpdate, skip);
        TMachine.StoreInt(StepState, Launching.StepState.Step, TMachine.LoadInt(StepState, Launching.StepState.Step) - skipped);
        TMachine.StoreScalar(StepState, Launching.StepState.GradientScale, TMachine.LoadScalar(StepState, Launching.StepState.GradientScale) / scale);

        var grows = good >= LossScaling.GrowthInterval ? 1 : 0;
        var factor = 1f + grows - 0.5f * skip;
        var next = scale * factor;
        if (next > LossScaling.Largest) next = LossScaling.Largest;
        if (next < LossScaling.Smallest) next = LossScaling.Smallest;
        TMachine.StoreScalar(LossScale, LossScaleWords.Scale, next);
        TMachine.StoreInt(LossScale, LossScaleWords.GoodSteps, good * (1 - grows));
        TMachine.StoreInt(LossScale, LossScaleWords.Skipped, skipped);
    }
}
