using System.Runtime.CompilerServices;
using Gpu.Kernels.Launching;
using Gpu.Kernels.Machines;

namespace Gpu.Kernels.Optimizers;

/// <summary>
/// One step of an optimizer over a whole arena: g = gradient * scale * clip + L2 p + L1 sign(p); p *= 1 - lr decay; the rule; gradient = 0. Each value
/// is read and written once; a step that is skipped (<see cref="LossScaling"/>) resets the gradients alone. An item is a block of a segment (<see cref="SegmentTable"/>), or a part of one.
/// </summary>
public struct OptimizerUpdate<TMachine, TVector, TRule> : IKernel
    where TMachine : struct, IMachine<TMachine, TVector>
    where TVector : unmanaged
    where TRule : struct, IUpdateRule
{
    /// <summary>Arenas of the same length; First, Second and Average may be missing.</summary>
    public TMachine Parameters, Gradients, First, Second, Average;

    /// <summary>The table; <see cref="Launching.StepState"/>; <see cref="Reductions.NormWords"/>.</summary>
    public TMachine Blocks, Segments, StepState, Norm;

    /// <summary>The logarithm of the parts that each block is cut into, and words of a part: 1 part and a whole block on the CPU, one vector on a GPU.</summary>
    public int PartShift, PartLength;

    /// <summary>True when Norm has a factor that clips.</summary>
    public Flag IsClipped;

    /// <summary>True when Average is kept, and how much of the new parameters goes into it.</summary>
    public Flag IsAveraged;

    /// <inheritdoc cref="IsAveraged"/>
    public float AverageRate;

    /// <summary>The rule's constants.</summary>
    public UpdateConstants Constants;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        var block = item >> PartShift;
        var offset = (item - (block << PartShift)) * PartLength;
        block *= SegmentTable.BlockWords;
        // All that is needed of the block and the step first: on a GPU a branch between them would wait for what stands before it.
        var length = TMachine.LoadInt(Blocks, block + 1) - offset;
        var from = TMachine.LoadInt(Blocks, block) + offset;
        var segment = TMachine.LoadInt(Blocks, block + 2) * SegmentTable.SegmentWords;
        var skips = TMachine.LoadInt(StepState, Launching.StepState.SkipsUpdate);
        var step = TMachine.LoadInt(StepState, Launching.StepState.Step);
        var scale = TMachine.LoadScalar(StepState, Launching.StepState.GradientScale);
        var learningRate = TMachine.LoadScalar(StepState, Launching.StepState.LearningRate);
        if (length <= 0) return;
        if (length > PartLength) length = PartLength;
        if (skips != 0)
        {
            Reset(from, length);
            return;
        }

        learningRate *= TMachine.LoadScalar(Segments, segment);
        if (IsClipped) scale *= TMachine.LoadScalar(Norm, Reductions.NormWords.ClipFactor);
        var coupled = TMachine.LoadScalar(Segments, segment + 1);
        var kept = 1f - learningRate * TMachine.LoadScalar(Segments, segment + 2);
        var l1 = TMachine.LoadScalar(Segments, segment + 3);

        var constants = Constants;
        constants.StepSize = learningRate;
        if (TRule.CorrectsBias)
        {
            constants.StepSize = learningRate / BiasCorrection.OneMinusPower(constants.LogBeta1, step);
            constants.InverseRootCorrection = 1f / MathF.Sqrt(BiasCorrection.OneMinusPower(constants.LogBeta2, step));
        }

        var to = from + length;
        var i = from;
        for (; i + TMachine.Width <= to; i += TMachine.Width)
        {
            var parameter = TMachine.Load(Parameters, i);
            var gradient = TMachine.Load(Gradients, i);
            var first = TRule.States > 0 ? TMachine.Load(First, i) : TMachine.Zero;
            var second = TRule.States > 1 ? TMachine.Load(Second, i) : TMachine.Zero;
            Step(ref parameter, gradient, ref first, ref second, scale, coupled, kept, l1, constants);
            TMachine.Store(Parameters, i, parameter);
            TMachine.Store(Gradients, i, TMachine.Zero);
            if (TRule.States > 0) TMachine.Store(First, i, first);
            if (TRule.States > 1) TMachine.Store(Second, i, second);
            if (IsAveraged) TMachine.Store(Average, i, Averaged(TMachine.Load(Average, i), parameter));
        }

        var left = to - i;
        if (left > 0)
        {
            var parameter = TMachine.LoadPartial(Parameters, i, left);
            var gradient = TMachine.LoadPartial(Gradients, i, left);
            var first = TRule.States > 0 ? TMachine.LoadPartial(First, i, left) : TMachine.Zero;
            var second = TRule.States > 1 ? TMachine.LoadPartial(Second, i, left) : TMachine.Zero;
            Step(ref parameter, gradient, ref first, ref second, scale, coupled, kept, l1, constants);
            TMachine.StorePartial(Parameters, i, parameter, left);
            TMachine.StorePartial(Gradients, i, TMachine.Zero, left);
            if (TRule.States > 0) TMachine.StorePartial(First, i, first, left);
            if (TRule.States > 1) TMachine.StorePartial(Second, i, second, left);
            if (IsAveraged) TMachine.StorePartial(Average, i, Averaged(TMachine.LoadPartial(Average, i, left), parameter), left);
        }
    }

    // The gradients alone: some of them are no numbers.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Reset(int from, int length)
    {
        var to = from + length;
        for (var i = from; i < to; i += TMachine.Width) TMachine.StorePartial(Gradients, i, TMachine.Zero, to - i);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Step(
        ref TVector parameter, TVector gradient, ref TVector first, ref TVector second,
        float scale, float coupled, float kept, float l1, in UpdateConstants constants)
    {
        var g = TMachine.MultiplyAdd(gradient, TMachine.Splat(scale), TMachine.Multiply(parameter, TMachine.Splat(coupled)));
        g = TMachine.MultiplyAdd(UpdateMeans.Sign<TMachine, TVector>(parameter), TMachine.Splat(l1), g);
        parameter = TMachine.Multiply(parameter, TMachine.Splat(kept));
        TRule.Update<TMachine, TVector>(ref parameter, g, ref first, ref second, constants);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly TVector Averaged(TVector average, TVector parameter) =>
        TMachine.MultiplyAdd(TMachine.Subtract(parameter, average), TMachine.Splat(AverageRate), average);
}
