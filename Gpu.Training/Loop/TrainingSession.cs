using Gpu.Kernels;
using Gpu.Kernels.Devices;
using Gpu.Training.Data;
using Gpu.Training.Initialization;
using Gpu.Training.Models;
using Gpu.Training.Planning;
using Gpu.Training.Weights;

namespace Gpu.Training.Loop;

/// <summary>All that a run has on the device: network, optimizer, plans and data.</summary>
internal sealed class TrainingSession : IDisposable
{
    private readonly List<IDisposable> _owned = [];
    private readonly PlanSteps _steps = null!;
    private readonly RecordedStep _update = null!;

    public TrainingSession(Model model, ImageDataset data, ComputeDevice device, ResolvedOptions resolved)
    {
        var memory = TrainingMemory.Choose(model, data, device, resolved);
        Batch = memory.Batch;
        EvaluationBatch = memory.EvaluationBatch;
        try
        {
            // All in one, so that the explanation counts all that was allocated before.
            (Network, Plans, Counters, Update, Train, Validation, Test) = memory.Check.Run(() => Allocate(model, data, device, resolved, memory));
            _steps = Own(new PlanSteps(Plans, device, RecordStep));
            _update = Own(new RecordedStep(device, Update.Commands));
            Record(memory.TrainingBatches, resolved.Options.Accumulate > 1);
            Evaluator = new SplitEvaluator(Network, Plans, Counters, resolved.Options.TopK);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public Network Network { get; } = null!;

    public PlanCache Plans { get; } = null!;

    public ParameterUpdate Update { get; } = null!;

    public StepScheduleUploader Counters { get; } = null!;

    public DeviceSplit Train { get; } = null!;

    public DeviceSplit? Validation { get; }

    public DeviceSplit Test { get; } = null!;

    public SplitEvaluator Evaluator { get; } = null!;

    /// <summary>Samples a training batch; the last of an epoch may have fewer.</summary>
    public int Batch { get; }

    /// <summary>Samples an evaluation batch at most.</summary>
    public int EvaluationBatch { get; }

    /// <summary>Batches an epoch.</summary>
    public int BatchesPerEpoch => (Train.Count + Batch - 1) / Batch;

    /// <summary>The step that was run last: how it is launched can be read from it.</summary>
    public RecordedStep? LastStep { get; private set; }

    /// <summary>
    /// An optimizer step on a single batch of the epoch, as one list of launches, the same for all batches of a size. Returns the batch's plan, whose
    /// losses can be read.
    /// </summary>
    public Plan TrainStep(EpochSchedule passes)
    {
        var plan = NextPlan(passes);
        LastStep = _steps.Of(plan);
        LastStep.Run();
        Counters.Draw++;
        Counters.Step++;
        return plan;
    }

    /// <summary>
    /// Gathers a batch of the epoch and runs it forward and backward; the gradients are added up. Returns its plan, whose losses can be read.
    /// </summary>
    public Plan TrainBatch(EpochSchedule passes)
    {
        var plan = NextPlan(passes);
        LastStep = Train.StepFor(plan);
        LastStep.Run();
        Counters.Draw++;
        return plan;
    }

    /// <summary>Applies the gradients.</summary>
    public void ApplyGradients()
    {
        _update.Run();
        Counters.Step++;
    }

    public void Dispose()
    {
        for (var i = _owned.Count - 1; i >= 0; i--) _owned[i].Dispose();
        _owned.Clear();
    }

    private (Network, PlanCache, StepScheduleUploader, ParameterUpdate, DeviceSplit, DeviceSplit?, DeviceSplit) Allocate(
        Model model, ImageDataset data, ComputeDevice device, ResolvedOptions resolved, TrainingMemory memory)
    {
        var options = resolved.Options;
        var network = Own(new Network(model, device, options.Seed, options.Initializer));
        if (options.InitFile is { } file) WeightFile.Load(network, file);
        var plans = Own(new PlanCache(network.Memory, device, resolved.PlanSettings));
        var update = Own(new ParameterUpdate(network, resolved.Optimizer, plans.StepStateView, plans.LossScale, options.ClipNorm, options.Ema));
        var augmentation = new Augmentation(options.AugmentFlip, options.AugmentShift, NamedSeed.Of(options.Seed, "augmentation"));
        var train = Own(new DeviceSplit(device, data.Train, data.Statistics, plans, augmentation));
        var validation = data.Validation is { } part ? Own(new DeviceSplit(device, part, data.Statistics, plans)) : null;
        var test = Own(new DeviceSplit(device, data.Test, data.Statistics, plans));
        plans.Reserve(memory.TrainingBatches, memory.EvaluationBatches);
        return (network, plans, new StepScheduleUploader(device, plans.StepTable), update, train, validation, test);
    }

    // All that will be launched is recorded before the first step, so that its kernels are compiled side by side.
    private void Record(int[] batches, bool accumulates)
    {
        foreach (var batch in batches.Where(batch => batch > 0))
        {
            var plan = Plans.Training(batch);
            _ = accumulates ? Train.StepFor(plan) : _steps.Of(plan);
        }

        foreach (var split in new[] { Validation, Test })
        {
            if (split is null) continue;
            foreach (var batch in SplitEvaluator.BatchSizes(EvaluationBatch, split.Count)) _ = split.StepFor(Plans.Evaluation(batch));
        }
    }

    private void RecordStep(Plan plan, CommandList list)
    {
        Train.Record(plan, list);
        list.Append(Update.Commands);
    }

    private Plan NextPlan(EpochSchedule passes)
    {
        Counters.EnsureUploaded(passes);
        return Plans.Training(Math.Min(Batch, Train.Count - passes.NextBatch * Batch));
    }

    private T Own<T>(T item)
        where T : IDisposable
    {
        _owned.Add(item);
        return item;
    }
}
