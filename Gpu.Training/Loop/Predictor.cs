using System.Diagnostics;
using Gpu.Kernels.Devices;
using Gpu.Training.Data;
using Gpu.Training.Data.Tables;
using Gpu.Training.Generation;
using Gpu.Training.Models;
using Gpu.Training.Planning;
using Gpu.Training.Runs;
using Gpu.Training.Weights;

namespace Gpu.Training.Loop;

/// <summary>Runs a trained network: evaluation and prediction with the pixel normalization that it was trained with. Not thread-safe.</summary>
public sealed class Predictor : IDisposable
{
    private const int MostImagesWithMasks = 32;

    private readonly ComputeDevice _device;
    private readonly Network _network;
    private readonly int _batch;
    private readonly bool _foldsBatchNorm;
    private PredictionPlans? _plans;

    // The largest batch that the plans were made for.
    private int _wantedBatch;

    private Predictor(RunFolder run, ComputeDevice device, int batch, bool foldsBatchNorm)
    {
        Run = run;
        _device = device;
        _foldsBatchNorm = foldsBatchNorm;
        // The activations of networks for masks are as large as the images.
        _batch = TaskModel.IsPixelLoss(run.Model.Recipe.Loss) ? Math.Min(batch, MostImagesWithMasks) : batch;
        run.RequireBestWeights();
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

    /// <summary>The run folder.</summary>
    public RunFolder Run { get; }

    /// <summary>The configuration of the run.</summary>
    public RunConfiguration Configuration => Run.Configuration;

    /// <summary>Loads the best weights of a run.</summary>
    /// <param name="runFolder">The run folder.</param>
    /// <param name="device">The device to run on. The caller disposes it.</param>
    /// <param name="batch">Largest batch, 1 or more; reduced if device memory does not suffice.</param>
    /// <param name="foldBatchNorm">
    /// Whether predictions use <see cref="PlanSettings.FoldBatchNorm"/> and <see cref="PlanSettings.PackWeights"/>: they are faster, and differ from those
    /// of <see cref="Evaluate(DataSplit, int, CancellationToken, TestTimeAugmentation)"/> by rounding. The evaluation never does, so that it gives the
    /// numbers of the training.
    /// </param>
    /// <exception cref="TrainingException">The folder is not a run, or one of its files is damaged.</exception>
    public static Predictor Open(string runFolder, ComputeDevice device, int batch = 256, bool foldBatchNorm = true)
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(batch);
        return new Predictor(RunFolder.Open(runFolder), device, batch, foldBatchNorm);
    }

