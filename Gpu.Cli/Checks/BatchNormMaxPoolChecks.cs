using Gpu.Cli.Checks.References;
using Gpu.Kernels;
using Gpu.Kernels.Devices;

namespace Gpu.Cli.Checks;

/// <summary>Checks of batch norm and pooling.</summary>
internal static class BatchNormMaxPoolChecks
{
    internal const float Momentum = 0.1f;

    internal const float Epsilon = 1e-5f;

    [OperationCheck("batch norm and pooling", 41)]
    public static void AgreesWithTheReference(Checker checker)
    {
        foreach (var channels in new[] { 1, 3, 5, 10, 16, 17, 28, 32, 48, 64, 80 })
        {
            // Even and odd sides: with odd ones the last row or column is in no window.
            foreach (var (batch, height, width) in new[] { (1, 2, 2), (2, 3, 2), (1, 4, 5), (checker.Next(2, 5), checker.Next(2, 9), checker.Next(2, 9)) })
            {
                var (kind, gate) = (checker.Pick(Enum.GetValues<ActivationKind>()), checker.Pick(ActivationKind.Identity, ActivationKind.Relu));
                Check(checker, Shape(batch, height, width, channels), kind, gate, checker.Pick(false, true));
            }
        }
    }

    [OperationCheck("batch norm and pooling, fused activations", 42)]
    public static void EveryActivationIsFused(Checker checker)
    {
        foreach (var kind in Enum.GetValues<ActivationKind>()) Check(checker, Shape(2, 5, 6, 20), kind, ActivationKind.Identity, false);
    }

    [OperationCheck("batch norm and pooling, many images", 43)]
    public static void ManySmallImagesAgreeWithTheReference(Checker checker)
    {
        Check(checker, Shape(260, 5, 3, 6), ActivationKind.Relu, ActivationKind.Identity, false);
    }

    [OperationCheck("batch norm and pooling far from zero", 44)]
    public static void VarianceIsAccurateFarFromZero(Checker checker)
    {
        Check(checker, Shape(20, 12, 12, 6), ActivationKind.Identity, ActivationKind.Identity, false, offset: 1000, tolerance: 2e-4);
    }

    [OperationCheck("batch norm and pooling of NaN", 45)]
    public static void NaNPropagatesInEvaluation(Checker checker)
    {
        var shape = Shape(2, 4, 5, 8);
        var input = checker.Uniform(shape.InputLength);
        for (var i = 0; i < input.Length; i++)
            if (checker.Next(0, 9) == 0) input[i] = float.NaN;
        var ones = checker.Upload(Enumerable.Repeat(1f, shape.Channels).ToArray());
        var zeros = checker.Upload(new float[shape.Channels]);
        var output = checker.Output(shape.OutputLength);
        BatchNormMaxPool.ForwardEvaluation(
            checker.Device, shape, checker.Upload(input), new(ones, zeros, zeros, ones), Epsilon, output, Activation.Relu,
            checker.Output(BatchNormMaxPool.WorkspaceLength(shape)));
        Require.Equal(Pool2dReference.Max(shape, input).Output.Select(double.IsNaN), checker.Download(output).Select(float.IsNaN));
    }

    internal static Pool2dShape Shape(int batch, int height, int width, int channels) => new(batch, height, width, channels, 2, 2, 2, 2);

