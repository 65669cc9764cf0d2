using Gpu.Kernels.Backends;
using Gpu.Kernels.Constraints;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Optimizers;

namespace Gpu.Kernels;

/// <summary>
/// The exponential moving average of the parameters as a launch of its own, for steps that change the parameters after <see cref="FusedOptimizer"/>: soft
/// threshold and constraints.
/// </summary>
public static class WeightAverage
{
    /// <summary>a = d a + (1 - d) p with d = min(decay, (1 + t) / (10 + t)), as in <see cref="OptimizerSettings.EmaDecay"/>.</summary>
    /// <param name="executor">the device that runs the operation, or the command list that records it</param>
    /// <param name="decay">d after the first steps, at least 0 and below 1</param>
    /// <param name="table">the segments of the arena; one with a learning-rate factor of 0 is not changed</param>
    /// <param name="parameters">all parameters, <see cref="ParameterArena.Length"/> words</param>
    /// <param name="average">their average, in the same layout</param>
    /// <param name="stepState">the step number t, <see cref="StepStateLayout.Words"/> words</param>
    /// <exception cref="ArgumentException">a view has the wrong length</exception>
    /// <exception cref="ArgumentOutOfRangeException">the decay is out of range</exception>
    public static void Update(IExecutor executor, double decay, SegmentTable table, DeviceView parameters, DeviceView average, DeviceView stepState)
    {
        if (decay is not (>= 0 and < 1)) throw new ArgumentOutOfRangeException(nameof(decay), decay, "the decay must be at least 0 and below 1");
        parameters.Require(table.ArenaLength, nameof(parameters));
        average.Require(table.ArenaLength, nameof(average));
        stepState.Require(StepStateLayout.Words, nameof(stepState));
        Operands.Check(
            executor, [new(average, nameof(average))],
            [new(parameters, nameof(parameters)), new(stepState, nameof(stepState)), new(table.Blocks, "table"), new(table.Segments, "table")]);
        executor.Execute(new Operation((float)(1 - decay), table, parameters, average, stepState));
    }

    private readonly struct Operation(float rate, SegmentTable table, DeviceView parameters, DeviceView average, DeviceView stepState) : IOperation
    {
        public int Granularity => 4;

        public void Launch<TBackend, TVector>(ILauncher<TBackend> launcher)
            where TBackend : struct, IVectorBackend<TBackend, TVector>
            where TVector : unmanaged
        {
            var kernel = new WeightAverageKernel<TBackend, TVector>
            {
                Parameters = launcher.Bind(parameters),
                Average = launcher.Bind(average),
                Segments = launcher.Bind(table.Segments),
                StepState = launcher.Bind(stepState),
                Blocks = SegmentBlocks<TBackend, TVector>.Of(launcher, table, divides: true),
                Rate = rate,
            };
            launcher.Launch(kernel, kernel.Blocks.Items(table), 8 * kernel.Blocks.PartLength / TBackend.Width);
        }
    }
}
