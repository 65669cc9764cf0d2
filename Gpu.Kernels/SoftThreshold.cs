using Gpu.Kernels.Backends;
using Gpu.Kernels.Constraints;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Optimizers;

namespace Gpu.Kernels;

/// <summary>
/// Soft threshold of all parameters: the proximal step of an L1 penalty, which gives exact zeros. Source: Daubechies, Defrise and De Mol, 2004 (ISTA); as a
/// step after that of the optimizer: Duchi and Singer, "Efficient online and batch learning using forward backward splitting", 2009.
/// </summary>
/// <example><code>
/// FusedOptimizer.Update(device, settings, table, parameters, gradients, state, stepState);
/// SoftThreshold.Run(device, table, parameters, stepState);
/// </code></example>
public static class SoftThreshold
{
    /// <summary>
    /// p = sign(p) max(|p| - t, 0) with t = learning rate * <see cref="SegmentFactors.LearningRate"/> * <see cref="SegmentFactors.L1Threshold"/>. Segments with
    /// t = 0, and all of them in a step that skips its update, are not changed.
    /// </summary>
    /// <param name="executor">the device that runs the operation, or the command list that records it</param>
    /// <param name="table">the segments of the arena</param>
    /// <param name="parameters">all parameters, <see cref="ParameterArena.Length"/> words</param>
    /// <param name="stepState">the learning rate, <see cref="StepStateLayout.Words"/> words</param>
    /// <exception cref="ArgumentException">a view has the wrong length</exception>
    public static void Run(IExecutor executor, SegmentTable table, DeviceView parameters, DeviceView stepState)
    {
        parameters.Require(table.ArenaLength, nameof(parameters));
        stepState.Require(StepStateLayout.Words, nameof(stepState));
        Operands.Check(
            executor, [new(parameters, nameof(parameters))], [new(stepState, nameof(stepState)), new(table.Blocks, "table"), new(table.Segments, "table")]);
        executor.Execute(new Operation(table, parameters, stepState));
    }

    private readonly struct Operation(SegmentTable table, DeviceView parameters, DeviceView stepState) : IOperation
    {
        public int Granularity => 4;

        public void Launch<TBackend, TVector>(ILauncher<TBackend> launcher)
            where TBackend : struct, IVectorBackend<TBackend, TVector>
            where TVector : unmanaged
        {
            var kernel = new SoftThresholdKernel<TBackend, TVector>
            {
                Parameters = launcher.Bind(parameters),
                Segments = launcher.Bind(table.Segments),
                StepState = launcher.Bind(stepState),
                Blocks = SegmentBlocks<TBackend, TVector>.Of(launcher, table, divides: true),
            };
            launcher.Launch(kernel, kernel.Blocks.Items(table), 6 * kernel.Blocks.PartLength / TBackend.Width);
        }
    }
}
