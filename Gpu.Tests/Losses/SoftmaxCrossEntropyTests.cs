using Gpu.Kernels;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Losses;
using Gpu.Tests.Oracles;

namespace Gpu.Tests.Losses;

[OracleFor(typeof(SoftmaxCrossEntropyKernel<,>), typeof(GroupedSoftmaxCrossEntropy<,>), typeof(MixedLabels<,>))]
public class SoftmaxCrossEntropyTests
{
    [Theory]
    [MemberData(nameof(TestDevices.All), MemberType = typeof(TestDevices))]
    public void AgreesWithTheReference(string device)
    {
        using var oracle = new Oracle(device, seed: 31);
        foreach (var classes in new[] { 2, 3, 4, 5, 10, 15, 16, 17, 32, 48, 100, 1000 })
        {
            foreach (var smoothing in new[] { 0f, 0.1f, 1f })
            {
                var batch = classes > 50 ? 3 : oracle.Pick(1, 2, 5, 17);
                var range = oracle.Pick(1f, 8f, 60f);
                var logits = oracle.Uniform(batch * classes, -range, range);
                var labels = oracle.Labels(batch, classes);
                var losses = oracle.Output(batch);
                var gradient = oracle.Output(batch * classes);
                SoftmaxCrossEntropy.Run(oracle.Device, batch, classes, oracle.Upload(logits), oracle.Upload(labels), gradient, losses, smoothing);
                var (expectedLosses, expectedGradient) = Reference(batch, classes, logits, labels, smoothing);
                var shape = $"{batch} x {classes}, smoothing {smoothing}, logits to {range}";
                oracle.Compare("softmax cross-entropy", expectedLosses, losses, 2e-6, floor: 1, shape: shape);
                oracle.Compare(
                    "softmax cross-entropy gradient", [.. expectedGradient.Select(g => g * batch)], [.. oracle.Download(gradient).Select(g => g * batch)],
                    2e-6, floor: 1, shape: shape);

                // Evaluation computes no gradient and gives the same losses.
                var evaluated = oracle.Output(batch);
                SoftmaxCrossEntropy.Run(oracle.Device, batch, classes, oracle.Upload(logits), oracle.Upload(labels), default, evaluated, smoothing);
                Assert.Equal(oracle.Download(losses), oracle.Download(evaluated));

                // In place.
                var both = oracle.Upload(logits);
                SoftmaxCrossEntropy.Run(oracle.Device, batch, classes, both, oracle.Upload(labels), both, evaluated, smoothing);
                Assert.Equal(oracle.Download(gradient), oracle.Download(both));
                Assert.Equal(oracle.Download(losses), oracle.Download(evaluated));
            }
        }
    }

    [Theory]
    [MemberData(nameof(TestDevices.All), MemberType = typeof(TestDevices))]
    public void ClassWeightsScaleLossAndGradientOfASample(string device)
    {
        using var oracle = new Oracle(device, seed: 35);
        foreach (var classes in new[] { 2, 10, 17 })
        {
            const int batch = 9;
            var logits = oracle.Uniform(batch * classes, -4, 4);
            var labels = oracle.Labels(batch, classes);
            var weights = oracle.Uniform(classes, 0, 3);
            var (losses, gradient) = (oracle.Output(batch), oracle.Output(batch * classes));
            SoftmaxCrossEntropy.Run(
                oracle.Device, batch, classes, oracle.Upload(logits), oracle.Upload(labels), gradient, losses, 0.1f, oracle.Upload(weights));
            var (expectedLosses, expectedGradient) = Reference(batch, classes, logits, labels, 0.1f);
            oracle.Compare("weighted losses", [.. expectedLosses.Select((loss, n) => loss * weights[labels[n]])], losses, 2e-6, floor: 1);
            oracle.Compare(
                "weighted gradient", [.. expectedGradient.Select((g, i) => g * weights[labels[i / classes]] * batch)],
                [.. oracle.Download(gradient).Select(g => g * batch)], 4e-6, floor: 1);
        }

        Assert.Throws<ArgumentException>(() => SoftmaxCrossEntropy.Run(
            oracle.Device, 2, 3, oracle.Output(6), oracle.Upload(new int[2]), default, oracle.Output(2), 0f, oracle.Output(2)));
    }

