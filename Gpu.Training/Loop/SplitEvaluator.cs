using System.Diagnostics;
using Gpu.Training.Data;
using Gpu.Training.Models;
using Gpu.Training.Planning;

namespace Gpu.Training.Loop;

/// <summary>Evaluates a network on a split in device memory.</summary>
internal sealed class SplitEvaluator(Network network, PlanCache plans, StepScheduleUploader counters, int topK)
{
    /// <summary>Batch size for evaluation: at least that of training and at least 256, to keep the device busy, but no larger than the split.</summary>
    public static int BatchFor(int trainingBatch, int samples) => Math.Min(samples, Math.Max(trainingBatch, 256));

    /// <summary>The distinct batch sizes of an evaluation: the full batch and the remainder.</summary>
    public static IEnumerable<int> BatchSizes(int batch, int samples) =>
        samples <= batch ? [samples] : samples % batch == 0 ? [batch] : [batch, samples % batch];

    /// <summary>Computes loss, accuracy and, if requested, the confusion matrix.</summary>
    public Evaluation Run(DeviceSplit split, int batch, bool confusion, CancellationToken cancellation = default)
    {
        var start = Stopwatch.GetTimestamp();
        var isRegression = split.Task == TaskKind.Regression;
        // There is nothing to count without classes.
        var hasNoClasses = isRegression || plans.Loss.TargetsInput;
        confusion &= !hasNoClasses && split.Task != TaskKind.Segmentation;
        var classes = split.Task == TaskKind.Binary ? 2 : network.Model.Output.Length;
        var matrix = confusion ? new int[classes, classes] : null;
        var outputs = confusion ? new float[batch * network.Model.Output.Length] : [];
        plans.EvaluationMetrics.Reset();
        for (var from = 0; from < split.Count; from += batch)
        {
            cancellation.ThrowIfCancellationRequested();
            var plan = plans.Evaluation(Math.Min(batch, split.Count - from));
            counters.EnsureUploaded(new EvaluationSchedule(counters, from, batch, split.Count));
            split.Require(from, plan.Batch);
            split.StepFor(plan).Run();
            if (matrix is not null) CountPredictions(matrix, plan, split, from, outputs);
        }

        var totals = plans.EvaluationMetrics.Read();
        var pixels = plans.EvaluationMetrics.ReadPixels() is { } counts ? new PixelScores(counts) : null;
        // The loss of a regression is the squared error of standardized targets, or half of it.
        var squaredError = totals.MeanLoss / plans.Loss.Factor;
        return new Evaluation
        {
            Samples = split.Count,
            Loss = totals.MeanLoss,
            Accuracy = hasNoClasses ? double.NaN : pixels?.Accuracy ?? totals.Accuracy,
            TopKAccuracy = hasNoClasses || pixels is not null ? double.NaN : split.Task == TaskKind.Binary ? 1 : totals.TopKAccuracy,
            TopK = topK,
            Rmse = isRegression ? Math.Sqrt(squaredError) * split.TargetScale : double.NaN,
            R2 = isRegression && split.TargetVariance > 0 ? 1 - squaredError / split.TargetVariance : double.NaN,
            ConfusionMatrix = matrix,
            Pixels = pixels,
            Divergence = plans.EvaluationMetrics.ReadDivergence(),
            Seconds = Stopwatch.GetElapsedTime(start).TotalSeconds,
        };
    }

    private void CountPredictions(int[,] matrix, Plan plan, DeviceSplit split, int from, float[] outputs)
    {
        var classes = network.Model.Output.Length;
        network.Device.Download(plan.Output, outputs.AsSpan(0, plan.Batch * classes));
        for (var i = 0; i < plan.Batch; i++)
        {
            var logits = outputs.AsSpan(i * classes, classes);
            var best = classes == 1 && logits[0] > TaskModel.BinaryThreshold(split.Task, network.Model.Recipe.Loss) ? 1 : 0;
            for (var c = 1; c < classes; c++)
                if (logits[c] > logits[best]) best = c;
            matrix[split.Labels[split.Order[from + i]], best]++;
        }
    }
}
