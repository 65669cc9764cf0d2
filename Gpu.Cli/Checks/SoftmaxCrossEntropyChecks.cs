using Gpu.Kernels;
using Gpu.Kernels.Devices;

namespace Gpu.Cli.Checks;

/// <summary>Checks of softmax cross-entropy.</summary>
internal static class SoftmaxCrossEntropyChecks
{
    [OperationCheck("softmax cross-entropy", 31)]
    public static void AgreesWithTheReference(Checker checker)
    {
        foreach (var classes in new[] { 2, 3, 4, 5, 10, 15, 16, 17, 32, 48, 100, 1000 })
        {
            foreach (var smoothing in new[] { 0f, 0.1f, 1f })
            {
                var batch = classes > 50 ? 3 : checker.Pick(1, 2, 5, 17);
                var range = checker.Pick(1f, 8f, 60f);
                var logits = checker.Uniform(batch * classes, -range, range);
                var labels = checker.Labels(batch, classes);
                var losses = checker.Output(batch);
                var gradient = checker.Output(batch * classes);
                SoftmaxCrossEntropy.Run(checker.Device, batch, classes, checker.Upload(logits), checker.Upload(labels), gradient, losses, smoothing);
                var (expectedLosses, expectedGradient) = Reference(batch, classes, logits, labels, smoothing);
                var shape = $"{batch} x {classes}, smoothing {smoothing}, logits to {range}";
                checker.Compare("softmax cross-entropy", expectedLosses, losses, 2e-6, floor: 1, shape: shape);
                checker.Compare(
                    "softmax cross-entropy gradient", [.. expectedGradient.Select(g => g * batch)], [.. checker.Download(gradient).Select(g => g * batch)],
                    2e-6, floor: 1, shape: shape);

                // Evaluation computes no gradient and gives the same losses.
                var evaluated = checker.Output(batch);
                SoftmaxCrossEntropy.Run(checker.Device, batch, classes, checker.Upload(logits), checker.Upload(labels), default, evaluated, smoothing);
                Require.Equal(checker.Download(losses), checker.Download(evaluated));

                // In place.
                var both = checker.Upload(logits);
                SoftmaxCrossEntropy.Run(checker.Device, batch, classes, both, checker.Upload(labels), both, evaluated, smoothing);
                Require.Equal(checker.Download(gradient), checker.Download(both));
                Require.Equal(checker.Download(losses), checker.Download(evaluated));
            }
        }
    }

    [OperationCheck("class weights", 35)]
    public static void ClassWeightsScaleLossAndGradientOfASample(Checker checker)
    {
        foreach (var classes in new[] { 2, 10, 17 })
        {
            const int batch = 9;
            var logits = checker.Uniform(batch * classes, -4, 4);
            var labels = checker.Labels(batch, classes);
            var weights = checker.Uniform(classes, 0, 3);
            var (losses, gradient) = (checker.Output(batch), checker.Output(batch * classes));
            SoftmaxCrossEntropy.Run(
                checker.Device, batch, classes, checker.Upload(logits), checker.Upload(labels), gradient, losses, 0.1f, checker.Upload(weights));
            var (expectedLosses, expectedGradient) = Reference(batch, classes, logits, labels, 0.1f);
            checker.Compare("weighted losses", [.. expectedLosses.Select((loss, n) => loss * weights[labels[n]])], losses, 2e-6, floor: 1);
            checker.Compare(
                "weighted gradient", [.. expectedGradient.Select((g, i) => g * weights[labels[i / classes]] * batch)],
                [.. checker.Download(gradient).Select(g => g * batch)], 4e-6, floor: 1);
        }

        Require.Throws<ArgumentException>(() => SoftmaxCrossEntropy.Run(
            checker.Device, 2, 3, checker.Output(6), checker.Upload(new int[2]), default, checker.Output(2), 0f, checker.Output(2)));
    }

