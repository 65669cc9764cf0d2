using Gpu.Kernels;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Segmentation;
using Gpu.Tests.Oracles;

namespace Gpu.Tests.Segmentation;

[OracleFor(typeof(PixelLossSums<,>), typeof(PixelLossFactors<,>), typeof(PixelLossGradient<,>), typeof(PixelLossTotal<,>))]
public class PixelLossTests
{
    private static readonly PixelLossTerms[] Terms =
    [
        new() { CrossEntropy = 1 }, new() { Dice = 1 }, new() { Focal = 1 }, new() { Focal = 1, FocalGamma = 1 }, new() { Focal = 1, FocalGamma = 3.5f },
        new() { CrossEntropy = 1, Dice = 1 }, new() { CrossEntropy = 0.5f, Dice = 2, Focal = 0.25f },
    ];

    [Theory]
    [MemberData(nameof(TestDevices.All), MemberType = typeof(TestDevices))]
    public void AgreesWithTheReference(string device)
    {
        using var oracle = new Oracle(device, seed: 81);
        foreach (var (batch, pixels, classes) in new[] { (1, 1, 2), (3, 65, 4), (2, 130, 3), (2, 40, 8), (1, 200, 17), (2, 33, 21), (1, 4200, 5) })
        {
            foreach (var terms in Terms)
            {
                var range = oracle.Pick(1f, 6f, 30f);
                var logits = oracle.Uniform(batch * pixels * classes, -range, range);
                var labels = oracle.Labels(batch * pixels, classes + 1).Select(label => label == classes ? PixelLoss.Void : label).ToArray();
                var weights = oracle.Pick(true, false) ? oracle.Uniform(classes, 0.2f, 3) : null;
                var (x, y, w) = (oracle.Upload(logits), oracle.Upload(labels), weights is null ? default : oracle.Upload(weights));
                var (gradient, losses) = (oracle.Output(logits.Length), oracle.Output(batch));
                var workspace = oracle.Output(PixelLoss.WorkspaceLength(batch, pixels, classes));
                PixelLoss.Run(oracle.Device, batch, pixels, classes, x, y, gradient, losses, workspace, terms, w);
                var (expectedLosses, expectedGradient) = Reference(batch, pixels, classes, logits, labels, terms, weights);
                var shape = $"{batch} x {pixels} x {classes}, {terms}, logits to {range}";
                oracle.Compare("pixel loss", expectedLosses, losses, 1e-5, floor: 1, shape: shape);
                oracle.Compare(
                    "pixel loss gradient", [.. expectedGradient.Select(g => g * batch * pixels)],
                    [.. oracle.Download(gradient).Select(g => g * batch * pixels)], 1e-5, floor: 1, shape: shape);

                // Evaluation computes no gradient and gives the same losses.
                var evaluated = oracle.Output(batch);
                PixelLoss.Run(oracle.Device, batch, pixels, classes, x, y, default, evaluated, workspace, terms, w);
                Assert.Equal(oracle.Download(losses), oracle.Download(evaluated));
            }
        }
    }

    [Theory]
    [MemberData(nameof(TestDevices.All), MemberType = typeof(TestDevices))]
    public void VoidImagesHaveNoLossAndOtherLabelsHaveNaN(string device)
    {
        using var oracle = new Oracle(device, seed: 82);
        const int pixels = 3, classes = 4;
        var logits = oracle.Uniform(4 * pixels * classes);
        logits[^1] = float.NaN;
        int[] labels = [255, 255, 255, 0, 1, 4, -1, 2, 255, 1, 2, 3];
        foreach (var terms in Terms)
        {
            var (gradient, losses) = (oracle.Output(logits.Length), oracle.Output(4));
            PixelLoss.Run(
                oracle.Device, 4, pixels, classes, oracle.Upload(logits), oracle.Upload(labels), gradient, losses,
                oracle.Output(PixelLoss.WorkspaceLength(4, pixels, classes)), terms);
            var got = oracle.Download(losses);
            Assert.Equal(0f, got[0]);
            Assert.All(got[1..], loss => Assert.True(float.IsNaN(loss)));
            Assert.All(oracle.Download(gradient)[..(pixels * classes)], g => Assert.Equal(0f, g));
        }
    }

    [Fact]
    public void ResultsDoNotDependOnThreads()
    {
        const int batch = 5, pixels = 777, classes = 6;
        var random = new Random(83);
        var logits = Enumerable.Range(0, batch * pixels * classes).Select(_ => random.NextSingle() * 10).ToArray();
        var labels = Enumerable.Range(0, batch * pixels).Select(_ => random.Next(classes)).ToArray();
        float[]? expected = null;
        foreach (var threads in new[] { 1, 2, 5 })
        {
            using var device = new CpuDevice(threads);
            using var memory = device.Allocate(2 * logits.Length + labels.Length + batch + PixelLoss.WorkspaceLength(batch, pixels, classes)
                + PixelConfusion.Words(classes));
            var at = 0;
            DeviceView Next(int words) => memory.View.Slice((at += words) - words, words);
            var (x, gradient, y, losses) = (Next(logits.Length), Next(logits.Length), Next(labels.Length), Next(batch));
            var (workspace, counters) = (Next(PixelLoss.WorkspaceLength(batch, pixels, classes)), Next(PixelConfusion.Words(classes)));
            device.Upload<float>(logits, x);
            device.Upload<int>(labels, y);
            PixelLoss.Run(device, batch, pixels, classes, x, y, gradient, losses, workspace, new PixelLossTerms { CrossEntropy = 1, Dice = 1 });
            PixelConfusion.Accumulate(device, batch * pixels, classes, x, y, counters);
            var words = new float[memory.Length];
            device.Download<float>(memory.View, words);
            expected ??= words;
            Assert.True(expected.AsSpan().SequenceEqual(words), $"{threads} threads gave other bits than one");
        }
    }