    [Theory]
    [MemberData(nameof(TestDevices.All), MemberType = typeof(TestDevices))]
    public void TwoLabelsMixTheirLossesAndGradients(string device)
    {
        using var oracle = new Oracle(device, seed: 36);
        foreach (var classes in new[] { 2, 10, 17 })
        {
            foreach (var smoothing in new[] { 0f, 0.1f, 1f })
            {
                const int batch = 9;
                var logits = oracle.Uniform(batch * classes, -4, 4);
                var (first, second, shares) = (oracle.Labels(batch, classes), oracle.Labels(batch, classes), oracle.Uniform(batch, 0, 1));
                (shares[0], shares[1], second[2]) = (0, 1, first[2]);
                foreach (var weights in new[] { null, oracle.Uniform(classes, 0, 3) })
                {
                    var (losses, gradient) = (oracle.Output(batch), oracle.Output(batch * classes));
                    void Run(DeviceView target, DeviceView into) => SoftmaxCrossEntropy.RunMixed(
                        oracle.Device, batch, classes, oracle.Upload(logits), oracle.Upload(first), oracle.Upload(second), oracle.Upload(shares), target, into,
                        smoothing, weights is null ? default : oracle.Upload(weights));
                    Run(gradient, losses);
                    var (a, b) = (Reference(batch, classes, logits, first, smoothing), Reference(batch, classes, logits, second, smoothing));
                    double Share(int n) => shares[n] * (weights?[first[n]] ?? 1.0);
                    double Other(int n) => (1.0 - shares[n]) * (weights?[second[n]] ?? 1.0);
                    oracle.Compare(
                        "mixed losses", [.. a.Losses.Select((loss, n) => Share(n) * loss + Other(n) * b.Losses[n])], losses, 2e-6, floor: 1);
                    oracle.Compare(
                        "mixed gradient", [.. a.Gradient.Select((g, i) => batch * (Share(i / classes) * g + Other(i / classes) * b.Gradient[i]))],
                        [.. oracle.Download(gradient).Select(g => g * batch)], 4e-6, floor: 1);
                    // Evaluation computes no gradient and gives the same losses.
                    var evaluated = oracle.Output(batch);
                    Run(default, evaluated);
                    Assert.Equal(oracle.Download(losses), oracle.Download(evaluated));
                }
            }
        }

        // An invalid label of either kind gives the loss NaN and the gradient 0.
        var (invalid, zeros) = (oracle.Output(3), oracle.Output(12));
        SoftmaxCrossEntropy.RunMixed(
            oracle.Device, 3, 4, oracle.Upload(oracle.Uniform(12)), oracle.Upload([0, -1, 2]), oracle.Upload([4, 1, 3]), oracle.Upload([0.5f, 0.5f, 0.5f]),
            zeros, invalid);
        Assert.Equal([true, true, false], oracle.Download(invalid).Select(float.IsNaN));
        Assert.All(oracle.Download(zeros)[..8], g => Assert.Equal(0f, g));
    }

    [Theory]
    [MemberData(nameof(TestDevices.All), MemberType = typeof(TestDevices))]
    public void AnInvalidLabelGivesNaNLossAndZeroGradient(string device)
    {
        using var oracle = new Oracle(device, seed: 32);
        foreach (var classes in new[] { 4, 10, 17 })
        {
            int[] labels = [0, -1, classes, int.MaxValue, int.MinValue, classes - 1];
            var losses = oracle.Output(labels.Length);
            var gradient = oracle.Output(labels.Length * classes);
            SoftmaxCrossEntropy.Run(
                oracle.Device, labels.Length, classes, oracle.Upload(oracle.Uniform(labels.Length * classes)), oracle.Upload(labels), gradient, losses, 0.1f);
            Assert.Equal([false, true, true, true, true, false], oracle.Download(losses).Select(float.IsNaN));
            var rows = oracle.Download(gradient).Chunk(classes).ToArray();
            for (var row = 1; row < 5; row++) Assert.All(rows[row], g => Assert.Equal(0f, g));
            Assert.All(rows[0].Concat(rows[5]), g => Assert.NotEqual(0f, g));
        }
    }

