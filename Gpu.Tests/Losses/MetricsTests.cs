using Gpu.Kernels;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Losses;
using Gpu.Tests.Oracles;

namespace Gpu.Tests.Losses;

[OracleFor(typeof(BinaryMetricPartials<,>), typeof(MetricPartials<,>), typeof(MetricSum<,>), typeof(MetricReset<,>), typeof(GroupedMetricSum<,>))]
public class MetricsTests
{
    [Theory]
    [MemberData(nameof(TestDevices.All), MemberType = typeof(TestDevices))]
    public void AgreesWithTheReference(string device)
    {
        using var oracle = new Oracle(device, seed: 51);
        foreach (var (batch, classes, topK) in new[] { (1, 2, 1), (3, 10, 5), (17, 10, 3), (65, 16, 5), (200, 5, 9), (64, 17, 2), (5, 1000, 5) })
        {
            // Whole numbers, so that many logits tie.
            var logits = oracle.Uniform(batch * classes, 0, 12).Select(MathF.Floor).ToArray();
            var labels = oracle.Labels(batch, classes);
            var losses = oracle.Uniform(batch, 0, 5);
            var metrics = Cleared(oracle);
            for (var repeat = 1; repeat <= 2; repeat++)
            {
                Metrics.Accumulate(oracle.Device, batch, classes, oracle.Upload(logits), oracle.Upload(labels), oracle.Upload(losses), metrics, topK);
                var ranks = Enumerable.Range(0, batch).Select(n => Rank(logits[(n * classes)..((n + 1) * classes)], labels[n])).ToArray();
                var totals = Metrics.Read(oracle.Device, metrics);
                Assert.Equal(repeat * batch, totals.Samples);
                Assert.Equal(repeat * ranks.Count(r => r == 0), totals.Correct);
                Assert.Equal(repeat * ranks.Count(r => r < topK), totals.CorrectInTopK);
                oracle.Compare("sum of losses", [repeat * losses.Sum(x => (double)x)], [(float)totals.LossSum], 1e-7);
                Assert.Equal(totals.Correct / (double)totals.Samples, totals.Accuracy);
            }

            Metrics.Reset(oracle.Device, metrics);
            Assert.Equal(new MetricTotals(0, 0, 0, 0), Metrics.Read(oracle.Device, metrics));
        }
    }

    [Theory]
    [MemberData(nameof(TestDevices.All), MemberType = typeof(TestDevices))]
    public void BinaryDecisionsAreCounted(string device)
    {
        using var oracle = new Oracle(device, seed: 55);
        foreach (var (batch, outputs, threshold) in new[] { (1, 1, 0f), (3, 2, 0.5f), (65, 1, 0.5f), (200, 1, 0f), (130, 3, 0f) })
        {
            // Values on both sides of the threshold, some equal to it, and one NaN.
            var values = oracle.Uniform(batch * outputs, -2, 3).Select(x => MathF.Round(x * 2) / 2).ToArray();
            var targets = oracle.Labels(batch * outputs, 2).Select(x => (float)x).ToArray();
            if (batch > 1) values[outputs] = float.NaN;
            var losses = oracle.Uniform(batch, 0, 5);
            var metrics = Cleared(oracle);
            Metrics.AccumulateBinary(
                oracle.Device, batch, outputs, oracle.Upload(values), oracle.Upload(targets), threshold, oracle.Upload(losses), metrics);
            var correct = Enumerable.Range(0, batch).Count(n => Enumerable.Range(n * outputs, outputs).All(i =>
                targets[i] == 1 ? values[i] > threshold : values[i] <= threshold));
            var totals = Metrics.Read(oracle.Device, metrics);
            Assert.Equal((batch, correct), (totals.Samples, totals.Correct));
            oracle.Compare("sum of losses", [losses.Sum(x => (double)x)], [(float)totals.LossSum], 1e-7);
        }
    }

