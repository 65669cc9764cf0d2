using Gpu.Kernels;
using Gpu.Kernels.Devices;
using Gpu.Training.Data;
using Gpu.Training.Generation;
using Gpu.Training.Initialization;
using Gpu.Training.Losses;
using Gpu.Training.Models;
using Gpu.Training.Planning;
using Gpu.Training.Weights;

namespace Gpu.Training.Loop;

/// <summary>Owns the device memory of a run: network, optimizer, plans and data.</summary>
internal sealed class TrainingSession : IDisposable
{
    private const string OptimizerState = "optimizer_state";
    private const string SingularVectors = "singular_vectors";

    private readonly List<IDisposable> _owned = [];
    private readonly PlanSteps _steps = null!;
    private readonly RecordedStep _update = null!;
    private readonly TrainingOptions _options;
    // The filters of the first layer that were computed from the data; null for none.
    private (string Name, float[] Weights)? _whitened;
    // The names of the classes, by which --init matches the last layer; null for other tasks.
    private readonly IReadOnlyList<string>? _classNames;

    public TrainingSession(Model model, Dataset data, ComputeDevice device, ResolvedOptions resolved)
    {
        _options = resolved.Options;
        _classNames = data.Task == TaskKind.Classification ? data.ClassNames : null;
        var memory = TrainingMemory.Choose(model, data, device, resolved);
        Batch = memory.Batch;
        EvaluationBatch = memory.EvaluationBatch;
        try
        {
            // One call for all allocations, so that the error message of a failed one counts those before it.
            (Network, Plans, Counters, Update, Train, Validation, Test) = memory.Check.Run(() => Allocate(model, data, device, resolved, memory));
            _steps = Own(new PlanSteps(Plans, device, RecordStep));
            _update = Own(new RecordedStep(device, Update.Commands));
            Record(memory.TrainingBatches, resolved.Options.Accumulate > 1);
            Weights = new ActiveWeights(Network, Update.Average, Update.Slow);
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

    /// <summary>The network against which a generator is trained; null for other models.</summary>
    public Discriminator? Discriminator { get; private set; }

    public ParameterUpdate Update { get; } = null!;

    /// <summary>Finds the weight decay; null without <see cref="TrainingOptions.AutoDecay"/>.</summary>
    public AutoDecay? AutoDecay { get; private set; }

    /// <summary>The weights of the run, and which of them the network has.</summary>
    public ActiveWeights Weights { get; } = null!;

    /// <summary>What the user should know about the initial weights.</summary>
    public IReadOnlyList<string> Messages { get; private set; } = [];

    public StepScheduleUploader Counters { get; } = null!;

    public DeviceSplit Train { get; } = null!;

    public DeviceSplit? Validation { get; }

    public DeviceSplit Test { get; } = null!;

    public SplitEvaluator Evaluator { get; } = null!;

    /// <summary>Samples per training batch; the last batch of an epoch may have fewer.</summary>
    public int Batch { get; }

    /// <summary>Largest evaluation batch in samples.</summary>
    public int EvaluationBatch { get; }

    /// <summary>Batches per epoch.</summary>
    public int BatchesPerEpoch => (Train.Count + Batch - 1) / Batch;

    /// <summary>The recorded step that ran last; it tells how it was launched.</summary>
    public RecordedStep? LastStep { get; private set; }

    /// <summary>
    /// Runs an optimizer step on the next batch of the epoch as one recorded step, the same for all batches of a size. Returns the batch's plan, which holds
    /// the sample losses.
    /// </summary>
    public Plan TrainStep(EpochSchedule schedule)
    {
        var plan = NextPlan(schedule);
        LastStep = _steps.StepFor(plan);
        LastStep.Run();
        Counters.Draw++;
        Counters.Step++;
        return plan;
    }

    /// <summary>
    /// Runs the next batch of the epoch forward and backward, accumulating gradients. Returns the batch's plan, which holds the sample losses.
    /// </summary>
    public Plan TrainBatch(EpochSchedule schedule)
    {
        var plan = NextPlan(schedule);
        LastStep = Train.StepFor(plan);
        LastStep.Run();
        Counters.Draw++;
        return plan;
    }

    /// <summary>Applies the accumulated gradients.</summary>
    public void ApplyGradients()
    {
        _update.Run();
        Counters.Step++;
    }

    /// <summary>Applies the accumulated gradients, measures them before, and returns what measures the step afterwards.</summary>
    /// <param name="batches">The number of accumulated batches.</param>
    /// <param name="learningRate">The learning rate of the step.</param>
    public Func<LayerStatistics[]> ApplyMeasured(int batches, double learningRate)
    {
        // The factor of this step: the update may change it.
        var lossScale = Plans.LossScale.IsEmpty ? 1 : LossScaling.Read(Network.Device, Plans.LossScale).Scale;
        Update.Measurement.BeforeUpdate();
        ApplyGradients();
        return () => Update.Measurement.AfterUpdate(batches * (double)lossScale, learningRate);
    }

    /// <summary>Copies the training state to the host, whichever weights the network has.</summary>
    public TrainingState Capture(LoopPosition position) => new()
    {
        Position = position with { },
        Training = Weights.DownloadTraining(),
        Best = Validation is null ? null : Weights.Best,
        Words = StateViews().ToDictionary(
            state => state.Name,
            state =>
            {
                var words = new int[state.View.Length];
                Network.Device.Download<int>(state.View, words);
                return words;
            }),
    };

    /// <summary>Sets the session to a training state.</summary>
    /// <param name="state">The state.</param>
    /// <param name="resetsOptimizer">Whether the optimizer starts anew; its state need not be there then.</param>
    /// <exception cref="TrainingException">The state is of another optimizer.</exception>
    public void Restore(TrainingState state, bool resetsOptimizer = false)
    {
        foreach (var (name, view) in StateViews())
        {
            if (resetsOptimizer && name == OptimizerState) continue;
            // The limit may be new.
            if (name == SingularVectors && !state.Words.ContainsKey(name)) continue;
            if (!state.Words.TryGetValue(name, out var words) || words.Length != view.Length)
                throw new TrainingException($"The checkpoint has no '{name}' of {view.Length} words: it was written with a different optimizer. Resume with "
                    + "that one, or start the optimizer anew with --reset-optimizer.");
        }

        Weights.ReplaceTraining(state.Training);
        Weights.Best = state.Best;
        foreach (var (name, view) in StateViews())
        {
            if (resetsOptimizer && name == OptimizerState) Clear(view);
            else if (name == SingularVectors && !state.Words.ContainsKey(name)) Update.ResetSingularVectors();
            else Network.Device.Upload<int>(state.Words[name], view);
        }

        ClearGradients();
        (Counters.Step, Counters.Draw) = (state.Position.Step, state.Position.Draw);
    }

    /// <summary>Sets the session to the start of a run.</summary>
    public void Initialize()
    {
        Weights.ReplaceTraining(WeightValues.Allocate(Network));
        Weights.Best = null;
        Network.Initialize(_options.Seed, _options.Initializer);
        if (_options.InitFile is { } file) WeightTransfer.Load(Network, file, _options.InitLayout, _classNames);
        SetWhitened(Network);
        Clear(Update.State);
        Update.ResetSingularVectors();
        Update.ResetAverage();
        Update.ResetSlow();
        if (!Plans.LossScale.IsEmpty) LossScaling.Reset(Network.Device, Plans.LossScale);
        ResetTrainingMetrics();
        Discriminator?.Initialize();
        ClearGradients();
        (Counters.Step, Counters.Draw) = (0, 0);
    }

    /// <summary>Evaluates the weights, or their average if there is one, on the training samples without dropout and augmentation.</summary>
    public Evaluation EvaluateTraining(Dataset data, CancellationToken cancellation)
    {
        Weights.Use(Weights.Evaluated);
        // The training split itself augments.
        using var plain = DeviceSplit.Create(Network.Device, data.Train, data, Plans, EvaluationBatch);
        return Evaluator.Run(plain, EvaluationBatch, confusion: false, cancellation);
    }

    /// <summary>Sets the counters of the training plans to 0.</summary>
    public void ResetTrainingMetrics()
    {
        Plans.TrainingMetrics.Reset();
        Discriminator?.Metrics.Reset();
    }

    /// <summary>Sets the gradients to 0, as after a step.</summary>
    public void ClearGradients()
    {
        Clear(Network.Memory.Gradients);
        Discriminator?.ClearGradients();
    }

    /// <summary>Runs the next batch of the epoch forward and backward, operation by operation.</summary>
    public void ObserveBatch(EpochSchedule schedule, PlanObserver observer)
    {
        var plan = NextPlan(schedule);
        var input = new CommandList(Network.Device);
        Train.RecordInput(plan, input);
        input.Run();
        Plans.RunObserved(plan, observer);
        Counters.Draw++;
    }

    public void Dispose()
    {
        for (var i = _owned.Count - 1; i >= 0; i--) _owned[i].Dispose();
        _owned.Clear();
    }

    private (Network, PlanCache, StepScheduleUploader, ParameterUpdate, DeviceSplit, DeviceSplit?, DeviceSplit) Allocate(
        Model model, Dataset data, ComputeDevice device, ResolvedOptions resolved, TrainingMemory memory)
    {
        var options = resolved.Options;
        var network = Own(new Network(model, device, options.Seed, options.Initializer));
        if (options.InitFile is { } file) Messages = WeightTransfer.Load(network, file, options.InitLayout, _classNames);
        if (options.Whiten) _whitened = (Whitening.ParameterOf(model), Whitening.Weights(model, (ImageDataset)data));
        SetWhitened(network);
        var loss = LossFunction.Of(model.Recipe.Loss);
        var plans = Own(new PlanCache(network.Memory, device, resolved.PlanSettings, loss));
        if (loss is GeneratorLoss generator)
            generator.Discriminator = Discriminator = Own(new Discriminator(model, device, resolved, plans.StepStateView, memory.Batch));
        var batches = (data.Train.Count + memory.Batch - 1) / memory.Batch;
        var update = Own(new ParameterUpdate(network, resolved, plans.StepStateView, plans.LossScale, StepLoop.StepsOfRun(options, batches)));
        var augmentation = options.Augment.For(options, batches);
        var train = Own(DeviceSplit.Create(device, data.Train, data, plans, memory.Batch, augmentation));
        var validation = data.Validation is { } part ? Own(DeviceSplit.Create(device, part, data, plans, memory.WindowBatch)) : null;
        var test = Own(DeviceSplit.Create(device, data.Test, data, plans, memory.WindowBatch));
        plans.Reserve(memory.TrainingBatches, memory.EvaluationBatches);
        if (options.AutoDecay) AutoDecay = Own(new AutoDecay(network, data, resolved, update, memory.Batch));
        return (network, plans, new StepScheduleUploader(device, plans.StepTable), update, train, validation, test);
    }

    // Record every step before the first run, so that their kernels are compiled in parallel.
    private void Record(int[] batches, bool accumulates)
    {
        foreach (var batch in batches.Where(batch => batch > 0))
        {
            var plan = Plans.Training(batch);
            if (!accumulates) _ = _steps.StepFor(plan);
            if (accumulates || _options.Statistics) _ = Train.StepFor(plan);
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

    private Plan NextPlan(EpochSchedule schedule)
    {
        Counters.EnsureUploaded(schedule);
        var from = schedule.NextBatch * Batch;
        var samples = Math.Min(Batch, Train.Count - from);
        Train.Require(from, samples);
        return Plans.Training(samples);
    }

    // The names are those in the checkpoint.
    private IEnumerable<(string Name, DeviceView View)> StateViews()
    {
        if (!Update.State.IsEmpty) yield return (OptimizerState, Update.State);
        if (!Update.SingularVectors.IsEmpty) yield return (SingularVectors, Update.SingularVectors);
        if (!Update.Average.IsEmpty) yield return ("average", Update.Average);
        if (!Update.Slow.IsEmpty) yield return ("slow", Update.Slow);
        if (!Plans.LossScale.IsEmpty) yield return ("loss_scale", Plans.LossScale);
        yield return ("metrics", Plans.TrainingMetrics.Totals);
        if (Discriminator is { } other)
        {
            yield return (TrainingState.Discriminator, other.Network.Memory.Values);
            yield return ("discriminator_statistics", other.Network.Memory.Statistics);
            if (!other.Update.State.IsEmpty) yield return ("discriminator_state", other.Update.State);
            if (!other.Update.SingularVectors.IsEmpty) yield return ("discriminator_singular_vectors", other.Update.SingularVectors);
            yield return ("discriminator_metrics", other.Metrics.Totals);
        }

        if (!Plans.TrainingMetrics.Divergence.IsEmpty) yield return ("divergence", Plans.TrainingMetrics.Divergence);
        if (!Plans.TrainingMetrics.PixelCounts.IsEmpty) yield return ("pixel_counts", Plans.TrainingMetrics.PixelCounts);
    }

    private void SetWhitened(Network network)
    {
        if (_whitened is { } whitened) network.SetParameter(whitened.Name, whitened.Weights);
    }

    private void Clear(DeviceView view)
    {
        if (!view.IsEmpty) Network.Device.Upload<int>(new int[view.Length], view);
    }

    private T Own<T>(T item)
        where T : IDisposable
    {
        _owned.Add(item);
        return item;
    }
}
