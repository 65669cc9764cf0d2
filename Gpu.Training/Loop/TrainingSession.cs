using Gpu.Kernels.Batches;
using Gpu.Kernels.Launching;
using Gpu.Training.Data;
using Gpu.Training.Initialisation;
using Gpu.Training.Models;
using Gpu.Training.Planning;
using Gpu.Training.Weights;

namespace Gpu.Training.Loop;

/// <summary>All that a run has on the device: network, optimizer, plans and data.</summary>
internal sealed class TrainingSession : IDisposable
{
    private readonly List<IDisposable> _owned = [];
    private readonly Dictionary<Plan, CommandList> _steps = [];

    public TrainingSession(Model model, ImageDataset data, ComputeDevice device, ResolvedOptions resolved)
    {
        try
        {
            var options = resolved.Options;
            Network = Own(new Network(model, device, options.Seed, options.Initialiser));
            if (options.InitFile is { } file) WeightFile.Load(Network, file);
            Plans = Own(new PlanCache(Network.Memory, device, resolved.PlanSettings));
            Counters = new StepCounters(device, Plans.StepTable);
            Update = Own(new ParameterUpdate(Network, resolved.Optimizer, Plans.StepStateView, options.ClipNorm, options.Ema));
            var augmentation = new Augmentation(options.AugmentFlip, options.AugmentShift, NamedSeed.Of(options.Seed, "augmentation"));
            Train = Own(new DeviceSplit(device, data.Train, data.Statistics, Plans, augmentation));
            if (data.Validation is { } validation) Validation = Own(new DeviceSplit(device, validation, data.Statistics, Plans));
            Test = Own(new DeviceSplit(device, data.Test, data.Statistics, Plans));
            Batch = Math.Min(options.Batch, data.Train.Count);
            EvaluationBatch = SplitEvaluator.BatchFor(Batch, Math.Max(data.Test.Count, data.Validation?.Count ?? 0));
            var evaluations = SplitEvaluator.BatchSizes(EvaluationBatch, data.Test.Count);
            if (data.Validation is { } part) evaluations = evaluations.Concat(SplitEvaluator.BatchSizes(EvaluationBatch, part.Count));
            Plans.Reserve([Batch, data.Train.Count % Batch], [.. evaluations]);
            Evaluator = new SplitEvaluator(Network, Plans, Counters, options.TopK);
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

    public StepCounters Counters { get; } = null!;

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

    /// <summary>
    /// An optimizer step on a single batch of the epoch, as one list of launches, the same for all batches of a size. Returns the batch's plan, whose
    /// losses can be read.
    /// </summary>
    public Plan TrainStep(EpochPasses passes)
    {
        var plan = Begin(passes);
        if (!_steps.TryGetValue(plan, out var list))
        {
            _steps[plan] = list = new CommandList(Network.Device);
            list.Append(Train.Pass(plan));
            list.Append(Update.Commands);
        }

        list.Run();
        Counters.Draw++;
        Counters.Step++;
        return plan;
    }

    /// <summary>
    /// Gathers a batch of the epoch and runs it forward and backward; the gradients are added up. Returns its plan, whose losses can be read.
    /// </summary>
    public Plan TrainBatch(EpochPasses passes)
    {
        var plan = Begin(passes);
        Train.Pass(plan).Run();
        Counters.Draw++;
        return plan;
    }

    /// <summary>Applies the gradients.</summary>
    public void ApplyGradients()
    {
        Update.Commands.Run();
        Counters.Step++;
    }

    public void Dispose()
    {
        for (var i = _owned.Count - 1; i >= 0; i--) _owned[i].Dispose();
        _owned.Clear();
    }

    private Plan Begin(EpochPasses passes)
    {
        Counters.Announce(passes);
        return Plans.Training(Math.Min(Batch, Train.Count - passes.NextBatch * Batch));
    }

    private T Own<T>(T item)
        where T : IDisposable
    {
        _owned.Add(item);
        return item;
    }
}
