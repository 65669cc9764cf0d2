using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Optimizers;

namespace Gpu.Kernels;

/// <summary>The optimizers, each as one launch over the whole parameter arena; see <see cref="ParameterArena"/>.</summary>
/// <example><code>
/// FusedOptimizer.Update(device, OptimizerSettings.AdamW(), table, parameters, gradients, state, stepState);
/// </code></example>
public static class FusedOptimizer
{
    /// <summary>
    /// Updates all parameters by one step and sets their gradients to zero. With lr = learning rate * the segment's learning-rate factor, a parameter p is
    /// first multiplied by 1 - lr * decoupled decay - constant decay; with <see cref="OptimizerSettings.CautiousDecay"/> only where the update moves p
    /// towards 0, too. The update rule is then applied to g = gradient * gradient scale * clip factor + coupled decay * p + L1
    /// decay * sign(p), which uses p before the decoupled decay. Words between segments are not changed.
    /// </summary>
    /// <param name="executor">the device that runs the operation, or the command list that records it</param>
    /// <param name="settings">the update rule and its constants</param>
    /// <param name="table">the segments of the arena</param>
    /// <param name="parameters">all parameters, <see cref="ParameterArena.Length"/> words</param>
    /// <param name="gradients">all gradients, in the same layout; set to zero</param>
    /// <param name="state">
    /// the state of the update rule, <see cref="OptimizerSettings.StateLength"/> words, zero before the first step; empty if that length is 0
    /// </param>
    /// <param name="stepState">
    /// the step number, learning rate and gradient scale, <see cref="StepStateLayout.Words"/> words as laid out in <see cref="StepStateLayout"/>
    /// </param>
    /// <param name="norm">
    /// the clip factor as written by <see cref="GradientNorm"/>, <see cref="GradientNormLayout.Words"/> words; empty for no clipping
    /// </param>
    /// <param name="average">
    /// the exponential moving average of the parameters, in the layout of the arena, if <see cref="OptimizerSettings.EmaDecay"/> is set; otherwise empty
    /// </param>
    /// <exception cref="ArgumentException">a view does not have the length that the arena or the settings require</exception>
    /// <exception cref="ArgumentOutOfRangeException">a constant of the rule is out of range</exception>
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
        Operands.Check(
            executor,
            [new(parameters, nameof(parameters)), new(gradients, nameof(gradients)), new(state, nameof(state)), new(average, nameof(average))],
            [new(stepState, nameof(stepState)), new(norm, nameof(norm)), new(table.Blocks, "table"), new(table.Segments, "table")]);
        var arguments = new Arguments(settings, table, parameters, gradients, state, stepState, norm, average);
        switch (settings.Kind)
        {
            case OptimizerKind.Sgd: Execute<SgdRule>(executor, arguments); break;
            case OptimizerKind.Momentum: Execute<MomentumRule>(executor, arguments); break;
            case OptimizerKind.Nesterov: Execute<NesterovRule>(executor, arguments); break;
            case OptimizerKind.RmsProp when settings.Momentum > 0: Execute<RmsPropMomentumRule>(executor, arguments); break;
            case OptimizerKind.RmsProp: Execute<RmsPropRule>(executor, arguments); break;
            case OptimizerKind.Adam or OptimizerKind.AdamW: Execute<AdamRule>(executor, arguments); break;
            case OptimizerKind.Lion: Execute<LionRule>(executor, arguments); break;
        }
    }

    private static void Execute<TRule>(IExecutor executor, Arguments arguments)
        where TRule : struct, IUpdateRule
    {
        if (arguments.Settings.CautiousDecay) executor.Execute(new Operation<TRule, CautiousDecay>(arguments));
        else executor.Execute(new Operation<TRule, UniformDecay>(arguments));
    }

    private sealed record Arguments(
        OptimizerSettings Settings, SegmentTable Table, DeviceView Parameters, DeviceView Gradients, DeviceView State,
        DeviceView StepState, DeviceView Norm, DeviceView Average);

    private readonly struct Operation<TRule, TDecay>(Arguments arguments) : IOperation
        where TRule : struct, IUpdateRule
        where TDecay : struct, IDecayRule
    {
        // Segments start at multiples of 16 words. The kernel handles the partial last vector of each segment.
        public int Granularity => 4;

        public void Launch<TBackend, TVector>(ILauncher<TBackend> launcher)
            where TBackend : struct, IVectorBackend<TBackend, TVector>
            where TVector : unmanaged
        {
            var a = arguments;
            var length = a.Table.ArenaLength;
            var kernel = new OptimizerUpdate<TBackend, TVector, TRule, TDecay>
            {
                Parameters = launcher.Bind(a.Parameters),
                Gradients = launcher.Bind(a.Gradients),
                First = launcher.Bind(TRule.States > 0 ? a.State.First(length) : default),
                Second = launcher.Bind(TRule.States > 1 ? a.State.Slice(length, length) : default),
                Average = launcher.Bind(a.Average),
                Segments = launcher.Bind(a.Table.Segments),
                StepState = launcher.Bind(a.StepState),
                Norm = launcher.Bind(a.Norm),
                Blocks = SegmentBlocks<TBackend, TVector>.Of(launcher, a.Table, divides: true),
                IsClipped = !a.Norm.IsEmpty,
                IsAveraged = !a.Average.IsEmpty,
                AverageRate = a.Settings.EmaDecay is { } decay ? (float)(1 - decay) : 0f,
                Constants = UpdateConstants.From(a.Settings),
            };
            launcher.Launch(kernel, kernel.Blocks.Items(a.Table), 20 * kernel.Blocks.PartLength / TBackend.Width);
        }
    }
}
