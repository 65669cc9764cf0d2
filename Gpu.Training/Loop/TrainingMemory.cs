using Gpu.Kernels.Devices;
using Gpu.Training.Data;
using Gpu.Training.Models;
using Gpu.Training.Planning;

namespace Gpu.Training.Loop;

/// <summary>Chooses the batch sizes of a run so that it fits into device memory, and computes how much memory the run needs.</summary>
internal sealed class TrainingMemory
{
    private readonly Dataset _data;
    private readonly Model _model;
    private readonly ResolvedOptions _resolved;
    private readonly MemoryRequirements _requirements;
    private readonly long _fixed;
    // Of the validation batches of auto-decay; null without it.
    private readonly MemoryRequirements? _decay;

    private TrainingMemory(Model model, Dataset data, ComputeDevice device, ResolvedOptions resolved)
    {
        (_data, _model, _resolved) = (data, model, resolved);
        _requirements = new MemoryRequirements(model, resolved.PlanSettings);
        var scalesLoss = device.Precision == MatrixPrecision.Fp16;
        var update = ParameterUpdate.WordsFor(model, ParameterMemory.Layout(model).Trained, resolved, scalesLoss);
        Batch = Math.Min(resolved.Options.Batch, data.Train.Count);
        WindowBatch = SplitEvaluator.BatchFor(resolved.Options.Batch, int.MaxValue);
        var splits = DeviceSplit.WordsFor(data.Train, Batch) + DeviceSplit.WordsFor(data.Test, WindowBatch)
            + (data.Validation is { } validation ? DeviceSplit.WordsFor(validation, WindowBatch) : 0);
        if (resolved.Options.AutoDecay)
        {
            _decay = new MemoryRequirements(model, AutoDecay.SettingsFor(model, resolved.PlanSettings));
            splits += DeviceSplit.WordsFor(AutoDecay.RequireValidation(data), Batch);
        }

        splits += ImageDeviceSplit.WordsFor(resolved.Options.Augment.For(resolved.Options, 1), Batch);
        _fixed = sizeof(float) * (ParameterMemory.WordsFor(model) + update + splits);
        EvaluationBatch = PreferredEvaluationBatch(Batch);
    }

    /// <summary>Samples per training batch; the last batch of an epoch may have fewer.</summary>
    public int Batch { get; }

    /// <summary>An upper bound of the evaluation batches, for the windows of splits that are streamed.</summary>
    public int WindowBatch { get; }

    /// <summary>Largest evaluation batch in samples.</summary>
    public int EvaluationBatch { get; private set; }

    /// <summary>The batch sizes of training: full batch and remainder.</summary>
    public int[] TrainingBatches => [.. TrainingSizes(Batch)];

    /// <summary>The batch sizes of evaluation.</summary>
    public int[] EvaluationBatches => [.. EvaluationSizes(EvaluationBatch)];

    /// <summary>Checks the run against free device memory and explains failed allocations.</summary>
    public MemoryCheck Check { get; private set; } = null!;

    /// <summary>Chooses the batch sizes. Evaluation uses larger batches than training if they fit.</summary>
    /// <exception cref="OutOfDeviceMemoryException">The run needs more memory than the device reports as free.</exception>
    /// <exception cref="ModelException">The run needs a buffer with more than 2^31 - 1 values.</exception>
    public static TrainingMemory Choose(Model model, Dataset data, ComputeDevice device, ResolvedOptions resolved)
    {
        var memory = new TrainingMemory(model, data, device, resolved);
        if (memory.Bytes(memory.Batch, memory.EvaluationBatch) is not { } bytes || bytes > device.FreeBytes)
            memory.EvaluationBatch = memory.MinEvaluationBatch(memory.Batch);
        memory.Check = new MemoryCheck(
            device, $"training {model.Name} on batches of {memory.Batch}", memory.Batch,
            batch => memory.Bytes(batch, memory.MinEvaluationBatch(batch))).Require();
        return memory;
    }

    /// <summary>Bytes that a run allocates; null if a buffer would need more than 2^31 - 1 values.</summary>
    public long? Bytes(int batch, int evaluationBatch) =>
        _fixed + DiscriminatorBytes(batch) + _requirements.PlanBytes(TrainingSizes(batch), EvaluationSizes(evaluationBatch))
        + (_decay is null ? 0 : _decay.PlanBytes([Math.Min(batch, _data.Validation!.Count)], []));

    private long? DiscriminatorBytes(int batch) =>
        TaskModel.IsAdversarialLoss(_model.Recipe.Loss) ? Generation.Discriminator.BytesFor(_model, _resolved, batch) : 0;

    private IEnumerable<int> TrainingSizes(int batch) => [batch, _data.Train.Count % batch];

    private IEnumerable<int> EvaluationSizes(int batch)
    {
        var sizes = SplitEvaluator.BatchSizes(batch, _data.Test.Count);
        return _data.Validation is { } part ? sizes.Concat(SplitEvaluator.BatchSizes(batch, part.Count)) : sizes;
    }

    private int LargestEvaluationSplit => Math.Max(_data.Test.Count, _data.Validation?.Count ?? 0);

    // A batch of images with a label for each pixel keeps the device busy, and its activations are large.
    private int PreferredEvaluationBatch(int batch) =>
        _data.Task == TaskKind.Segmentation ? MinEvaluationBatch(batch) : SplitEvaluator.BatchFor(batch, LargestEvaluationSplit);

    private int MinEvaluationBatch(int batch) => Math.Min(batch, LargestEvaluationSplit);
}