    // Batches of one group, of several rounds of a group, and of many groups.
    [Theory]
    [MemberData(nameof(TestDevices.All), MemberType = typeof(TestDevices))]
    public void RunAndCountEqualsRunThenAccumulate(string device)
    {
        using var oracle = new Oracle(device, seed: 54);
        foreach (var (batch, classes, topK) in new[] { (1, 2, 1), (4, 10, 5), (17, 10, 3), (150, 8, 2), (64, 17, 2), (9, 200, 50) })
        {
            var logits = oracle.Upload(oracle.Uniform(batch * classes, 0, 12).Select(MathF.Floor).ToArray());
            var labels = oracle.Labels(batch, classes);
            if (batch % 2 == 0) labels[batch / 2] = classes;
            var classLabels = oracle.Upload(labels);
            var (losses, separate) = (oracle.Output(batch), oracle.Output(batch));
            var (gradient, separateGradient) = (oracle.Output(batch * classes), oracle.Output(batch * classes));
            var (metrics, separateMetrics) = (Cleared(oracle), Cleared(oracle));
            for (var repeat = 0; repeat < 2; repeat++)
            {
                SoftmaxCrossEntropy.RunAndCount(oracle.Device, batch, classes, logits, classLabels, gradient, losses, metrics, topK, 0.1f);
                SoftmaxCrossEntropy.Run(oracle.Device, batch, classes, logits, classLabels, separateGradient, separate, 0.1f);
                Metrics.Accumulate(oracle.Device, batch, classes, logits, classLabels, separate, separateMetrics, topK);
            }

            Assert.Equal(oracle.Download(separate), oracle.Download(losses));
            Assert.Equal(oracle.Download(separateGradient), oracle.Download(gradient));
            var (expected, got) = (Metrics.Read(oracle.Device, separateMetrics), Metrics.Read(oracle.Device, metrics));
            Assert.Equal(batch % 2 == 0, double.IsNaN(got.LossSum));
            if (batch % 2 != 0) Assert.Equal(expected.LossSum, got.LossSum, 1e-6 * expected.LossSum);
            Assert.Equal(expected with { LossSum = 0 }, got with { LossSum = 0 });
        }

        Assert.Throws<ArgumentException>(() =>
        {
            var both = oracle.Upload(new float[8]);
            SoftmaxCrossEntropy.RunAndCount(oracle.Device, 2, 4, both, oracle.Upload(new int[2]), both, oracle.Output(2), Cleared(oracle), 1);
        });
    }

    [Theory]
    [MemberData(nameof(TestDevices.All), MemberType = typeof(TestDevices))]
    public void SumOverManyBatchesKeepsItsPrecision(string device)
    {
        using var oracle = new Oracle(device, seed: 52);
        var metrics = Cleared(oracle);
        var expected = 0.0;
        // A large loss first: a plain float sum would lose most digits of the later ones.
        foreach (var scale in Enumerable.Repeat(1e-3f, 40).Prepend(3e4f))
        {
            var losses = oracle.Uniform(130, 0, scale);
            expected += losses.Sum(x => (double)x);
            Metrics.AccumulateLosses(oracle.Device, 130, oracle.Upload(losses), metrics);
        }

        var totals = Metrics.Read(oracle.Device, metrics);
        Assert.Equal(41 * 130, totals.Samples);
        Assert.Equal(expected, totals.LossSum, expected * 1e-10);
    }

    [Theory]
    [MemberData(nameof(TestDevices.All), MemberType = typeof(TestDevices))]
    public void NaNIsNeverCorrectAndInfinityPropagates(string device)
    {
        using var oracle = new Oracle(device, seed: 53);
        var logits = new[]
        {
            float.NaN, float.NaN, float.NaN, // all NaN
            float.NaN, 1, 0, // NaN at the label
            5, float.NaN, 0, // NaN next to the label
            5, 4, 3, // an unknown label
            5, 4, 3, // right
        };
        var metrics = Cleared(oracle);
        Metrics.Accumulate(
            oracle.Device, 5, 3, oracle.Upload(logits), oracle.Upload([0, 0, 0, 3, 0]), oracle.Upload([1f, float.PositiveInfinity, 1f, 1f, 1f]), metrics, 3);
        var totals = Metrics.Read(oracle.Device, metrics);
        Assert.Equal(new MetricTotals(double.PositiveInfinity, 5, 1, 2), totals);
    }

    [Fact]
    public void InvalidArgumentsThrow()
    {
        using var device = new CpuDevice(threads: 1);
        using var memory = device.Allocate(MetricLayout.Words + 100);
        var v = memory.View;
        Assert.Contains("metrics must hold", Assert.Throws<ArgumentException>(() => Metrics.Reset(device, v)).Message);
        Assert.Throws<ArgumentOutOfRangeException>(() =>
            Metrics.Accumulate(device, 2, 5, v.First(10), v.First(2), v.First(2), v.First(MetricLayout.Words), topK: 0));
    }

    private static DeviceView Cleared(Oracle oracle)
    {
        // Reset clears only the counters; the rest stays NaN, so a result that depends on it fails.
        var metrics = oracle.Output(MetricLayout.Words);
        Metrics.Reset(oracle.Device, metrics);
        return metrics;
    }

    private static int Rank(float[] row, int label) =>
        row.Where((x, c) => x > row[label] || (x == row[label] && c < label)).Count();
}
