using Gpu.Kernels;
using Gpu.Kernels.Devices;
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
    private readonly StepScheduleUploader _counters;
    private readonly float[] _sampleLosses;
    private readonly PlanSteps _forwardBackward;
    private readonly PlanSteps _steps;
    private readonly RecordedStep _updates;
    private Plan _plan;
    private Plan? _evaluation;

    /// <summary>Prepares training steps.</summary>
    /// <param name="network">what to train; it stays open</param>
    /// <param name="batch">samples a batch at most; smaller batches may come, too</param>
    /// <param name="options">optimizer, clipping, dropout, label smoothing, seed; null for the model's recipe</param>
    /// <exception cref="TrainingException">an option is out of range</exception>
    /// <exception cref="OutOfDeviceMemoryException">the batch needs more than the device has; the message names one that would fit</exception>
    /// <exception cref="ModelException">the batch needs more than can be addressed</exception>
    public StepRunner(Network network, int batch, TrainingOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(batch);
        if (options?.Precision is { } precision) network.Device.Precision = precision;
        var resolved = ResolvedOptions.Resolve(options ?? new TrainingOptions(), network.Model);
        _network = network;
        var (clip, ema) = (resolved.Options.ClipNorm, resolved.Options.Ema);
        var needs = new MemoryRequirements(network.Model, resolved.PlanSettings);
        var fixedBytes = sizeof(float) * ParameterUpdate.WordsFor(network.Memory.Trained, resolved.Optimizer, network.Device.Precision == MatrixPrecision.Fp16, clip, ema);
        var check = new MemoryCheck(
            network.Device, $"a training step of {network.Model.Name} on a batch of {batch}", batch, size => fixedBytes + needs.BytesOfPlans([size], [])).Require();
        _plans = new PlanCache(network.Memory, network.Device, resolved.PlanSettings);
        (_plan, _update) = check.Run(() => (
            _plans.Training(batch), new ParameterUpdate(network, resolved.Optimizer, _plans.StepStateView, _plans.LossScale, clip, ema)));
        _counters = new StepScheduleUploader(network.Device, _plans.StepTable);
        _forwardBackward = new PlanSteps(_plans, network.Device, RecordForwardBackward);
        _steps = new PlanSteps(_plans, network.Device, RecordStep);
        _updates = new RecordedStep(network.Device, _update.Commands);
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
    public CommandList StepCommands => _steps.ListOf(_plan);

    /// <summary>How <see cref="Step"/> is launched for batches of the present size.</summary>
    public RecordedStep Recorded => _steps.Of(_plan);

    /// <summary>Launches of a training step, the optimizer's included.</summary>
    public int LaunchCount => StepCommands.Count;

    /// <summary>The names of the kernels of a training step's launches, in order.</summary>
    public IEnumerable<string> KernelNames => StepCommands.KernelNames;

    /// <summary>Bytes of device memory for activations and their gradients.</summary>
    public long ActivationBytes => (long)_plan.Layout.Words * sizeof(float);

    /// <summary>Sets the batch for the next steps: inputs (samples x input length, NHWC) and the classes.</summary>
    /// <exception cref="ArgumentException">the inputs are not those of a whole number of samples, or the labels are not as many</exception>
    /// <exception cref="ModelException">the model's loss takes targets, not classes</exception>
    public void SetBatch(ReadOnlySpan<float> inputs, ReadOnlySpan<int> labels)
    {
        if (!_plans.Loss.UsesLabels) throw new ModelException($"The model '{_network.Model.Name}' is trained with {_network.Model.Recipe.Loss}, which "
            + "takes a number for each output, not a class.");
        SetInputs(inputs, labels.Length);
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
        SetInputs(inputs, targets.Length / outputs);
        _network.Device.Upload(targets, _plan.Targets);
    }

    /// <summary>Forward, loss, backward, optimizer. Returns when it is launched; nothing is allocated.</summary>
    public void Step()
    {
        UploadSchedule();
        _steps.Of(_plan).Run();
        _counters.Draw++;
        _counters.Step++;
    }

    /// <summary>Forward, loss and backward: adds to the gradients, which <see cref="Network.GetGradient"/> reads.</summary>
    public void ForwardBackward()
    {
        UploadSchedule();
        _forwardBackward.Of(_plan).Run();
        _counters.Draw++;
    }

    /// <summary>Applies the gradients and resets them.</summary>
    public void Update()
    {
        _updates.Run();
        _counters.Step++;
    }

    /// <summary>Where loss scaling stands, read from the device; null where there is none (any precision but fp16).</summary>
    public LossScaleState? ReadLossScale() => _plans.LossScale.IsEmpty ? null : LossScaling.Read(_network.Device, _plans.LossScale);

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
        _steps.Dispose();
        _forwardBackward.Dispose();
        _updates.Dispose();
        _update.Dispose();
        _plans.Dispose();
    }

    private void UploadSchedule() => _counters.EnsureUploaded(new SameBatchSchedule(_counters, LearningRate));

    private void RecordForwardBackward(Plan plan, CommandList list)
    {
        StepTable.Advance(list, _plans.StepTable, _plans.StepStateView);
        plan.AppendTo(list);
    }

    private void RecordStep(Plan plan, CommandList list)
    {
        RecordForwardBackward(plan, list);
        list.Append(_update.Commands);
    }

    private void SetInputs(ReadOnlySpan<float> inputs, int samples)
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
