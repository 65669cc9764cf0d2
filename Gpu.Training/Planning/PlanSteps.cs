using Gpu.Kernels.Devices;

namespace Gpu.Training.Planning;

/// <summary>
/// The recorded step of each plan, recorded at its first use. Steps of invalid plans are disposed: their launches would write to memory that may belong to
/// another buffer by now.
/// </summary>
/// <param name="plans">the cache of the plans</param>
/// <param name="device">the device of the plans</param>
/// <param name="record">appends the launches of a plan's step to a command list</param>
internal sealed class PlanSteps(PlanCache plans, ComputeDevice device, Action<Plan, CommandList> record) : IDisposable
{
    private readonly Dictionary<Plan, (CommandList List, RecordedStep Step)> _steps = [];

    /// <summary>The command list of a plan's step.</summary>
    public CommandList CommandsFor(Plan plan) => GetOrRecord(plan).List;

    /// <summary>The recorded step of a plan.</summary>
    public RecordedStep StepFor(Plan plan) => GetOrRecord(plan).Step;

    public void Dispose()
    {
        foreach (var (_, step) in _steps.Values) step.Dispose();
        _steps.Clear();
    }

    private (CommandList List, RecordedStep Step) GetOrRecord(Plan plan)
    {
        if (_steps.TryGetValue(plan, out var found)) return found;
        foreach (var old in _steps.Keys.Where(old => !plans.IsCurrent(old)).ToArray())
        {
            _steps[old].Step.Dispose();
            _steps.Remove(old);
        }

        var list = new CommandList(device);
        record(plan, list);
        return _steps[plan] = (list, new RecordedStep(device, list));
    }
}
