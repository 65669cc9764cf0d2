using System.Numerics;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Optimizers;

namespace Gpu.Kernels;

/// <summary>The optimizers, each as one launch over the whole arena.</summary>
public static class FusedOptimizer
{
    /// <summary>
    /// Moves all parameters by one step and sets their gradients to zero. With g = gradient * gradient scale * clip factor + coupled decay * p +
    /// L1 decay * sign(p), p becomes p (1 - lr * decoupled decay), and then the rule is applied; lr is the step's learning rate times the segment's
    /// factor. Words between segments are not touched.
    /// </summary>
    /// <param name="executor">where to run</param>
    /// <param name="settings">the rule</param>
    /// <param name="table">the segments</param>
    /// <param name="parameters">[arena]</param>
    /// <param name="gradients">[arena]; zero afterwards</param>
    /// <param name="state">the rule's state, <see cref="OptimizerSettings.StateLength"/> words, zero before the first step; empty where that is 0</param>
    /// <param name="stepState">learning rate, gradient scale and step number, see <see cref="StepStateLayout"/></param>
    /// <param name="norm">the clip factor, as <see cref="GradientNorm"/> wrote it; empty for no clipping</param>
    /// <param name="average">the running average of the parameters, [arena], when <see cref="OptimizerSettings.EmaDecay"/> is set; else empty</param>
    /// <exception cref="ArgumentException">a view has another length than the arena or the settings ask for</exception>
    /// <exception cref="ArgumentOutOfRangeException">a constant of the rule lies outside its range</exception>
    public static void Update(
        IExecutor executor, OptimizerSettings settings, SegmentTable table, DeviceView parameters, DeviceView gradients, DeviceView state,
        DeviceView stepState, DeviceView norm = default, DeviceView average = default)
    {
        settings.Validate();
        parameters.Require(table.ArenaLength, nameof(parameters));
        gradients.Require(table.ArenaLength, nameof(gradients));
        state.Require(settings.StateLength(table.ArenaLength), nameof(state));
        stepState.Require(StepStateLayout.Words, nameof(stepState));
        if (!norm.IsEmpty) norm.Require(GradientNormLayout.Words, nameof(norm));
        average.Require(settings.EmaDecay is null ? 0 : table.ArenaLength, nameof(average));
        var arguments = new Arguments(settings, table, parameters, gradients, state, stepState, norm, average);
        switch (settings.Kind)
        {
            case OptimizerKind.Sgd: executor.Execute(new Operation<SgdRule>(arguments)); break;
            case OptimizerKind.Momentum: executor.Execute(new Operation<MomentumRule>(arguments)); break;
            case OptimizerKind.Nesterov: executor.Execute(new Operation<NesterovRule>(arguments)); break;
            case OptimizerKind.RmsProp when settings.Momentum > 0: executor.Execute(new Operation<RmsPropMomentumRule>(arguments)); break;
            case OptimizerKind.RmsProp: executor.Execute(new Operation<RmsPropRule>(arguments)); break;
            case OptimizerKind.Adam or OptimizerKind.AdamW: executor.Execute(new Operation<AdamRule>(arguments)); break;
            case OptimizerKind.Lion: executor.Execute(new Operation<LionRule>(arguments)); break;
        }
    }

    private sealed record Arguments(
        OptimizerSettings Settings, SegmentTable Table, DeviceView Parameters, DeviceView Gradients, DeviceView State,
        DeviceView StepState, DeviceView Norm, DeviceView Average);

    private readonly struct Operation<TRule>(Arguments arguments) : IOperation
        where TRule : struct, IUpdateRule
    {
        // Segments begin at multiples of 16 words, and the kernel cuts the last vector of each short itself.
        public int Granularity => 4;

        public void Launch<TBackend, TVector>(ILauncher<TBackend> launcher)
            where TBackend : struct, IVectorBackend<TBackend, TVector>
            where TVector : unmanaged
        {
            var a = arguments;
            var length = a.Table.ArenaLength;
            var parts = TBackend.IsGpu ? SegmentTable.BlockLength / TBackend.Width : 1;
            var kernel = new OptimizerUpdate<TBackend, TVector, TRule>
            {
                Parameters = launcher.Bind(a.Parameters),
                Gradients = launcher.Bind(a.Gradients),
                First = launcher.Bind(TRule.States > 0 ? a.State.First(length) : default),
                Second = launcher.Bind(TRule.States > 1 ? a.State.Slice(length, length) : default),
                Average = launcher.Bind(a.Average),
                Blocks = launcher.Bind(a.Table.Blocks),
                Segments = launcher.Bind(a.Table.Segments),
                StepState = launcher.Bind(a.StepState),
                Norm = launcher.Bind(a.Norm),
                PartShift = BitOperations.Log2((uint)parts),
                PartLength = SegmentTable.BlockLength / parts,
                IsClipped = !a.Norm.IsEmpty,
                IsAveraged = !a.Average.IsEmpty,
                AverageRate = a.Settings.EmaDecay is { } decay ? (float)(1 - decay) : 0f,
                Constants = UpdateConstants.From(a.Settings),
            };
            launcher.Launch(kernel, checked(a.Table.BlockCount * parts), 20 * SegmentTable.BlockLength / parts / TBackend.Width);
        }
    }
}
