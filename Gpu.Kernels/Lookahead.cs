using Gpu.Kernels.Backends;
using Gpu.Kernels.Constraints;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Optimizers;

namespace Gpu.Kernels;

/// <summary>
/// Lookahead: the optimizer runs from a slow copy of the parameters for some steps. Then the copy moves a part of the way, and the optimizer goes on from it.
/// Source: Zhang, Lucas, Hinton, Ba, "Lookahead optimizer: k steps forward, 1 step back", 2019.
/// </summary>
public static class Lookahead
{
    /// <summary>In steps that are multiples of the period: slow = slow + rate (parameters - slow), parameters = slow. Nothing in other steps.</summary>
    /// <param name="executor">the device that runs the operation, or the command list that records it</param>
    /// <param name="period">steps k, 1 or more</param>
    /// <param name="rate">alpha, above 0, at most 1</param>
    /// <param name="table">the segments of the arena; one with a learning-rate factor of 0 is not changed</param>
    /// <param name="parameters">all parameters, <see cref="ParameterArena.Length"/> words</param>
    /// <param name="slow">their slow copy, in the same layout; at the start of training equal to the parameters</param>
    /// <param name="stepState">the step number, <see cref="StepStateLayout.Words"/> words</param>
    /// <param name="fallSteps">
    /// 0: the rate is constant. Otherwise it falls from 1 to <paramref name="rate"/> in so many steps, as 1 - (1 - rate) (step / fallSteps)^3: little is
    /// averaged while the parameters still change fast. Source: Jordan, "94% on CIFAR-10 in 3.29 seconds on a single GPU", 2024.
    /// </param>
    /// <exception cref="ArgumentException">a view has the wrong length</exception>
    /// <exception cref="ArgumentOutOfRangeException">the period, the rate or the steps of the fall are out of range</exception>
    public static void Update(
        IExecutor executor, int period, float rate, SegmentTable table, DeviceView parameters, DeviceView slow, DeviceView stepState, long fallSteps = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(fallSteps);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(period);
        if (rate is not (> 0 and <= 1)) throw new ArgumentOutOfRangeException(nameof(rate), rate, "the rate must be above 0, and at most 1");
        parameters.Require(table.ArenaLength, nameof(parameters));
        slow.Require(table.ArenaLength, nameof(slow));
        stepState.Require(StepStateLayout.Words, nameof(stepState));
        Operands.Check(
            executor, [new(parameters, nameof(parameters)), new(slow, nameof(slow))],
            [new(stepState, nameof(stepState)), new(table.Blocks, "table"), new(table.Segments, "table")]);
        executor.Execute(new Operation(period, rate, fallSteps, table, parameters, slow, stepState));
    }

    private readonly struct Operation(
        int period, float rate, long fallSteps, SegmentTable table, DeviceView parameters, DeviceView slow, DeviceView stepState) : IOperation
    {
        public int Granularity => 4;

        public void Launch<TBackend, TVector>(ILauncher<TBackend> launcher)
            where TBackend : struct, IVectorBackend<TBackend, TVector>
            where TVector : unmanaged
        {
            var kernel = new LookaheadKernel<TBackend, TVector>
            {
                Parameters = launcher.Bind(parameters),
                Slow = launcher.Bind(slow),
                Segments = launcher.Bind(table.Segments),
                StepState = launcher.Bind(stepState),
                Blocks = SegmentBlocks<TBackend, TVector>.Of(launcher, table, divides: true),
                Period = period,
                Rate = rate,
                Excess = fallSteps > 0 ? 1 - rate : 0,
                ProgressPerStep = fallSteps > 0 ? 1f / fallSteps : 0,
            };
            launcher.Launch(kernel, kernel.Blocks.Items(table), 8 * kernel.Blocks.PartLength / TBackend.Width);
        }
    }
}