    [Fact]
    public void InvalidArgumentsThrow()
    {
        using var device = new CpuDevice(threads: 1);
        using var memory = device.Allocate(1000);
        var v = memory.View;
        void Run(int classes, PixelLossTerms terms, int labels = 4) => PixelLoss.Run(
            device, 2, 2, classes, v.First(4 * classes), v.Slice(100, labels), default, v.Slice(200, 2),
            v.Slice(300, PixelLoss.WorkspaceLength(2, 2, classes)), terms);
        Run(3, new PixelLossTerms { Dice = 1 });
        Assert.Throws<ArgumentOutOfRangeException>(() => Run(1, new PixelLossTerms { Dice = 1 }));
        Assert.Contains("at least one", Assert.Throws<ArgumentException>(() => Run(3, new PixelLossTerms())).Message, StringComparison.Ordinal);
        Assert.Contains("gamma must be 1", Assert.Throws<ArgumentOutOfRangeException>(
            () => Run(3, new PixelLossTerms { Focal = 1, FocalGamma = 0.5f })).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => Run(3, new PixelLossTerms { Focal = float.NaN }));
        Assert.Throws<ArgumentException>(() => Run(3, new PixelLossTerms { Dice = 1 }, labels: 3));
    }

    // The formulas in double precision; the gradient of the focal loss and of Dice by the chain rule over the whole Jacobian of softmax.
    private static (double[] Losses, double[] Gradient) Reference(
        int batch, int pixels, int classes, float[] logits, int[] labels, PixelLossTerms terms, float[]? weights)
    {
        var losses = new double[batch];
        var gradient = new double[logits.Length];
        double Weight(int c) => weights?[c] ?? 1;
        for (var n = 0; n < batch; n++)
        {
            var counted = Enumerable.Range(n * pixels, pixels).Where(pixel => labels[pixel] != PixelLoss.Void).ToArray();
            if (counted.Length == 0) continue;
            var p = counted.ToDictionary(pixel => pixel, pixel => Softmax(logits.AsSpan(pixel * classes, classes)));
            var derivative = counted.ToDictionary(pixel => pixel, _ => new double[classes]);
            foreach (var pixel in counted)
            {
                var y = labels[pixel];
                var (right, factor) = (p[pixel][y], Weight(y) / counted.Length);
                // 1 - p without cancellation.
                var q = p[pixel].Where((_, c) => c != y).Sum();
                losses[n] -= factor * (terms.CrossEntropy + terms.Focal * Math.Pow(q, terms.FocalGamma)) * Math.Log(right);
                derivative[pixel][y] -= factor * terms.CrossEntropy / right;
                derivative[pixel][y] += factor * terms.Focal
                    * (terms.FocalGamma * Math.Pow(q, terms.FocalGamma - 1) * Math.Log(right) - Math.Pow(q, terms.FocalGamma) / right);
            }

            var total = Enumerable.Range(0, classes).Sum(Weight);
            for (var c = 0; c < classes; c++)
            {
                var own = counted.Where(pixel => labels[pixel] == c).ToArray();
                var (top, bottom) = (2 * own.Sum(pixel => p[pixel][c]) + 1, counted.Sum(pixel => p[pixel][c]) + own.Length + 1);
                losses[n] += terms.Dice * Weight(c) / total * (1 - top / bottom);
                foreach (var pixel in counted)
                    derivative[pixel][c] -= terms.Dice * Weight(c) / total * ((labels[pixel] == c ? 2 : 0) * bottom - top) / (bottom * bottom);
            }

            foreach (var pixel in counted)
                for (var k = 0; k < classes; k++)
                    for (var c = 0; c < classes; c++)
                        gradient[pixel * classes + k] += derivative[pixel][c] * p[pixel][c] * ((c == k ? 1 : 0) - p[pixel][k]) / batch;
        }

        return (losses, gradient);
    }

    private static double[] Softmax(ReadOnlySpan<float> logits)
    {
        var p = new double[logits.Length];
        var largest = double.NegativeInfinity;
        foreach (var x in logits) largest = Math.Max(largest, x);
        for (var c = 0; c < p.Length; c++) p[c] = Math.Exp(logits[c] - largest);
        var sum = p.Sum();
        for (var c = 0; c < p.Length; c++) p[c] /= sum;
        return p;
    }
}
