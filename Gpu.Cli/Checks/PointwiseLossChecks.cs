using Gpu.Cli.Checks.References;
using Gpu.Kernels;

namespace Gpu.Cli.Checks;

/// <summary>Checks of mean squared error.</summary>
internal static class PointwiseLossChecks
{
    internal static readonly (int Batch, int Outputs)[] Shapes = [(1, 1), (3, 1), (5, 2), (1, 16), (4, 17), (2, 28), (3, 48), (2, 784), (1, 5003)];

    [OperationCheck("mean squared error", 41)]
    public static void MeanSquaredErrorAgreesWithTheReference(Checker checker)
    {
        foreach (var (batch, outputs) in Shapes)
        {
            foreach (var gate in new[] { Activation.None, Activation.Relu })
            {
                var count = batch * outputs;
                var prediction = checker.Uniform(count, -3, 3).Select(z => (float)ActivationReference.Value(gate, z)).ToArray();
                var target = checker.Uniform(count, -3, 3);
                var losses = checker.Output(batch);
                var gradient = checker.Output(count);
                MeanSquaredError.Run(checker.Device, batch, outputs, checker.Upload(prediction), checker.Upload(target), gradient, losses, gate);
                var expected = Enumerable.Range(0, batch)
                    .Select(n => Enumerable.Range(n * outputs, outputs).Average(i => Math.Pow((double)prediction[i] - target[i], 2)));
                checker.Compare("mean squared error", [.. expected], losses, 1e-6, shape: $"{batch} x {outputs}");
                var expectedGradient = prediction.Select((p, i) => 2.0 * (p - target[i]) / count * (gate.Kind == ActivationKind.Identity || p > 0 ? 1 : 0));
                checker.Compare("mean squared error gradient", [.. expectedGradient], gradient, 1e-6, 1e-9, $"{batch} x {outputs}");

                var evaluated = checker.Output(batch);
                MeanSquaredError.Run(checker.Device, batch, outputs, checker.Upload(prediction), checker.Upload(target), default, evaluated, gate);
                Require.Equal(checker.Download(losses), checker.Download(evaluated));

                // With a factor of 1/2 everything is half of it, exactly.
                var (halfLosses, halfGradient) = (checker.Output(batch), checker.Output(count));
                MeanSquaredError.Run(
                    checker.Device, batch, outputs, checker.Upload(prediction), checker.Upload(target), halfGradient, halfLosses, gate, factor: 0.5f);
                checker.Compare("half squared error", [.. checker.Download(losses).Select(x => x / 2.0)], halfLosses, 1e-6);
                checker.Compare("half squared error gradient", [.. checker.Download(gradient).Select(x => x / 2.0)], halfGradient, 1e-6, 1e-9);
            }
        }
    }

    [OperationCheck("binary cross-entropy", 42)]
    public static void BinaryCrossEntropyAgreesWithTheReference(Checker checker)
    {
        foreach (var (batch, outputs) in Shapes)
        {
            foreach (var range in new[] { 2f, 80f })
            {
                var count = batch * outputs;
                var logits = checker.Uniform(count, -range, range);
                var target = checker.Uniform(count, 0, 1).Select(t => t < 0.3f ? 0f : t > 0.7f ? 1f : t).ToArray();
                var losses = checker.Output(batch);
                var gradient = checker.Output(count);
                BinaryCrossEntropy.Run(checker.Device, batch, outputs, checker.Upload(logits), checker.Upload(target), gradient, losses);
                var expected = Enumerable.Range(0, batch).Select(n => Enumerable.Range(n * outputs, outputs).Average(i => Loss(logits[i], target[i])));
                checker.Compare("binary cross-entropy", [.. expected], losses, 1e-6, 1e-30, $"{batch} x {outputs}");
                var expectedGradient = logits.Select((x, i) => (1 / (1 + Math.Exp(-(double)x)) - target[i]) / count);
                checker.Compare("binary cross-entropy gradient", [.. expectedGradient], gradient, 1e-6, 1e-9, $"{batch} x {outputs}");

                var both = checker.Upload(logits);
                BinaryCrossEntropy.Run(checker.Device, batch, outputs, both, checker.Upload(target), both, losses);
                Require.Equal(checker.Download(gradient), checker.Download(both));
            }
        }
    }

    [OperationCheck("small binary cross-entropy", 43)]
    public static void SmallBinaryCrossEntropyIsAccurate(Checker checker)
    {
        foreach (var x in new[] { -5f, -9f, -14f, -20f, -60f })
        {
            var losses = checker.Output(1);
            BinaryCrossEntropy.Run(checker.Device, 1, 1, checker.Upload([x]), checker.Upload([0f]), default, losses);
            checker.Compare("binary cross-entropy, small", [Math.Exp(x) * (1 - Math.Exp(x) / 2 + Math.Exp(2 * x) / 3)], losses, 1e-6, 1e-30, $"logit {x}");
        }
    }

    [OperationCheck("losses of NaN", 44)]
    public static void NaNPropagates(Checker checker)
    {
        var (losses, gradient) = (checker.Output(1), checker.Output(3));
        var values = checker.Upload([1f, float.NaN, 2f]);
        BinaryCrossEntropy.Run(checker.Device, 1, 3, values, checker.Upload([0f, 1f, 1f]), gradient, losses);
        Require.True(float.IsNaN(checker.Download(losses)[0]));
        Require.Equal([false, true, false], checker.Download(gradient).Select(float.IsNaN));
        MeanSquaredError.Run(checker.Device, 1, 3, values, checker.Upload([0f, 1f, 1f]), gradient, losses);
        Require.True(float.IsNaN(checker.Download(losses)[0]));
        Require.Equal([false, true, false], checker.Download(gradient).Select(float.IsNaN));
    }

    internal static double Loss(double x, double target) => Math.Max(x, 0) - x * target + LogOnePlus(Math.Exp(-Math.Abs(x)));

    internal static double LogOnePlus(double e) => e < 1e-5 ? e - e * e / 2 : Math.Log(1 + e);
}
