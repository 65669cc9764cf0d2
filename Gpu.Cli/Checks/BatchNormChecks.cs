using Gpu.Cli.Checks.References;
using Gpu.Kernels;

namespace Gpu.Cli.Checks;

/// <summary>Checks of batch norm.</summary>
internal static class BatchNormChecks
{
    internal const float Momentum = 0.1f;

    internal const float Epsilon = 1e-5f;

    [OperationCheck("batch norm", 21)]
    public static void AgreesWithTheReference(Checker checker)
    {
        foreach (var channels in new[] { 1, 3, 5, 10, 16, 17, 28, 30, 32, 48, 64, 80 })
        {
            // Barriers are slow in the simulator, so grouped kernels get fewer rows.
            foreach (var rows in new[] { 2, 7, 61, checker.Next(100, checker.IsSlow ? 300 : 700) })
            {
                var (kind, gate) = (checker.Pick(Enum.GetValues<ActivationKind>()), checker.Pick(ActivationKind.Identity, ActivationKind.Relu));
                Check(checker, rows, channels, kind, gate, checker.Pick(false, true));
            }
        }
    }

    [OperationCheck("batch norm, fused activations", 22)]
    public static void EveryActivationIsFused(Checker checker)
    {
        foreach (var kind in Enum.GetValues<ActivationKind>()) Check(checker, 40, 20, kind, ActivationKind.Identity, false);
    }

    [OperationCheck("batch norm far from zero", 23)]
    public static void VarianceIsAccurateFarFromZero(Checker checker)
    {
        Check(checker, checker.IsSlow ? 1000 : 5000, 6, ActivationKind.Identity, ActivationKind.Identity, false, offset: 1000, tolerance: 2e-4);
    }

    [OperationCheck("batch norm of a constant channel", 24)]
    public static void AConstantChannelIsNormalizedToBeta(Checker checker)
    {
        const int rows = 33, channels = 4;
        var input = new float[rows * channels];
        Array.Fill(input, 3f);
        var beta = checker.Uniform(channels);
        var output = checker.Output(rows * channels);
        BatchNorm.ForwardTraining(
            checker.Device, rows, channels, checker.Upload(input),
            new(checker.Upload(checker.Uniform(channels)), checker.Upload(beta), checker.Upload(new float[channels]), checker.Upload(new float[channels])),
            Momentum, Epsilon, output, new(checker.Output(channels), checker.Output(channels)), Activation.None,
            checker.Output(BatchNorm.WorkspaceLength(rows, channels)));
        checker.Compare("batch norm forward (constant)", [.. Enumerable.Range(0, rows * channels).Select(i => (double)beta[i % channels])], output, 1e-5);
    }

    internal static void Check(
        Checker checker, int rows, int channels, ActivationKind kind, ActivationKind gateKind, bool accumulate, float offset = 0, double tolerance = 2e-5)
    {
        var text = $"{rows} x {channels} {kind}, gate {gateKind}";
        var activation = new Activation(kind, 0.1f);
        var gate = new Activation(gateKind);
        var input = checker.Uniform(rows * channels, offset - 2, offset + 2);
        var gamma = checker.Uniform(channels, 0.5f, 1.5f);
        var beta = checker.Uniform(channels);
        var runningMean = checker.Uniform(channels);
        var runningVariance = checker.Uniform(channels, 0.5f, 2);
        var outputGradient = checker.Uniform(rows * channels);
        var expected = new BatchNormReference(rows, channels, input, gamma, beta, activation, Epsilon);

        var workspace = checker.Output(BatchNorm.WorkspaceLength(rows, channels));
        var (x, g, b) = (checker.Upload(input), checker.Upload(gamma), checker.Upload(beta));
        var (rm, rv) = (checker.Upload(runningMean), checker.Upload(runningVariance));
        var (output, mean, inverse) = (checker.Output(rows * channels), checker.Output(channels), checker.Output(channels));

        BatchNorm.ForwardEvaluation(checker.Device, rows, channels, x, new(g, b, rm, rv), Epsilon, output, activation, workspace);
        var evaluated = input.Select((v, i) => ActivationReference.Value(
            activation, (v - runningMean[i % channels]) / Math.Sqrt(runningVariance[i % channels] + Epsilon) * gamma[i % channels] + beta[i % channels]));
        checker.Compare("batch norm evaluation", [.. evaluated], output, tolerance, shape: text);

        var previous = checker.Uniform(rows * channels);
        var evaluationGradient = accumulate ? checker.Upload(previous) : checker.Output(rows * channels);
        BatchNorm.BackwardEvaluation(
            checker.Device, rows, channels, x, checker.Upload(outputGradient), new(g, b, rm, rv), Epsilon, evaluationGradient, activation, workspace,
            gate, accumulate);
        var constant = input.Select((v, i) =>
        {
            var scale = gamma[i % channels] / Math.Sqrt(runningVariance[i % channels] + Epsilon);
            var before = (v - runningMean[i % channels]) * scale + beta[i % channels];
            return (accumulate ? previous[i] : 0) + outputGradient[i] * ActivationReference.Derivative(activation, before) * scale
                * (gate.Kind == ActivationKind.Relu && v <= 0 ? 0 : 1);
        });
        checker.Compare("batch norm evaluation input gradient", [.. constant], evaluationGradient, 5 * tolerance, shape: text);

        output = checker.Output(rows * channels);
        BatchNorm.ForwardTraining(checker.Device, rows, channels, x, new(g, b, rm, rv), Momentum, Epsilon, output, new(mean, inverse), activation, workspace);
        checker.Compare("batch norm forward", expected.Output, output, tolerance, shape: text);
        checker.Compare("batch norm saved mean", expected.Mean, mean, tolerance, shape: text);
        checker.Compare("batch norm saved 1 / deviation", [.. expected.Variance.Select(v => 1 / Math.Sqrt(v + Epsilon))], inverse, shape: text);
        checker.Compare("batch norm running mean", [.. runningMean.Select((v, c) => 0.9 * v + 0.1 * expected.Mean[c])], rm, tolerance, shape: text);
        checker.Compare(
            "batch norm running variance", [.. runningVariance.Select((v, c) => 0.9 * v + 0.1 * expected.Variance[c] * rows / (rows - 1))], rv, tolerance,
            shape: text);

        expected.Backward(outputGradient, gate);
        var before = checker.Uniform(rows * channels);
        var inputGradient = accumulate ? checker.Upload(before) : checker.Output(rows * channels);
        var startGamma = checker.Uniform(channels);
        var startBeta = checker.Uniform(channels);
        var (gammaGradient, betaGradient) = (checker.Upload(startGamma), checker.Upload(startBeta));
        BatchNorm.Backward(
            checker.Device, rows, channels, x, checker.Upload(outputGradient), new(g, b, rm, rv), new(mean, inverse), inputGradient,
            new(gammaGradient, betaGradient), activation, workspace, gate, accumulate);
        checker.Compare(
            "batch norm input gradient", [.. expected.InputGradient.Select((v, i) => v + (accumulate ? before[i] : 0))], inputGradient, 5 * tolerance,
            expected.InputGradientTerms, text);
        checker.Compare(
            "batch norm gamma gradient", [.. expected.GammaGradient.Select((v, c) => v + startGamma[c])], gammaGradient, 5 * tolerance, shape: text);
        checker.Compare("batch norm beta gradient", [.. expected.BetaGradient.Select((v, c) => v + startBeta[c])], betaGradient, 5 * tolerance, shape: text);
    }
}
