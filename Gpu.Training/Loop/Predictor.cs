using Gpu.Kernels;
using Gpu.Kernels.Devices;
using Gpu.Training.Data;
using Gpu.Training.Planning;
using Gpu.Training.Runs;
using Gpu.Training.Weights;

namespace Gpu.Training.Loop;

/// <summary>A trained network in use: evaluation and prediction, with the normalisation it was trained with.</summary>
public sealed class Predictor : IDisposable
{
    private readonly ComputeDevice _device;
    private readonly Network _network;
    private readonly int _batch;

    private Predictor(RunFolder run, ComputeDevice device, int batch)
    {
        Run = run;
        _device = device;
        _batch = batch;
        _network = new Network(run.Model, device);
        try
        {
            WeightFile.Load(_network, run.BestWeights);
        }
        catch (SafeTensorsException e)
        {
            _network.Dispose();
            throw new TrainingException($"The run '{run.Path}' cannot be opened: {e.Message}", e);
        }
    }

    /// <summary>The run.</summary>
    public RunFolder Run { get; }

    /// <summary>What the run was.</summary>
    public RunConfiguration Configuration => Run.Configuration;

    /// <summary>Opens a run's best weights.</summary>
    /// <param name="runFolder">the folder of the run</param>
    /// <param name="device">where; it stays open</param>
    /// <param name="batch">samples at a time</param>
    /// <exception cref="TrainingException">the folder is not a run, or a file in it is damaged</exception>
    public static Predictor Open(string runFolder, ComputeDevice device, int batch = 256)
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(batch);
        return new Predictor(RunFolder.Open(runFolder), device, batch);
    }

    /// <summary>Loss, accuracy, top-k and confusion matrix on a part of a data set.</summary>
    /// <exception cref="TrainingException">the images or their classes do not fit the model</exception>
    /// <exception cref="OperationCanceledException">cancelled</exception>
    public Evaluation Evaluate(ImageSplit split, int topK = 5, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(split);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(topK);
        var model = Run.Model;
        if (split.ImageSize != model.Input.Length)
            throw new TrainingException($"The model '{model.Name}' takes {model.Input}, but the images are "
                + $"{split.Height}x{split.Width}x{split.Channels} (height x width x channels).");
        if (split.Labels.Max() >= model.Output.Length)
            throw new TrainingException($"The images have a class {split.Labels.Max()}, but the model '{model.Name}' knows only {model.Output.Length} "
                + $"(0 to {model.Output.Length - 1}).");
        var settings = new PlanSettings { TopK = topK };
        var (check, batch) = Fit(
            "evaluating", settings, split.Count,
            (needs, size) => sizeof(float) * DeviceSplit.WordsFor(split) + needs.PlanBytes([], SplitEvaluator.BatchSizes(size, split.Count)));
        using var plans = new PlanCache(_network.Memory, _device, settings);
        using var data = check.Run(() =>
        {
            plans.Reserve([], [.. SplitEvaluator.BatchSizes(batch, split.Count)]);
            return new DeviceSplit(_device, split, Configuration.Normalization, plans);
        });
        var counters = new StepScheduleUploader(_device, plans.StepTable);
        return new SplitEvaluator(_network, plans, counters, topK).Run(data, batch, confusion: true, cancellation);
    }

    /// <summary>The classes' probabilities for images.</summary>
    /// <param name="pixels">count images of the model's input shape, as bytes, NHWC</param>
    /// <param name="count">how many</param>
    /// <returns>count x classes probabilities</returns>
    /// <exception cref="ArgumentException">the number of bytes is not that of the images</exception>
    public float[,] Predict(ReadOnlySpan<byte> pixels, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        var (length, classes) = (Run.Model.Input.Length, Run.Model.Output.Length);
        if (pixels.Length != (long)count * length)
            throw new ArgumentException($"{count} images of {Run.Model.Input} have {(long)count * length} bytes, but {pixels.Length} were "
                + "given", nameof(pixels));
        var probabilities = new float[count, classes];
        var settings = new PlanSettings();
        var (check, batch) = Fit("running", settings, count, (needs, size) => needs.PlanBytes([], [size]));
        using var plans = new PlanCache(_network.Memory, _device, settings);
        check.Run(() => plans.Evaluation(batch));
        for (var from = 0; from < count; from += batch)
        {
            var plan = plans.Evaluation(Math.Min(batch, count - from));
            _device.Upload<float>(Normalized(pixels.Slice(from * length, plan.Batch * length)), plan.Input);
            plan.RunForward();
            var logits = _network.Memory.Download(plan.Output);
            for (var i = 0; i < plan.Batch; i++) Softmax(logits.AsSpan(i * classes, classes), probabilities, from + i);
        }

        return probabilities;
    }

    /// <inheritdoc/>
    public void Dispose() => _network.Dispose();

    // The result does not depend on the batch, so it is no larger than fits.
    private (MemoryCheck Check, int Batch) Fit(string doing, PlanSettings settings, int samples, Func<MemoryRequirements, int, long?> bytes)
    {
        var needs = new MemoryRequirements(Run.Model, settings);
        var batch = Math.Max(1, Check(Math.Min(_batch, samples)).LargestFittingBatch());
        return (Check(batch).Require(), batch);

        MemoryCheck Check(int size) => new(_device, $"{doing} {Run.Model.Name} on batches of {size}", size, smaller => bytes(needs, smaller));
    }

    private float[] Normalized(ReadOnlySpan<byte> pixels)
    {
        var statistics = Configuration.Normalization;
        var channels = statistics.Mean.Length;
        var pattern = PixelNormalization.Pattern(statistics.Mean, statistics.StandardDeviation);
        var period = PixelNormalization.Period(channels);
        var values = new float[pixels.Length];
        for (var i = 0; i < values.Length; i++) values[i] = pixels[i] * pattern[i % channels] + pattern[period + i % channels];
        return values;
    }

    private static void Softmax(ReadOnlySpan<float> logits, float[,] probabilities, int row)
    {
        var largest = double.NegativeInfinity;
        foreach (var logit in logits) largest = Math.Max(largest, logit);
        var sum = 0.0;
        foreach (var logit in logits) sum += Math.Exp(logit - largest);
        for (var c = 0; c < logits.Length; c++) probabilities[row, c] = (float)(Math.Exp(logits[c] - largest) / sum);
    }
}
