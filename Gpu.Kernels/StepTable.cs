using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Steps;

namespace Gpu.Kernels;

/// <summary>The values that change from step to step, taken from a table on the device: a recorded step is then the same list of launches every time.</summary>
public static class StepTable
{
    /// <summary>Copies the table's next entry into the step state and moves on to the one behind it. Who fills the table sees to it that there is one.</summary>
    /// <param name="executor">where to run</param>
    /// <param name="table">integers, laid out as in <see cref="StepTableLayout"/></param>
    /// <param name="stepState"><see cref="StepStateLayout.Words"/> words; those behind <see cref="StepStateLayout.BatchStart"/> keep what they hold</param>
    /// <exception cref="ArgumentException">a view is too short</exception>
    public static void Advance(IExecutor executor, DeviceView table, DeviceView stepState)
    {
        table.RequireAtLeast(StepTableLayout.Length(1), nameof(table));
        stepState.Require(StepStateLayout.Words, nameof(stepState));
        executor.Execute(new Operation(table, stepState));
    }

    private readonly struct Operation(DeviceView table, DeviceView stepState) : IOperation
    {
        public int Granularity => 1;

        public void Launch<TBackend, TVector>(ILauncher<TBackend> launcher)
            where TBackend : struct, IVectorBackend<TBackend, TVector>
            where TVector : unmanaged =>
            launcher.Launch(new StepTableAdvance<TBackend, TVector> { Table = launcher.Bind(table), State = launcher.Bind(stepState) }, 1, 12);
    }
}
