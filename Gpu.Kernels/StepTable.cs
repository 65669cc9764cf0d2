using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Steps;

namespace Gpu.Kernels;

/// <summary>
/// A table of future step states on the device. A recorded step advances through it by itself, so it is the same list of launches every time and needs
/// nothing from the host.
/// </summary>
public static class StepTable
{
    /// <summary>
    /// Copies the next entry of the table into the step state, and moves on to the following entry. The caller must make sure that the table has a next entry:
    /// this is not checked.
    /// </summary>
    /// <param name="executor">the device that runs the operation, or the command list that records it</param>
    /// <param name="table">the table, at least one entry, as laid out in <see cref="StepTableLayout"/>; its current position is updated</param>
    /// <param name="stepState">
    /// receives the words up to and including <see cref="StepStateLayout.BatchStart"/>; <see cref="StepStateLayout.Words"/> words
    /// </param>
    /// <exception cref="ArgumentException">a view has the wrong length</exception>
    public static void Advance(IExecutor executor, DeviceView table, DeviceView stepState)
    {
        table.RequireAtLeast(StepTableLayout.Length(1), nameof(table));
        stepState.Require(StepStateLayout.Words, nameof(stepState));
        Operands.Check(executor, [new(table, nameof(table)), new(stepState, nameof(stepState))], []);
        executor.Execute(new Operation(table, stepState));
    }

    private readonly struct Operation(DeviceView table, DeviceView stepState) : IOperation
    {
        public int Granularity => 1;

        public void Launch<TBackend, TVector>(ILauncher<TBackend> launcher)
            where TBackend : struct, IVectorBackend<TBackend, TVector>
            where TVector : unmanaged =>
            launcher.Launch(
                new StepTableAdvance<TBackend, TVector>
                {
                    Table = launcher.Bind(table),
                    State = launcher.Bind(stepState),
                    Entries = (table.Length - StepTableLayout.Entries) / StepTableLayout.EntryWords,
                },
                1, 12);
    }
}