    [OperationCheck("mixed labels", 36)]
    public static void TwoLabelsMixTheirLossesAndGradients(Checker checker)
    {
        foreach (var classes in new[] { 2, 10, 17 })
        {
            foreach (var smoothing in new[] { 0f, 0.1f, 1f })
            {
                const int batch = 9;
                var logits = checker.Uniform(batch * classes, -4, 4);
                var (first, second, shares) = (checker.Labels(batch, classes), checker.Labels(batch, classes), checker.Uniform(batch, 0, 1));
                (shares[0], shares[1], second[2]) = (0, 1, first[2]);
                foreach (var weights in new[] { null, checker.Uniform(classes, 0, 3) })
                {
                    var (losses, gradient) = (checker.Output(batch), checker.Output(batch * classes));
                    void Run(DeviceView target, DeviceView into) => SoftmaxCrossEntropy.RunMixed(
                        checker.Device, batch, classes, checker.Upload(logits), checker.Upload(first), checker.Upload(second),
                        checker.Upload(shares), target, into,
                        smoothing, weights is null ? default : checker.Upload(weights));
                    Run(gradient, losses);
                    var (a, b) = (Reference(batch, classes, logits, first, smoothing), Reference(batch, classes, logits, second, smoothing));
                    double Share(int n) => shares[n] * (weights?[first[n]] ?? 1.0);
                    double Other(int n) => (1.0 - shares[n]) * (weights?[second[n]] ?? 1.0);
                    checker.Compare(
                        "mixed losses", [.. a.Losses.Select((loss, n) => Share(n) * loss + Other(n) * b.Losses[n])], losses, 2e-6, floor: 1);
                    checker.Compare(
                        "mixed gradient", [.. a.Gradient.Select((g, i) => batch * (Share(i / classes) * g + Other(i / classes) * b.Gradient[i]))],
                        [.. checker.Download(gradient).Select(g => g * batch)], 4e-6, floor: 1);
                    // Evaluation computes no gradient and gives the same losses.
                    var evaluated = checker.Output(batch);
                    Run(default, evaluated);
                    Require.Equal(checker.Download(losses), checker.Download(evaluated));
                }
            }
        }

        // An invalid label of either kind gives the loss NaN and the gradient 0.
        var (invalid, zeros) = (checker.Output(3), checker.Output(12));
        SoftmaxCrossEntropy.RunMixed(
            checker.Device, 3, 4, checker.Upload(checker.Uniform(12)), checker.Upload([0, -1, 2]), checker.Upload([4, 1, 3]),
            checker.Upload([0.5f, 0.5f, 0.5f]),
            zeros, invalid);
        Require.Equal([true, true, false], checker.Download(invalid).Select(float.IsNaN));
        Require.All(checker.Download(zeros)[..8], g => Require.Equal(0f, g));
    }

    [OperationCheck("invalid labels", 32)]
    public static void AnInvalidLabelGivesNaNLossAndZeroGradient(Checker checker)
    {
        foreach (var classes in new[] { 4, 10, 17 })
        {
            int[] labels = [0, -1, classes, int.MaxValue, int.MinValue, classes - 1];
            var losses = checker.Output(labels.Length);
            var gradient = checker.Output(labels.Length * classes);
            SoftmaxCrossEntropy.Run(
                checker.Device, labels.Length, classes, checker.Upload(checker.Uniform(labels.Length * classes)), checker.Upload(labels), gradient,
                losses, 0.1f);
            Require.Equal([false, true, true, true, true, false], checker.Download(losses).Select(float.IsNaN));
            var rows = checker.Download(gradient).Chunk(classes).ToArray();
            for (var row = 1; row < 5; row++) Require.All(rows[row], g => Require.Equal(0f, g));
            Require.All(rows[0].Concat(rows[5]), g => Require.NotEqual(0f, g));
        }
    }

    [OperationCheck("softmax of NaN", 33)]
    public static void NaNAndInfinityGiveNaNLosses(Checker checker)
    {
        foreach (var classes in new[] { 10, 20 })
        {
            var logits = checker.Uniform(4 * classes);
            logits[3] = float.NaN;
            logits[classes + 3] = float.PositiveInfinity;
            logits[2 * classes + 3] = float.NegativeInfinity;
            for (var c = 0; c < classes; c++) logits[3 * classes + c] = float.NegativeInfinity;
            var losses = checker.Output(4);
            var gradient = checker.Output(4 * classes);
            SoftmaxCrossEntropy.Run(checker.Device, 4, classes, checker.Upload(logits), checker.Upload(new int[4]), gradient, losses);
            Require.Equal([true, true, false, true], checker.Download(losses).Select(float.IsNaN));
            // A class with logit -infinity that is not the label adds nothing to the loss.
            var (expected, _) = Reference(1, classes, logits[(2 * classes)..(3 * classes)], [0], 0);
            checker.Compare("softmax cross-entropy", expected, [checker.Download(losses)[2]], 1e-6);
            Require.Equal(0f, checker.Download(gradient)[2 * classes + 3], 1e-30f);
        }
    }

    // PyTorch's CrossEntropyLoss: the target is (1 - s) [class = label] + s / classes.
    internal static (double[] Losses, double[] Gradient) Reference(int batch, int classes, float[] logits, int[] labels, double smoothing)
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
