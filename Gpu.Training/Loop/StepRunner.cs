using Gpu.Kernels;
using Gpu.Kernels.Devices;
using Gpu.Training.Generation;
using Gpu.Training.Losses;
using Gpu.Training.Models;
using Gpu.Training.Planning;

namespace Gpu.Training.Loop;

/// <summary>
/// Runs single training steps of a network on batches passed as arrays, for benchmarks, tests and applications that bring their own data.
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

    /// <summary>Allocates optimizer state and the plan for the largest batch.</summary>
    /// <param name="network">The network to train. The caller disposes it.</param>
    /// <param name="batch">Largest batch size, 1 or more; smaller batches are allowed.</param>
    /// <param name="options">Optimizer, clipping, dropout, label smoothing, precision, seed; null for the model's recipe.</param>
    /// <exception cref="TrainingException">An option is out of range.</exception>
    /// <exception cref="OutOfDeviceMemoryException">The batch needs more memory than the device has. The message names a batch that fits.</exception>
    /// <exception cref="ModelException">The batch needs a buffer with more than 2^31 - 1 values.</exception>
    public StepRunner(Network network, int batch, TrainingOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(batch);
        if (options?.Precision is { } precision) network.Device.Precision = precision;
        // Its batches come with one label for each sample.
        var resolved = ResolvedOptions.Resolve((options ?? new TrainingOptions()) with { Mixup = null, Cutmix = null }, network.Model);
        _network = network;
        var requirements = new MemoryRequirements(network.Model, resolved.PlanSettings);
        var scalesLoss = network.Device.Precision == MatrixPrecision.Fp16;
        var fixedBytes = sizeof(float) * ParameterUpdate.WordsFor(network.Model, network.Memory.TrainableLayout, resolved, scalesLoss);
        var check = new MemoryCheck(
            network.Device, $"a training step of {network.Model.Name} on a batch of {batch}", batch,
            size => fixedBytes + requirements.PlanBytes([size], [])).Require();
        var loss = LossFunction.Of(network.Model.Recipe.Loss);
        _plans = new PlanCache(network.Memory, network.Device, resolved.PlanSettings, loss);
        if (loss is GeneratorLoss generator)
            generator.Discriminator = Discriminator = new Discriminator(network.Model, network.Device, resolved, _plans.StepStateView, batch);
        (_plan, _update) = check.Run(() => (
            _plans.Training(batch), new ParameterUpdate(network, resolved, _plans.StepStateView, _plans.LossScale, resolved.Options.Steps ?? 0)));
        _counters = new StepScheduleUploader(network.Device, _plans.StepTable);
        _forwardBackward = new PlanSteps(_plans, network.Device, RecordForwardBackward);
        _steps = new PlanSteps(_plans, network.Device, RecordStep);
        _updates = new RecordedStep(network.Device, _update.Commands);
        _sampleLosses = new float[batch];
        LearningRate = resolved.Optimizer.LearningRate;
        LargestBatch = batch;
    }

    /// <summary>The network against which a generator is trained; null for other models.</summary>
    internal Discriminator? Discriminator { get; }

    /// <summary>Largest batch size in samples.</summary>
    public int LargestBatch { get; }

    /// <summary>Learning rate of the next step.</summary>
    public float LearningRate { get; set; }

    /// <summary>
    /// The launches of <see cref="Step"/> for the current batch size. The first launch loads the values that change from step to step from a table in device
    /// memory, so the list stays the same for all steps.
    /// </summary>
    public CommandList StepCommands => _steps.CommandsFor(_plan);

    /// <summary>The recorded step that <see cref="Step"/> runs for the current batch size.</summary>
    public RecordedStep Recorded => _steps.StepFor(_plan);

    /// <summary>Kernel launches per training step, including the optimizer.</summary>
    public int LaunchCount => StepCommands.Count;

    /// <summary>Kernel names of a training step in launch order.</summary>
    public IEnumerable<string> KernelNames => StepCommands.KernelNames;

    /// <summary>Bytes of device memory for activations and their gradients.</summary>
    public long ActivationBytes => (long)_plan.Layout.Words * sizeof(float);

    /// <summary>Sets the batch for the next steps, for softmax cross-entropy, the losses of pixels, and generators that are told the class.</summary>
    /// <param name="inputs">Samples x input length, NHWC; for a generator, samples x output length.</param>
    /// <param name="labels">Class of each sample, or of each pixel of each sample, 0 to classes - 1; 1 to <see cref="LargestBatch"/> samples.</param>
    /// <exception cref="ArgumentException">The lengths of inputs and labels do not match, or the batch is empty or too large.</exception>
    /// <exception cref="ModelException">The model's loss takes targets, not labels.</exception>
    public void SetBatch(ReadOnlySpan<float> inputs, ReadOnlySpan<int> labels)
    {
        RequireLabels();
        var perSample = LabelsPerSample;
        if (labels.Length % perSample != 0)
            throw new ArgumentException($"{labels.Length} labels are not a whole number of samples with {perSample} labels", nameof(labels));
        SetInputs(inputs, labels.Length / perSample);
        _network.Device.Upload(labels, _plan.Labels);
    }

    /// <summary>Replaces the labels of the current batch; the inputs stay.</summary>
    /// <param name="labels">Class of each sample of the batch, or of each of its pixels, 0 to classes - 1.</param>
    /// <exception cref="ArgumentException">The number of labels is not the batch size.</exception>
    /// <exception cref="ModelException">The model's loss takes targets, not labels.</exception>
    public void SetLabels(ReadOnlySpan<int> labels)
    {
        RequireLabels();
        if (labels.Length != _plan.Batch * LabelsPerSample)
            throw new ArgumentException($"the batch has {_plan.Batch * LabelsPerSample} labels, but {labels.Length} labels were given", nameof(labels));
        _network.Device.Upload(labels, _plan.Labels);
    }

    /// <summary>Sets the batch for the next steps, for mean squared error and binary cross-entropy.</summary>
    /// <param name="inputs">Samples x input length, NHWC.</param>
    /// <param name="targets">Samples x output length.</param>
    /// <exception cref="ArgumentException">The lengths of inputs and targets do not match, or the batch is empty or too large.</exception>
    /// <exception cref="ModelException">The model's loss takes labels, not targets.</exception>
    public void SetBatch(ReadOnlySpan<float> inputs, ReadOnlySpan<float> targets)
    {
        RequireTargets();
        var outputs = _network.Model.Output.Length;
        if (targets.Length % outputs != 0) throw new ArgumentException($"{targets.Length} targets are not a whole number of samples with {outputs} "
            + "outputs", nameof(targets));
        SetInputs(inputs, targets.Length / outputs);
        _network.Device.Upload(targets, _plan.Targets);
    }

    /// <summary>Sets the batch for the next steps of an autoencoder, whose targets are its inputs, or of a generator, which makes samples like these.</summary>
    /// <param name="inputs">Samples x input length of the autoencoder or output length of the generator, NHWC.</param>
    /// <exception cref="ArgumentException">The inputs are not a whole number of samples, or the batch is empty or too large.</exception>
    /// <exception cref="ModelException">The model's loss takes labels or targets.</exception>
    public void SetBatch(ReadOnlySpan<float> inputs)
    {
        if ((!_plans.Loss.TargetsInput && !_plans.Loss.ReadsSamples) || IsConditional)
            throw new ModelException($"The model '{_network.Model.Name}' is trained with {_network.Model.Recipe.Loss}, which takes labels or targets.");
        SetInputs(inputs, inputs.Length / SampleLength);
    }

    /// <summary>Replaces the targets of the current batch; the inputs stay.</summary>
    /// <param name="targets">Batch size x output length.</param>
    /// <exception cref="ArgumentException">The number of targets is not that of the batch.</exception>
    /// <exception cref="ModelException">The model's loss takes labels, not targets.</exception>
    public void SetTargets(ReadOnlySpan<float> targets)
    {
        RequireTargets();
        var expected = (long)_plan.Batch * _network.Model.Output.Length;
        if (targets.Length != expected)
            throw new ArgumentException($"the batch has {expected} targets, but {targets.Length} were given", nameof(targets));
        _network.Device.Upload(targets, _plan.Targets);
    }

    /// <summary>Runs forward, loss, backward and optimizer. Returns once they are launched, without waiting for the device. Allocates nothing.</summary>
    public void Step()
    {
        UploadSchedule();
        _steps.StepFor(_plan).Run();
        _counters.Draw++;
        _counters.Step++;
    }

    /// <summary>Runs forward, loss and backward, and accumulates into the gradients (see <see cref="Network.GetGradient"/>).</summary>
    public void ForwardBackward()
    {
        UploadSchedule();
        _forwardBackward.StepFor(_plan).Run();
        _counters.Draw++;
    }

    /// <summary>Applies the accumulated gradients and zeroes them.</summary>
    public void Update()
    {
        _updates.Run();
        _counters.Step++;
    }

    /// <summary>Reads the state of dynamic loss scaling from the device; null for any precision other than fp16.</summary>
    public LossScaleState? ReadLossScale() => _plans.LossScale.IsEmpty ? null : LossScaling.Read(_network.Device, _plans.LossScale);

    /// <summary>Reads the mean loss per sample of the last step or evaluation from the device.</summary>
    public float ReadLoss()
    {
        var losses = _sampleLosses.AsSpan(0, _plan.Batch);
        _network.Device.Download(_plan.SampleLosses, losses);
        var sum = 0.0;
        foreach (var loss in losses) sum += loss;
        return (float)(sum / losses.Length);
    }

    /// <summary>
    /// Runs the batch in evaluation mode (running statistics, no dropout). Afterwards <see cref="ReadLoss"/> returns the evaluation loss.
    /// </summary>
    /// <returns>The model's outputs, samples x output length.</returns>
    public float[] Evaluate()
    {
        _evaluation ??= _plans.Evaluation(_plan.Batch);
        _evaluation.Run();
        return _network.Memory.Download(_evaluation.Output);
    }

    /// <summary>Reads the model's outputs of the last training step, samples x output length.</summary>
    public float[] ReadOutput() => _network.Memory.Download(_plan.Output);

    /// <inheritdoc/>
    public void Dispose()
    {
        _steps.Dispose();
        _forwardBackward.Dispose();
        _updates.Dispose();
        Discriminator?.Dispose();
        _update.Dispose();
        _plans.Dispose();
    }

    private int SampleLength => _plans.Loss.ReadsSamples ? _network.Model.Output.Length : _network.Model.Input.Length;

    private bool IsConditional => _network.Model.ConditionClasses > 0;

    private int LabelsPerSample => IsConditional ? 1 : _plans.Loss.LabelsPerSample(_network.Model);

    private void RequireLabels()
    {
        if (_plans.Loss.UsesLabels || IsConditional) return;
        throw new ModelException($"The model '{_network.Model.Name}' is trained with {_network.Model.Recipe.Loss}, which "
            + "takes a number for each output, not a class.");
    }

    private void RequireTargets()
    {
        if (_plans.Loss.UsesLabels) throw new ModelException($"The model '{_network.Model.Name}' is trained with {_network.Model.Recipe.Loss}, which "
            + "takes a class for each sample.");
        if (!_plans.Loss.HasTargets) throw new ModelException($"The model '{_network.Model.Name}' is trained with {_network.Model.Recipe.Loss}, which "
            + "takes samples alone.");
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
        var length = SampleLength;
        if (samples == 0 || inputs.Length != (long)samples * length)
            throw new ArgumentException($"{samples} samples of {_network.Model.Input} have {(long)samples * length} values, but {inputs.Length} were "
                + "given", nameof(inputs));
        if (samples > LargestBatch)
            throw new ArgumentException($"the batch has {samples} samples, but this runner takes at most {LargestBatch}", nameof(inputs));
        _plan = _plans.Training(samples);
        _evaluation = null;
        _network.Device.Upload(inputs, _plan.Samples);
    }
}
