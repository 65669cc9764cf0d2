using Gpu.Kernels.Devices;

namespace Gpu.Training.Planning;

/// <summary>
/// For each plan the step that is run on it, recorded at its first use. Steps of plans that are no longer valid are given back, for a graph
/// of theirs would write to memory that is someone else's by now.
/// </summary>
/// <param name="plans">whose plans</param>
/// <param name="device">where they run</param>
/// <param name="record">puts the launches of a plan's step into a list</param>
internal sealed class PlanSteps(PlanCache plans, ComputeDevice device, Action<Plan, CommandList> record) : IDisposable
{
    private readonly Dictionary<Plan, (CommandList List, RecordedStep Step)> _steps = [];

    /// <summary>The launches of a plan's step.</summary>
    public CommandList CommandsFor(Plan plan) => GetOrRecord(plan).List;

    /// <summary>A plan's step.</summary>
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