    /// <summary>Computes loss, accuracy, top-k accuracy and confusion matrix on a split of a data set; in regression loss, RMSE and R2.</summary>
    /// <param name="split">
    /// Images of the model's input shape with their classes, or rows read with the schema of the run (<see cref="TableFile"/>) with their classes or targets.
    /// </param>
    /// <param name="topK">k of the top-k accuracy, 1 or more.</param>
    /// <param name="cancellation">Checked before each batch.</param>
    /// <param name="augmentation">Views of each image whose logits are averaged; only for images.</param>
    /// <exception cref="TrainingException">The samples or their classes do not fit the model.</exception>
    /// <exception cref="OutOfDeviceMemoryException">Not even a batch of 1 fits the device.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> was signaled.</exception>
    public Evaluation Evaluate(
        DataSplit split, int topK = 5, CancellationToken cancellation = default, TestTimeAugmentation augmentation = TestTimeAugmentation.None)
    {
        ArgumentNullException.ThrowIfNull(split);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(topK);
        if (split is TableSplit table)
        {
            if (augmentation != TestTimeAugmentation.None) throw new TrainingException("Test-time augmentation changes images, but the run is on a table.");
            var schema = RequireSchema(table);
            if (split.Labels.Length + table.Targets.Length == 0)
                throw new TrainingException($"The rows have no target column '{schema.Target}' to compare predictions with. Use predict instead.");
            return Evaluate(split, plans => new TableDeviceSplit(_device, table, schema, plans), topK, cancellation);
        }

        var (model, images) = (Run.Model, (ImageSplit)split);
        if (Configuration.Task == TaskKind.Generation)
            throw new TrainingException($"The run '{Run.Path}' is that of a generator, which has no loss on images. Its metrics have the Fréchet "
                + "distances of its epochs (--frechet-every).");
        if (images.ImageSize != model.Input.Length)
            throw new TrainingException($"The model '{model.Name}' takes {model.Input}, but the images are "
                + $"{images.Height}x{images.Width}x{images.Channels} (height x width x channels).");
        if (Configuration.Task == TaskKind.Autoencoding)
        {
            if (augmentation != TestTimeAugmentation.None)
                throw new TrainingException("Test-time augmentation is for classes, not for an autoencoder. Omit it.");
            return Evaluate(split, plans => new ImageDeviceSplit(_device, images, Configuration.Normalization, plans, WindowBatch), topK, cancellation);
        }

        if (images.Masks is null != (Configuration.Task != TaskKind.Segmentation))
            throw new TrainingException($"The run '{Run.Path}' was trained on images {(images.Masks is null ? "with" : "without")} masks, but these have "
                + $"{(images.Masks is null ? "none" : "masks")}. Give data as in training{(images.Masks is null ? ", or use predict" : "")}.");
        if (split.Labels.Max() >= model.Output.Length)
            throw new TrainingException($"The images have a class {split.Labels.Max()}, but the model '{model.Name}' has only {model.Output.Length} classes "
                + $"(0 to {model.Output.Length - 1}).");
        if (augmentation != TestTimeAugmentation.None && images.Masks is not null)
            throw new TrainingException("Test-time augmentation is for classes of whole images, not for masks. Omit it.");
        if (augmentation != TestTimeAugmentation.None) return EvaluateViews(images, topK, augmentation, cancellation);
        return Evaluate(split, plans => new ImageDeviceSplit(_device, images, Configuration.Normalization, plans, WindowBatch), topK, cancellation);
    }

    private Evaluation Evaluate(DataSplit split, Func<PlanCache, DeviceSplit> load, int topK, CancellationToken cancellation)
    {
        var settings = new PlanSettings
        {
            TopK = topK,
            BinaryThreshold = TaskModel.BinaryThreshold(Configuration.Task, Run.Model.Recipe.Loss),
            KlWeight = Configuration.Options.KlWeight ?? 1,
        };
        var (check, batch) = Fit(
            "evaluating", settings, split.Count,
            (requirements, size) =>
                sizeof(float) * DeviceSplit.WordsFor(split, WindowBatch) + requirements.PlanBytes([], SplitEvaluator.BatchSizes(size, split.Count)));
        using var plans = new PlanCache(_network.Memory, _device, settings);
        using var data = check.Run(() =>
        {
            plans.Reserve([], [.. SplitEvaluator.BatchSizes(batch, split.Count)]);
            return load(plans);
        });
        var counters = new StepScheduleUploader(_device, plans.StepTable);
        return new SplitEvaluator(_network, plans, counters, topK).Run(data, batch, confusion: true, cancellation);
    }

