using Gpu.Kernels;
using Gpu.Kernels.Devices;

namespace Gpu.Cli.Checks;

/// <summary>Checks of metrics.</summary>
internal static class MetricsChecks
{
    [OperationCheck("metrics", 51)]
    public static void AgreesWithTheReference(Checker checker)
    {
        foreach (var (batch, classes, topK) in new[] { (1, 2, 1), (3, 10, 5), (17, 10, 3), (65, 16, 5), (200, 5, 9), (64, 17, 2), (5, 1000, 5) })
        {
            // Whole numbers, so that many logits tie.
            var logits = checker.Uniform(batch * classes, 0, 12).Select(MathF.Floor).ToArray();
            var labels = checker.Labels(batch, classes);
            var losses = checker.Uniform(batch, 0, 5);
            var metrics = Cleared(checker);
            for (var repeat = 1; repeat <= 2; repeat++)
            {
                Metrics.Accumulate(checker.Device, batch, classes, checker.Upload(logits), checker.Upload(labels), checker.Upload(losses), metrics, topK);
                var ranks = Enumerable.Range(0, batch).Select(n => Rank(logits[(n * classes)..((n + 1) * classes)], labels[n])).ToArray();
                var totals = Metrics.Read(checker.Device, metrics);
                Require.Equal(repeat * batch, totals.Samples);
                Require.Equal(repeat * ranks.Count(r => r == 0), totals.Correct);
                Require.Equal(repeat * ranks.Count(r => r < topK), totals.CorrectInTopK);
                checker.Compare("sum of losses", [repeat * losses.Sum(x => (double)x)], [(float)totals.LossSum], 1e-7);
                Require.Equal(totals.Correct / (double)totals.Samples, totals.Accuracy);
            }

            Metrics.Reset(checker.Device, metrics);
            Require.Equal(new MetricTotals(0, 0, 0, 0), Metrics.Read(checker.Device, metrics));
        }
    }

    [OperationCheck("binary metrics", 55)]
    public static void BinaryDecisionsAreCounted(Checker checker)
    {
        foreach (var (batch, outputs, threshold) in new[] { (1, 1, 0f), (3, 2, 0.5f), (65, 1, 0.5f), (200, 1, 0f), (130, 3, 0f) })
        {
            // Values on both sides of the threshold, some equal to it, and one NaN.
            var values = checker.Uniform(batch * outputs, -2, 3).Select(x => MathF.Round(x * 2) / 2).ToArray();
            var targets = checker.Labels(batch * outputs, 2).Select(x => (float)x).ToArray();
            if (batch > 1) values[outputs] = float.NaN;
            var losses = checker.Uniform(batch, 0, 5);
            var metrics = Cleared(checker);
            Metrics.AccumulateBinary(
                checker.Device, batch, outputs, checker.Upload(values), checker.Upload(targets), threshold, checker.Upload(losses), metrics);
            var correct = Enumerable.Range(0, batch).Count(n => Enumerable.Range(n * outputs, outputs).All(i =>
                targets[i] == 1 ? values[i] > threshold : values[i] <= threshold));
            var totals = Metrics.Read(checker.Device, metrics);
            Require.Equal((batch, correct), (totals.Samples, totals.Correct));
            checker.Compare("sum of losses", [losses.Sum(x => (double)x)], [(float)totals.LossSum], 1e-7);
        }
    }

