using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Optimizers;

/// <summary>
/// One step of an optimizer over a whole arena: g = gradient * scale * clip + L2 p + L1 sign(p); p *= 1 - lr decay - constant decay; the update rule;
/// gradient = 0. Each value is loaded and stored once. A skipped step (<see cref="LossScaling"/>) only resets the gradients. An item is a block of a segment
/// (<see cref="SegmentTable"/>), or a part of a block.
/// </summary>
internal struct OptimizerUpdate<TBackend, TVector, TRule, TDecay> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
    where TRule : struct, IUpdateRule
    where TDecay : struct, IDecayRule
{
    /// <summary>Arenas of the same length: parameters, gradients, both states and the average. The last three may be empty.</summary>
    public TBackend Parameters, Gradients, First, Second, Average;

    /// <summary>The factors of the segments; <see cref="StepStateLayout"/>; <see cref="GradientNormLayout"/>.</summary>
    public TBackend Segments, StepState, Norm;

    /// <summary>The items.</summary>
    public SegmentBlocks<TBackend, TVector> Blocks;

    /// <summary>True if Norm contains a clip factor.</summary>
    public Flag IsClipped;

    /// <summary>True if Average is updated: average += rate * (parameter - average).</summary>
    public Flag IsAveraged;

    /// <summary>The rate of the average after its warm-up; in the first steps it is larger, 9 / (10 + step).</summary>
    public float AverageRate;

    /// <summary>The constants of the rule.</summary>
    public UpdateConstants Constants;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        // All loads come before the first branch: on a GPU a branch would wait for the loads before it.
        Blocks.Get(item, out var from, out var length, out var segment);
        segment *= SegmentTable.SegmentWords;
        var skips = TBackend.LoadInt(StepState, StepStateLayout.SkipsUpdate);
        var step = TBackend.LoadInt(StepState, StepStateLayout.Step);
        var factor = TBackend.LoadScalar(Segments, segment);
        var scale = TBackend.LoadScalar(StepState, StepStateLayout.GradientScale);
        var learningRate = TBackend.LoadScalar(StepState, StepStateLayout.LearningRate);
        if (length <= 0) return;
        // A factor of 0 freezes the segment: not even the sign of a zero may change.
        if (skips != 0 || factor == 0f)
        {
            ZeroGradients(from, length);
            return;
        }

        learningRate *= factor;
        if (IsClipped) scale *= TBackend.LoadScalar(Norm, GradientNormLayout.ClipFactor);
        var coupled = TBackend.LoadScalar(Segments, segment + 1);
        var decayed = learningRate * TBackend.LoadScalar(Segments, segment + 2) + TBackend.LoadScalar(Segments, segment + 4);
        var l1 = TBackend.LoadScalar(Segments, segment + 3);

        var constants = Constants;
        constants.StepSize = learningRate;
        if (TRule.CorrectsBias)
        {
            constants.StepSize = learningRate / BiasCorrection.OneMinusPower(constants.LogBeta1, step);
            constants.InverseRootCorrection = 1f / MathF.Sqrt(BiasCorrection.OneMinusPower(constants.LogBeta2, step));
        }

        // 1 - min(decay, (1 + step) / (10 + step)): the warm-up of TensorFlow's ExponentialMovingAverage (num_updates).
        var rate = Math.Max(AverageRate, 9f / (10f + step));
        var to = from + length;
        var i = from;
        for (; i + TBackend.Width <= to; i += TBackend.Width)
        {
            var parameter = TBackend.Load(Parameters, i);
            var gradient = TBackend.Load(Gradients, i);
            var first = TRule.States > 0 ? TBackend.Load(First, i) : TBackend.Zero;
            var second = TRule.States > 1 ? TBackend.Load(Second, i) : TBackend.Zero;
            Step(ref parameter, gradient, ref first, ref second, scale, coupled, decayed, l1, constants);
            TBackend.Store(Parameters, i, parameter);
            TBackend.Store(Gradients, i, TBackend.Zero);
            if (TRule.States > 0) TBackend.Store(First, i, first);
            if (TRule.States > 1) TBackend.Store(Second, i, second);
            if (IsAveraged) TBackend.Store(Average, i, NextAverage(TBackend.Load(Average, i), parameter, rate));
        }

        var left = to - i;
        if (left > 0)
        {
            var parameter = TBackend.LoadPartial(Parameters, i, left);
            var gradient = TBackend.LoadPartial(Gradients, i, left);
            var first = TRule.States > 0 ? TBackend.LoadPartial(First, i, left) : TBackend.Zero;
            var second = TRule.States > 1 ? TBackend.LoadPartial(Second, i, left) : TBackend.Zero;
            Step(ref parameter, gradient, ref first, ref second, scale, coupled, decayed, l1, constants);
            TBackend.StorePartial(Parameters, i, parameter, left);
            TBackend.StorePartial(Gradients, i, TBackend.Zero, left);
            if (TRule.States > 0) TBackend.StorePartial(First, i, first, left);
            if (TRule.States > 1) TBackend.StorePartial(Second, i, second, left);
            if (IsAveraged) TBackend.StorePartial(Average, i, NextAverage(TBackend.LoadPartial(Average, i, left), parameter, rate), left);
        }
    }

    // Only stores: the gradients may be NaN.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void ZeroGradients(int from, int length)
    {
        var to = from + length;
        for (var i = from; i < to; i += TBackend.Width) TBackend.StorePartial(Gradients, i, TBackend.Zero, to - i);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Step(
        ref TVector parameter, TVector gradient, ref TVector first, ref TVector second,
        float scale, float coupled, float decayed, float l1, in UpdateConstants constants)
    {
        var g = TBackend.MultiplyAdd(gradient, TBackend.Splat(scale), TBackend.Multiply(parameter, TBackend.Splat(coupled)));
        g = TBackend.MultiplyAdd(UpdateMath.Sign<TBackend, TVector>(parameter), TBackend.Splat(l1), g);
        if (TDecay.IsCautious)
        {
            // The rules add to the parameter, so from zero they give the update itself, with its exact sign.
            var update = TBackend.Zero;
            TRule.Update<TBackend, TVector>(ref update, g, ref first, ref second, constants);
            var isOpposed = TBackend.Multiply(update, parameter);
            var decay = TBackend.SelectGreater(isOpposed, TBackend.Zero, TBackend.Zero, TBackend.Splat(-decayed));
            parameter = TBackend.Add(TBackend.MultiplyAdd(parameter, decay, parameter), update);
        }
        else
        {
            parameter = TBackend.Multiply(parameter, TBackend.Splat(1f - decayed));
            TRule.Update<TBackend, TVector>(ref parameter, g, ref first, ref second, constants);
        }

        // Decay halves them again and again, until they are subnormal.
        parameter = TBackend.FlushSubnormals(parameter);
        if (TRule.States > 0) first = TBackend.FlushSubnormals(first);
        if (TRule.States > 1) second = TBackend.FlushSubnormals(second);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector NextAverage(TVector average, TVector parameter, float rate) =>
        TBackend.MultiplyAdd(TBackend.Subtract(parameter, average), TBackend.Splat(rate), average);
}
