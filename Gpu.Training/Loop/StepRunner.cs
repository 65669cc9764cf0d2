using Gpu.Kernels.Launching;
using Gpu.Kernels.Losses;
using Gpu.Kernels.Steps;
using Gpu.Training.Models;
using Gpu.Training.Planning;

namespace Gpu.Training.Loop;

/// <summary>
/// A network and its optimizer, a step at a time on batches given as arrays: for benchmarks, tests and embedders with data of their own.
/// </summary>
public sealed class StepRunner : IDisposable
{
    private readonly Network _network;
    private readonly PlanCache _plans;
    private readonly ParameterUpdate _update;
    private readonly StepCounters _counters;
    private readonly float[] _sampleLosses;
    private readonly Dictionary<Plan, (CommandList Pass, CommandList Step)> _lists = [];
    private Plan _plan;
    private Plan? _evaluation;

    /// <summary>Prepares training steps.</summary>
    /// <param name="network">what to train; it stays open</param>
    /// <param name="batch">samples a batch at most; smaller batches may come, too</param>
    /// <param name="options">optimizer, clipping, dropout, label smoothing, seed; null for the model's recipe</param>
    /// <exception cref="TrainingException">an option is out of range</exception>
    public StepRunner(Network network, int batch, TrainingOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(batch);
        var resolved = ResolvedOptions.Of(options ?? new TrainingOptions(), network.Model);
        _network = network;
        _plans = new PlanCache(network.Memory, network.Device, resolved.PlanSettings);
        _plan = _plans.Training(batch);
        _counters = new StepCounters(network.Device, _plans.StepTable);
        _update = new ParameterUpdate(network, resolved.Optimizer, _plans.StepStateView, resolved.Options.ClipNorm, resolved.Options.Ema);
        _sampleLosses = new float[batch];
        LearningRate = resolved.Optimizer.LearningRate;
        LargestBatch = batch;
    }

    /// <summary>Most samples a batch.</summary>
    public int LargestBatch { get; }

    /// <summary>The learning rate of the next step.</summary>
    public float LearningRate { get; set; }

    /// <summary>
    /// A training step on batches of the present size, as one list of launches: what <see cref="Step"/> runs. What changes from step to step comes from a
    /// table on the device that the list's first launch moves on in.
    /// </summary>
    public CommandList StepCommands => Lists().Step;

    /// <summary>Launches of a training step, the optimizer's included.</summary>
    public int LaunchCount => StepCommands.Commands.Count;

    /// <summary>The names and numbers of items of a training step's launches, in order.</summary>
    public IEnumerable<Command> Launches => StepCommands.Commands;

    /// <summary>Bytes of device memory for activations and their gradients.</summary>
    public long ActivationBytes => (long)_plan.Layout.Words * sizeof(float);

    /// <summary>Sets the batch for the next steps: inputs (samples x input length, NHWC) and the classes.</summary>
    /// <exception cref="ArgumentException">the inputs are not those of a whole number of samples, or the labels are not as many</exception>
    /// <exception cref="ModelException">the model's loss takes targets, not classes</exception>
    public void SetBatch(ReadOnlySpan<float> inputs, ReadOnlySpan<int> labels)
    {
        if (!_plans.Loss.UsesLabels) throw new ModelException($"The model '{_network.Model.Name}' is trained with {_network.Model.Recipe.Loss}, which "
            + "takes a number for each output, not a class.");
        Prepare(inputs, labels.Length);
        _network.Device.Upload(labels, _plan.Labels);
    }

    /// <summary>
    /// Sets the batch for the next steps: inputs (samples x input length, NHWC) and targets (samples x output length), for squared error and binary
    /// cross-entropy.
    /// </summary>
    /// <exception cref="ArgumentException">inputs or targets are not those of the same whole number of samples</exception>
    /// <exception cref="ModelException">the model's loss takes classes, not targets</exception>
    public void SetBatch(ReadOnlySpan<float> inputs, ReadOnlySpan<float> targets)
    {
        if (_plans.Loss.UsesLabels) throw new ModelException($"The model '{_network.Model.Name}' is trained with {_network.Model.Recipe.Loss}, which "
            + "takes a class for each sample.");
        var outputs = _network.Model.Output.Length;
        if (targets.Length % outputs != 0) throw new ArgumentException($"{targets.Length} targets are not a whole number of samples with {outputs} "
            + "outputs", nameof(targets));
        Prepare(inputs, targets.Length / outputs);
        _network.Device.Upload(targets, _plan.Targets);
    }

    /// <summary>Forward, loss, backward, optimizer. Returns when it is launched; nothing is allocated.</summary>
    public void Step()
    {
        Announce();
        Lists().Step.Run();
        _counters.Draw++;
        _counters.Step++;
    }

    /// <summary>Forward, loss and backward: adds to the gradients, which <see cref="Network.GetGradient"/> reads.</summary>
    public void ForwardBackward()
    {
        Announce();
        Lists().Pass.Run();
        _counters.Draw++;
    }

    /// <summary>Applies the gradients and resets them.</summary>
    public void Update()
    {
        _update.Commands.Run();
        _counters.Step++;
    }

    /// <summary>Mean loss of the batch of the last step or evaluation, read from the device.</summary>
    public float ReadLoss()
    {
        var losses = _sampleLosses.AsSpan(0, _plan.Batch);
        _network.Device.Download(_plan.SampleLosses, losses);
        var sum = 0.0;
        foreach (var loss in losses) sum += loss;
        return (float)(sum / losses.Length);
    }

    /// <summary>
    /// The model's outputs for the batch in evaluation (running statistics, no dropout), samples x output length; the loss is then that of
    /// evaluation, too.
    /// </summary>
    public float[] Evaluate()
    {
        _evaluation ??= _plans.Evaluation(_plan.Batch);
        _evaluation.Run();
        return _network.Memory.Download(_evaluation.Output);
    }

    /// <summary>The model's outputs for the batch as the last training step computed them, samples x output length.</summary>
    public float[] ReadOutput() => _network.Memory.Download(_plan.Output);

    /// <inheritdoc/>
    public void Dispose()
    {
        _update.Dispose();
        _plans.Dispose();
    }

    private void Announce() => _counters.Announce(new SameBatchPasses(_counters, LearningRate));

    private (CommandList Pass, CommandList Step) Lists()
    {
        if (_lists.TryGetValue(_plan, out var lists)) return lists;
        var pass = new CommandList(_network.Device);
        StepTables.Advance(pass, _plans.StepTable, _plans.StepStateView);
        _plan.AppendTo(pass);
        var step = new CommandList(_network.Device);
        step.Append(pass);
        step.Append(_update.Commands);
        return _lists[_plan] = (pass, step);
    }

    private void Prepare(ReadOnlySpan<float> inputs, int samples)
    {
        var length = _network.Model.Input.Length;
        if (samples == 0 || inputs.Length != (long)samples * length)
            throw new ArgumentException($"{samples} samples of {_network.Model.Input} have {(long)samples * length} values, but {inputs.Length} were "
                + "given", nameof(inputs));
        if (samples > LargestBatch) throw new ArgumentException($"the batch has {samples} samples, but at most {LargestBatch} were announced", nameof(inputs));
        _plan = _plans.Training(samples);
        _evaluation = null;
        _network.Device.Upload(inputs, _plan.Input);
    }
}