    private Evaluation EvaluateViews(ImageSplit images, int topK, TestTimeAugmentation augmentation, CancellationToken cancellation)
    {
        var start = Stopwatch.GetTimestamp();
        var classes = Run.Model.Output.Length;
        var views = ImageView.Of(augmentation);
        var settings = new PlanSettings { TopK = topK };
        var (check, batch) = Fit(
            "evaluating", settings, images.Count, (requirements, size) => requirements.PlanBytes([], SplitEvaluator.BatchSizes(size, images.Count)));
        using var plans = new PlanCache(_network.Memory, _device, settings);
        check.Run(() => plans.Evaluation(batch));
        plans.EvaluationMetrics.Reset();
        var matrix = new int[classes, classes];
        for (var from = 0; from < images.Count; from += batch)
        {
            cancellation.ThrowIfCancellationRequested();
            var plan = plans.Evaluation(Math.Min(batch, images.Count - from));
            var pixels = new byte[plan.Batch * images.ImageSize];
            for (var i = 0; i < plan.Batch; i++) images.CopyImage(from + i, pixels.AsSpan(i * images.ImageSize, images.ImageSize));
            var mean = MeanLogits(plan, pixels, views, images.Height, images.Width, images.Channels);
            _device.Upload<float>(mean, plan.Output);
            _device.Upload<int>(images.Labels.AsSpan(from, plan.Batch), plan.Labels);
            plan.RunLoss();
            for (var i = 0; i < plan.Batch; i++)
            {
                var row = mean.AsSpan(i * classes, classes);
                var best = 0;
                for (var c = 1; c < classes; c++)
                    if (row[c] > row[best]) best = c;
                matrix[images.Labels[from + i], best]++;
            }
        }

        var totals = plans.EvaluationMetrics.Read();
        return new Evaluation
        {
            Samples = images.Count,
            Loss = totals.MeanLoss,
            Accuracy = totals.Accuracy,
            TopKAccuracy = totals.TopKAccuracy,
            TopK = topK,
            ConfusionMatrix = matrix,
            Seconds = Stopwatch.GetElapsedTime(start).TotalSeconds,
        };
    }

    // Runs the views of the images of a batch, and returns the weighted mean of the outputs.
    private float[] MeanLogits(Plan plan, ReadOnlySpan<byte> pixels, IReadOnlyList<ImageView> views, int height, int width, int channels)
    {
        var mean = new float[plan.Output.Length];
        var changed = new byte[pixels.Length];
        foreach (var view in views)
        {
            view.Copy(pixels, changed, height, width, channels);
            _device.Upload<float>(Normalized(changed), plan.Input);
            plan.RunForward();
            var logits = _network.Memory.Download(plan.Output);
            for (var i = 0; i < mean.Length; i++) mean[i] += view.Weight * logits[i];
        }

        return mean;
    }

    /// <summary>Predicts class probabilities.</summary>
    /// <param name="pixels">Images of the model's input shape as bytes, NHWC: count x height x width x channels.</param>
    /// <param name="count">Number of images, 1 or more.</param>
    /// <param name="augmentation">Views of each image whose logits are averaged; only for models whose input is an image.</param>
    /// <returns>Softmax probabilities, count x classes.</returns>
    /// <exception cref="TrainingException">Test-time augmentation of a model whose input is no image.</exception>
    /// <exception cref="ArgumentException"><paramref name="pixels"/> does not have the length of <paramref name="count"/> images.</exception>
    /// <exception cref="OutOfDeviceMemoryException">Not even a batch of 1 fits the device.</exception>
    public float[,] Predict(ReadOnlySpan<byte> pixels, int count, TestTimeAugmentation augmentation = TestTimeAugmentation.None)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        var (length, classes) = (Run.Model.Input.Length, Run.Model.Output.Length);
        if (pixels.Length != (long)count * length)
            throw new ArgumentException($"{count} images of {Run.Model.Input} have {(long)count * length} bytes, but {pixels.Length} were "
                + "given", nameof(pixels));
        var probabilities = new float[count, classes];
        if (augmentation != TestTimeAugmentation.None)
        {
            PredictViews(pixels, probabilities, augmentation);
            return probabilities;
        }

