using Gpu.Kernels;

namespace Gpu.Cli.Checks;

/// <summary>Checks of loss of pixels.</summary>
internal static class PixelLossChecks
{
    internal static readonly PixelLossTerms[] Terms =
    [
        new() { CrossEntropy = 1 }, new() { Dice = 1 }, new() { Focal = 1 }, new() { Focal = 1, FocalGamma = 1 }, new() { Focal = 1, FocalGamma = 3.5f },
        new() { CrossEntropy = 1, Dice = 1 }, new() { CrossEntropy = 0.5f, Dice = 2, Focal = 0.25f },
    ];

    [OperationCheck("loss of pixels", 81)]
    public static void AgreesWithTheReference(Checker checker)
    {
        foreach (var (batch, pixels, classes) in new[] { (1, 1, 2), (3, 65, 4), (2, 130, 3), (2, 40, 8), (1, 200, 17), (2, 33, 21), (1, 4200, 5) })
        {
            foreach (var terms in Terms)
            {
                var range = checker.Pick(1f, 6f, 30f);
                var logits = checker.Uniform(batch * pixels * classes, -range, range);
                var labels = checker.Labels(batch * pixels, classes + 1).Select(label => label == classes ? PixelLoss.Void : label).ToArray();
                var weights = checker.Pick(true, false) ? checker.Uniform(classes, 0.2f, 3) : null;
                var (x, y, w) = (checker.Upload(logits), checker.Upload(labels), weights is null ? default : checker.Upload(weights));
                var (gradient, losses) = (checker.Output(logits.Length), checker.Output(batch));
                var workspace = checker.Output(PixelLoss.WorkspaceLength(batch, pixels, classes));
                PixelLoss.Run(checker.Device, batch, pixels, classes, x, y, gradient, losses, workspace, terms, w);
                var (expectedLosses, expectedGradient) = Reference(batch, pixels, classes, logits, labels, terms, weights);
                var shape = $"{batch} x {pixels} x {classes}, {terms}, logits to {range}";
                checker.Compare("pixel loss", expectedLosses, losses, 1e-5, floor: 1, shape: shape);
                checker.Compare(
                    "pixel loss gradient", [.. expectedGradient.Select(g => g * batch * pixels)],
                    [.. checker.Download(gradient).Select(g => g * batch * pixels)], 1e-5, floor: 1, shape: shape);

                // Evaluation computes no gradient and gives the same losses.
                var evaluated = checker.Output(batch);
                PixelLoss.Run(checker.Device, batch, pixels, classes, x, y, default, evaluated, workspace, terms, w);
                Require.Equal(checker.Download(losses), checker.Download(evaluated));
            }
        }
    }

    [OperationCheck("loss of void and invalid pixels", 82)]
    public static void VoidImagesHaveNoLossAndOtherLabelsHaveNaN(Checker checker)
    {
        const int pixels = 3, classes = 4;
        var logits = checker.Uniform(4 * pixels * classes);
        logits[^1] = float.NaN;
        int[] labels = [255, 255, 255, 0, 1, 4, -1, 2, 255, 1, 2, 3];
        foreach (var terms in Terms)
        {
            var (gradient, losses) = (checker.Output(logits.Length), checker.Output(4));
            PixelLoss.Run(
                checker.Device, 4, pixels, classes, checker.Upload(logits), checker.Upload(labels), gradient, losses,
                checker.Output(PixelLoss.WorkspaceLength(4, pixels, classes)), terms);
            var got = checker.Download(losses);
            Require.Equal(0f, got[0]);
            Require.All(got[1..], loss => Require.True(float.IsNaN(loss)));
            Require.All(checker.Download(gradient)[..(pixels * classes)], g => Require.Equal(0f, g));
        }
    }

    // The formulas in double precision; the gradient of the focal loss and of Dice by the chain rule over the whole Jacobian of softmax.
    internal static (double[] Losses, double[] Gradient) Reference(
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

    internal static double[] Softmax(ReadOnlySpan<float> logits)
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