    // Batches of one group, of several rounds of a group, and of many groups.
    [OperationCheck("loss and metrics in one kernel", 54)]
    public static void RunAndCountEqualsRunThenAccumulate(Checker checker)
    {
        foreach (var (batch, classes, topK) in new[] { (1, 2, 1), (4, 10, 5), (17, 10, 3), (150, 8, 2), (64, 17, 2), (9, 200, 50) })
        {
            var logits = checker.Upload(checker.Uniform(batch * classes, 0, 12).Select(MathF.Floor).ToArray());
            var labels = checker.Labels(batch, classes);
            if (batch % 2 == 0) labels[batch / 2] = classes;
            var classLabels = checker.Upload(labels);
            var (losses, separate) = (checker.Output(batch), checker.Output(batch));
            var (gradient, separateGradient) = (checker.Output(batch * classes), checker.Output(batch * classes));
            var (metrics, separateMetrics) = (Cleared(checker), Cleared(checker));
            for (var repeat = 0; repeat < 2; repeat++)
            {
                SoftmaxCrossEntropy.RunAndCount(checker.Device, batch, classes, logits, classLabels, gradient, losses, metrics, topK, 0.1f);
                SoftmaxCrossEntropy.Run(checker.Device, batch, classes, logits, classLabels, separateGradient, separate, 0.1f);
                Metrics.Accumulate(checker.Device, batch, classes, logits, classLabels, separate, separateMetrics, topK);
            }

            Require.Equal(checker.Download(separate), checker.Download(losses));
            Require.Equal(checker.Download(separateGradient), checker.Download(gradient));
            var (expected, got) = (Metrics.Read(checker.Device, separateMetrics), Metrics.Read(checker.Device, metrics));
            Require.Equal(batch % 2 == 0, double.IsNaN(got.LossSum));
            if (batch % 2 != 0) Require.Equal(expected.LossSum, got.LossSum, 1e-6 * expected.LossSum);
            Require.Equal(expected with { LossSum = 0 }, got with { LossSum = 0 });
        }

        Require.Throws<ArgumentException>(() =>
        {
            var both = checker.Upload(new float[8]);
            SoftmaxCrossEntropy.RunAndCount(checker.Device, 2, 4, both, checker.Upload(new int[2]), both, checker.Output(2), Cleared(checker), 1);
        });
    }

    [OperationCheck("long sums", 52)]
    public static void SumOverManyBatchesKeepsItsPrecision(Checker checker)
    {
        var metrics = Cleared(checker);
        var expected = 0.0;
        // A large loss first: a plain float sum would lose most digits of the later ones.
        foreach (var scale in Enumerable.Repeat(1e-3f, 40).Prepend(3e4f))
        {
            var losses = checker.Uniform(130, 0, scale);
            expected += losses.Sum(x => (double)x);
            Metrics.AccumulateLosses(checker.Device, 130, checker.Upload(losses), metrics);
        }

        var totals = Metrics.Read(checker.Device, metrics);
        Require.Equal(41 * 130, totals.Samples);
        Require.Equal(expected, totals.LossSum, expected * 1e-10);
    }

    [OperationCheck("metrics of NaN", 53)]
    public static void NaNIsNeverCorrectAndInfinityPropagates(Checker checker)
    {
        var logits = new[]
        {
            float.NaN, float.NaN, float.NaN, // all NaN
            float.NaN, 1, 0, // NaN at the label
            5, float.NaN, 0, // NaN next to the label
            5, 4, 3, // an unknown label
            5, 4, 3, // right
        };
        var metrics = Cleared(checker);
        Metrics.Accumulate(
            checker.Device, 5, 3, checker.Upload(logits), checker.Upload([0, 0, 0, 3, 0]),
            checker.Upload([1f, float.PositiveInfinity, 1f, 1f, 1f]), metrics, 3);
        var totals = Metrics.Read(checker.Device, metrics);
        Require.Equal(new MetricTotals(double.PositiveInfinity, 5, 1, 2), totals);
    }

    internal static DeviceView Cleared(Checker checker)
    {
        // Reset clears only the counters; the rest stays NaN, so a result that depends on it fails.
        var metrics = checker.Output(MetricLayout.Words);
        Metrics.Reset(checker.Device, metrics);
        return metrics;
    }

    internal static int Rank(float[] row, int label) =>
        row.Where((x, c) => x > row[label] || (x == row[label] && c < label)).Count();
}