        RunForward(Normalized(pixels), count, (row, logits) => Softmax(logits, probabilities, row));
        return probabilities;
    }

    private void PredictViews(ReadOnlySpan<byte> pixels, float[,] probabilities, TestTimeAugmentation augmentation)
    {
        var (input, count, classes) = (Run.Model.Input, probabilities.GetLength(0), probabilities.GetLength(1));
        if (!input.IsImage)
        {
            throw new TrainingException(
                $"Test-time augmentation needs the height and width of an image, but the model '{Run.Model.Name}' takes {input}. Omit it.");
        }

        var plans = Plans(count);
        for (var from = 0; from < count; from += plans.Batch)
        {
            var plan = plans.Shared(Math.Min(plans.Batch, count - from));
            var part = pixels.Slice(from * input.Length, plan.Batch * input.Length);
            var mean = MeanLogits(plan, part, ImageView.Of(augmentation), input.Height, input.Width, input.Channels);
            for (var i = 0; i < plan.Batch; i++) Softmax(mean.AsSpan(i * classes, classes), probabilities, from + i);
        }
    }

    /// <summary>Predicts the class of each pixel, for a run on images with masks.</summary>
    /// <param name="pixels">Images of the model's input shape as bytes, NHWC: count x height x width x channels.</param>
    /// <param name="count">Number of images, 1 or more.</param>
    /// <returns>Labels, count x height x width.</returns>
    /// <exception cref="ArgumentException"><paramref name="pixels"/> does not have the length of <paramref name="count"/> images.</exception>
    /// <exception cref="TrainingException">The run was not trained on images with masks.</exception>
    /// <exception cref="OutOfDeviceMemoryException">Not even a batch of 1 fits the device.</exception>
    public byte[] PredictMasks(ReadOnlySpan<byte> pixels, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        if (Configuration.Task != TaskKind.Segmentation)
            throw new TrainingException($"The run '{Run.Path}' was trained on '{Configuration.Dataset}', which has no masks. Use its probabilities.");
        var (length, output) = (Run.Model.Input.Length, Run.Model.Output);
        if (pixels.Length != (long)count * length)
            throw new ArgumentException($"{count} images of {Run.Model.Input} have {(long)count * length} bytes, but {pixels.Length} were "
                + "given", nameof(pixels));
        // A network may have more outputs than there are classes.
        var (size, stride, classes) = (output.Height * output.Width, output.Channels, Configuration.ClassNames.Count);
        var labels = new byte[checked(count * size)];
        RunForward(Normalized(pixels), count, (row, logits) =>
        {
            for (var i = 0; i < size; i++)
            {
                var best = 0;
                for (var c = 1; c < classes; c++)
                    if (logits[i * stride + c] > logits[i * stride + best]) best = c;
                labels[row * size + i] = (byte)best;
            }
        });
        return labels;
    }

    /// <summary>Encodes and decodes images, for the run of an autoencoder.</summary>
    /// <param name="pixels">Images of the model's input shape as bytes, NHWC: count x height x width x channels.</param>
    /// <param name="count">Number of images, 1 or more.</param>
    /// <returns>The reconstructions, as many bytes.</returns>
    /// <exception cref="ArgumentException"><paramref name="pixels"/> does not have the length of <paramref name="count"/> images.</exception>
    /// <exception cref="TrainingException">The run is not that of an autoencoder.</exception>
    /// <exception cref="OutOfDeviceMemoryException">Not even a batch of 1 fits the device.</exception>
    public byte[] Reconstruct(ReadOnlySpan<byte> pixels, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        if (Configuration.Task != TaskKind.Autoencoding)
            throw new TrainingException($"The run '{Run.Path}' is not that of an autoencoder, so it reconstructs no images.");
        var length = Run.Model.Input.Length;
        if (pixels.Length != (long)count * length)
            throw new ArgumentException($"{count} images of {Run.Model.Input} have {(long)count * length} bytes, but {pixels.Length} were "
                + "given", nameof(pixels));
        var made = new byte[pixels.Length];
        RunForward(Normalized(pixels), count, (row, outputs) =>
            ImageValues.ToPixels(outputs, Run.Model.Recipe.Loss, Configuration.Normalization).CopyTo(made, row * length));
        return made;
    }

    /// <summary>Predicts the rows of a table.</summary>
    /// <param name="split">Rows read with the schema of the run; 1 or more.</param>
    /// <returns>
    /// Probabilities of the classes of the run, count x classes; in regression count x 1 values in the unit of the target.
    /// </returns>
    /// <exception cref="TrainingException">The run was not trained on a table, or the rows do not fit its columns.</exception>
    /// <exception cref="OutOfDeviceMemoryException">Not even a batch of 1 fits the device.</exception>
    public float[,] Predict(TableSplit split)
    {
        ArgumentNullException.ThrowIfNull(split);
        ArgumentOutOfRangeException.ThrowIfZero(split.Count);
        var schema = RequireSchema(split);
        var isLogit = Run.Model.Recipe.Loss == LossKind.BinaryCrossEntropy;
        var results = new float[split.Count, schema.Task == TaskKind.Regression ? 1 : schema.ClassNames.Count];
        RunForward(schema.Standardize(split), split.Count, (row, outputs) =>
        {
            switch (schema.Task)
            {
                case TaskKind.Regression:
                    results[row, 0] = (float)(outputs[0] * schema.TargetStandardDeviation + schema.TargetMean);
                    break;
                case TaskKind.Binary:
                    var yes = isLogit ? (float)(1 / (1 + Math.Exp(-outputs[0]))) : Math.Clamp(outputs[0], 0f, 1f);
                    (results[row, 0], results[row, 1]) = (1 - yes, yes);
                    break;
                default:
                    Softmax(outputs[..schema.ClassNames.Count], results, row);
                    break;
            }
        });
        return results;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        ReleasePlans();
        _network.Dispose();
    }

    private int WindowBatch => SplitEvaluator.BatchFor(_batch, int.MaxValue);

    // The result does not depend on the batch size, so the batch is reduced to what fits, without the plans that are kept.
    private (MemoryCheck Check, int Batch) Fit(string verb, PlanSettings settings, int samples, Func<MemoryRequirements, int, long?> bytes)
    {
        ReleasePlans();
        var requirements = new MemoryRequirements(Run.Model, settings, _device);
        var batch = Math.Max(1, Check(Math.Min(_batch, samples)).LargestFittingBatch());
        return (Check(batch).Require(), batch);

        MemoryCheck Check(int size) => new(_device, $"{verb} {Run.Model.Name} on batches of {size}", size, smaller => bytes(requirements, smaller));
    }

    // Plans for a number of samples. They are kept for the next call, since making them takes longer than running them.
    private PredictionPlans Plans(int count)
    {
        var wanted = Math.Min(_batch, count);
        if (wanted <= _wantedBatch) return _plans!;
        var settings = new PlanSettings { FoldBatchNorm = _foldsBatchNorm, PackWeights = _foldsBatchNorm };
        var (check, fitting) = Fit("running", settings, count, (requirements, size) => requirements.PlanBytes([], [size]));
        _plans = check.Run(() => new PredictionPlans(_network.Memory, _device, settings, fitting));
        _wantedBatch = wanted;
        return _plans;
    }

    private void ReleasePlans()
    {
        _plans?.Dispose();
        (_plans, _wantedBatch) = (null, 0);
    }

    // Runs rows of inputs and passes the outputs of each to the receiver.
    private void RunForward(float[] inputs, int count, OutputReceiver receive)
    {
        var outputs = Run.Model.Output.Length;
        Plans(count).Run(inputs, count, (from, values) =>
        {
            for (var i = 0; i < values.Length / outputs; i++) receive(from + i, values.Slice(i * outputs, outputs));
        });
    }

    private TableSchema RequireSchema(TableSplit split)
    {
        var schema = Configuration.Table
            ?? throw new TrainingException($"The run '{Run.Path}' was trained on images of '{Configuration.Dataset}', not on a table. Give images.");
        if (split.Features == schema.FeatureCount) return schema;
        throw new TrainingException($"The rows have {split.Features} values, but the run '{Run.Path}' takes {schema.FeatureCount}. Read them with its schema.");
    }

    private delegate void OutputReceiver(int row, ReadOnlySpan<float> outputs);

    private float[] Normalized(ReadOnlySpan<byte> pixels) => ImageValues.FromPixels(pixels, Configuration.Normalization);

    private static void Softmax(ReadOnlySpan<float> logits, float[,] probabilities, int row)
    {
        var largest = double.NegativeInfinity;
        foreach (var logit in logits) largest = Math.Max(largest, logit);
        var sum = 0.0;
        foreach (var logit in logits) sum += Math.Exp(logit - largest);
        for (var c = 0; c < logits.Length; c++) probabilities[row, c] = (float)(Math.Exp(logits[c] - largest) / sum);
    }
}