    [Theory]
    [MemberData(nameof(TestDevices.All), MemberType = typeof(TestDevices))]
    public void NaNAndInfinityGiveNaNLosses(string device)
    {
        using var oracle = new Oracle(device, seed: 33);
        foreach (var classes in new[] { 10, 20 })
        {
            var logits = oracle.Uniform(4 * classes);
            logits[3] = float.NaN;
            logits[classes + 3] = float.PositiveInfinity;
            logits[2 * classes + 3] = float.NegativeInfinity;
            for (var c = 0; c < classes; c++) logits[3 * classes + c] = float.NegativeInfinity;
            var losses = oracle.Output(4);
            var gradient = oracle.Output(4 * classes);
            SoftmaxCrossEntropy.Run(oracle.Device, 4, classes, oracle.Upload(logits), oracle.Upload(new int[4]), gradient, losses);
            Assert.Equal([true, true, false, true], oracle.Download(losses).Select(float.IsNaN));
            // A class with logit -infinity that is not the label adds nothing to the loss.
            var (expected, _) = Reference(1, classes, logits[(2 * classes)..(3 * classes)], [0], 0);
            oracle.Compare("softmax cross-entropy", expected, [oracle.Download(losses)[2]], 1e-6);
            Assert.Equal(0f, oracle.Download(gradient)[2 * classes + 3], 1e-30f);
        }
    }

    [Fact]
    public void ResultsDoNotDependOnThreads()
    {
        const int batch = 509, classes = 37;
        var random = new Random(34);
        var logits = Enumerable.Range(0, batch * classes).Select(_ => random.NextSingle() * 10).ToArray();
        var labels = Enumerable.Range(0, batch).Select(_ => random.Next(classes)).ToArray();
        float[]? expected = null;
        foreach (var threads in new[] { 1, 2, 3, 5 })
        {
            using var device = new CpuDevice(threads);
            using var memory = device.Allocate(2 * batch * classes + 2 * batch + MetricLayout.Words);
            var view = memory.View;
            var x = view.First(batch * classes);
            var gradient = view.Slice(x.Length, x.Length);
            var y = view.Slice(2 * x.Length, batch);
            var losses = view.Slice(2 * x.Length + batch, batch);
            var metrics = view.Slice(2 * x.Length + 2 * batch, MetricLayout.Words);
            device.Upload<float>(logits, x);
            device.Upload<int>(labels, y);
            SoftmaxCrossEntropy.Run(device, batch, classes, x, y, gradient, losses, 0.1f);
            Metrics.Accumulate(device, batch, classes, x, y, losses, metrics, 5);
            var words = new float[memory.Length];
            device.Download<float>(view, words);
            expected ??= words;
            Assert.True(expected.AsSpan().SequenceEqual(words), $"{threads} threads gave other bits than one");
        }
    }

    [Fact]
    public void InvalidArgumentsThrow()
    {
        using var device = new CpuDevice(threads: 1);
        using var memory = device.Allocate(100);
        var v = memory.View;
        void Run(int batch, int classes, int logits, float smoothing = 0) =>
            SoftmaxCrossEntropy.Run(device, batch, classes, v.First(logits), v.First(batch), default, v.First(batch), smoothing);
        Assert.Contains("logits must hold 20", Assert.Throws<ArgumentException>(() => Run(2, 10, 19)).Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => Run(2, 1, 2));
        Assert.Contains("between 0 and 1", Assert.Throws<ArgumentOutOfRangeException>(() => Run(2, 10, 20, 1.5f)).Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => Run(2, 10, 20, float.NaN));
    }

    // PyTorch's CrossEntropyLoss: the target is (1 - s) [class = label] + s / classes.
    private static (double[] Losses, double[] Gradient) Reference(int batch, int classes, float[] logits, int[] labels, double smoothing)
    {
        var losses = new double[batch];
        var gradient = new double[batch * classes];
        for (var n = 0; n < batch; n++)
        {
            var row = logits.Skip(n * classes).Take(classes).Select(x => (double)x).ToArray();
            var largest = row.Max();
            var logSum = largest + Math.Log(row.Sum(x => Math.Exp(x - largest)));
            for (var c = 0; c < classes; c++)
            {
                var target = (c == labels[n] ? 1 - smoothing : 0) + smoothing / classes;
                if (target != 0) losses[n] -= target * (row[c] - logSum);
                gradient[n * classes + c] = (Math.Exp(row[c] - logSum) - target) / batch;
            }
        }

        return (losses, gradient);
    }
}