    internal static void Check(
        Checker checker, Pool2dShape shape, ActivationKind kind, ActivationKind gateKind, bool accumulate, float offset = 0, double tolerance = 2e-5)
    {
        var text = $"{shape} {kind}, gate {gateKind}";
        var channels = shape.Channels;
        var rows = shape.InputLength / channels;
        var activation = new Activation(kind, 0.1f);
        var gate = new Activation(gateKind);
        var input = checker.Uniform(shape.InputLength, offset - 2, offset + 2);
        var gamma = checker.Uniform(channels, 0.5f, 1.5f);
        var beta = checker.Uniform(channels);
        var runningMean = checker.Uniform(channels);
        var runningVariance = checker.Uniform(channels, 0.5f, 2);
        var outputGradient = checker.Uniform(shape.OutputLength);
        var expected = new BatchNormReference(rows, channels, input, gamma, beta, activation, Epsilon);

        var workspace = checker.Output(BatchNormMaxPool.WorkspaceLength(shape));
        var (x, g, b) = (checker.Upload(input), checker.Upload(gamma), checker.Upload(beta));
        var (rm, rv) = (checker.Upload(runningMean), checker.Upload(runningVariance));
        var (output, mean, inverse) = (checker.Output(shape.OutputLength), checker.Output(channels), checker.Output(channels));

        BatchNormMaxPool.ForwardEvaluation(checker.Device, shape, x, new(g, b, rm, rv), Epsilon, output, activation, workspace);
        var evaluated = input.Select((v, i) => (float)ActivationReference.Value(
            activation, (v - runningMean[i % channels]) / Math.Sqrt(runningVariance[i % channels] + Epsilon) * gamma[i % channels] + beta[i % channels]));
        checker.Compare("batch norm and pooling, evaluation", Pool2dReference.Max(shape, [.. evaluated]).Output, output, tolerance, shape: text);

        output = checker.Output(shape.OutputLength);
        BatchNormMaxPool.ForwardTraining(checker.Device, shape, x, new(g, b, rm, rv), Momentum, Epsilon, output, new(mean, inverse), activation, workspace);
        var whole = Array.ConvertAll(expected.Output, v => (float)v);
        checker.Compare("batch norm and pooling forward", Pool2dReference.Max(shape, whole).Output, output, tolerance, shape: text);
        checker.Compare("batch norm and pooling saved mean", expected.Mean, mean, tolerance, shape: text);
        checker.Compare("batch norm and pooling running mean", [.. runningMean.Select((v, c) => 0.9 * v + 0.1 * expected.Mean[c])], rm, tolerance, shape: text);
        checker.Compare(
            "batch norm and pooling running variance", [.. runningVariance.Select((v, c) => 0.9 * v + 0.1 * expected.Variance[c] * rows / (rows - 1))],
            rv, tolerance, shape: text);
        CompareWithTheTwoOperations(checker, shape, x, g, b, activation, output);

        var pooled = Array.ConvertAll(Pool2dReference.MaxGradient(shape, whole, outputGradient), v => (float)v);
        expected.Backward(pooled, gate);
        var before = checker.Uniform(shape.InputLength);
        var inputGradient = accumulate ? checker.Upload(before) : checker.Output(shape.InputLength);
        var startGamma = checker.Uniform(channels);
        var startBeta = checker.Uniform(channels);
        var (gammaGradient, betaGradient) = (checker.Upload(startGamma), checker.Upload(startBeta));
        BatchNormMaxPool.Backward(
            checker.Device, shape, x, checker.Upload(outputGradient), new(g, b, rm, rv), new(mean, inverse), inputGradient, new(gammaGradient, betaGradient),
            activation, workspace, gate, accumulate);
        checker.Compare(
            "batch norm and pooling input gradient", [.. expected.InputGradient.Select((v, i) => v + (accumulate ? before[i] : 0))],
            inputGradient, 5 * tolerance, expected.InputGradientTerms, text);
        checker.Compare(
            "batch norm and pooling gamma gradient", [.. expected.GammaGradient.Select((v, c) => v + startGamma[c])], gammaGradient, 5 * tolerance,
            shape: text);
        checker.Compare(
            "batch norm and pooling beta gradient", [.. expected.BetaGradient.Select((v, c) => v + startBeta[c])], betaGradient, 5 * tolerance, shape: text);
    }

    // The fused operation gives the same bits as batch normalization followed by max pooling.
    internal static void CompareWithTheTwoOperations(
        Checker checker, Pool2dShape shape, DeviceView x, DeviceView gamma, DeviceView beta, Activation activation, DeviceView output)
    {
        var rows = shape.InputLength / shape.Channels;
        var (normalized, pooled) = (checker.Output(shape.InputLength), checker.Output(shape.OutputLength));
        var (mean, variance) = (checker.Upload(new float[shape.Channels]), checker.Upload(new float[shape.Channels]));
        BatchNorm.ForwardTraining(
            checker.Device, rows, shape.Channels, x, new(gamma, beta, mean, variance), Momentum, Epsilon, normalized,
            new(checker.Output(shape.Channels), checker.Output(shape.Channels)), activation, checker.Output(BatchNorm.WorkspaceLength(rows, shape.Channels)));
        MaxPool2d.Forward(checker.Device, shape, normalized, pooled);
        Require.Equal(checker.Download(pooled), checker.Download(output));
    }
}
