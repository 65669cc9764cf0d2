using Gpu.Cli.Checks.References;
using Gpu.Kernels;

namespace Gpu.Cli.Checks;

/// <summary>Checks of convolution, common shapes.</summary>
internal static class Conv2dChecks
{
    [OperationCheck("convolution, common shapes", 11)]
    public static void AgreesWithTheReferenceOnNamedShapes(Checker checker)
    {
        foreach (var shape in Conv2dShapes.Named) Check(checker, shape);
    }

    [OperationCheck("convolution, random shapes", 12)]
    public static void AgreesWithTheReferenceOnRandomShapes(Checker checker)
    {
        for (var i = 0; i < 60; i++) Check(checker, Conv2dShapes.Random(checker));
    }

    [OperationCheck("depthwise convolution", 14)]
    public static void DepthwiseAgreesWithTheReference(Checker checker)
    {
        foreach (var shape in Conv2dShapes.Depthwise) Check(checker, shape);
        for (var i = 0; i < 60; i++)
        {
            var shape = Conv2dShapes.RandomDepthwise(checker);
            Check(checker, shape);
            if (i % 3 == 0) CheckTransposed(checker, shape);
            if (i % 6 == 0) Check(checker, shape with { Algorithm = Conv2dAlgorithm.Direct });
        }
    }

    [OperationCheck("transposed convolution", 13)]
    public static void TransposedAgreesWithTheReference(Checker checker)
    {
        foreach (var shape in Conv2dShapes.Named) CheckTransposed(checker, shape);
        for (var i = 0; i < 20; i++) CheckTransposed(checker, Conv2dShapes.Random(checker));
    }

    /// <summary>
    /// Checks the forward pass and all gradients of one shape. If the device rounds the operands of its products, <paramref name="round"/> does so for the
    /// reference.
    /// </summary>
    internal static void Check(
        Checker checker, Conv2dShape shape, string name = "convolution", double tolerance = 1e-5, Func<float[], float[]>? round = null)
    {
        var text = shape.ToString();
        round ??= values => values;
        var input = checker.Uniform(shape.InputLength);
        var weights = checker.Uniform(shape.WeightLength);
        var bias = checker.Uniform(shape.OutputChannels);
        var outputGradient = checker.Uniform(shape.OutputLength);
        var workspace = checker.Output(Conv2d.WorkspaceLength(shape));
        var x = checker.Upload(input);
        var w = checker.Upload(weights);
        var d = checker.Upload(outputGradient);

        var sums = Conv2dReference.Forward(shape, round(input), round(weights));
        var output = checker.Output(shape.OutputLength);
        Conv2d.Forward(checker.Device, shape, x, w, default, output, Activation.None, workspace);
        checker.Compare($"{name} forward", sums, output, tolerance, shape: text);

        output = checker.Output(shape.OutputLength);
        Conv2d.Forward(checker.Device, shape, x, w, checker.Upload(bias), output, Activation.Relu, workspace);
        var activated = sums.Select((v, i) => ActivationReference.Value(Activation.Relu, v + bias[i % shape.OutputChannels])).ToArray();
        checker.Compare($"{name} forward, bias, ReLU", activated, output, tolerance, shape: text);

        var inputGradient = checker.Output(shape.InputLength);
        Conv2d.BackwardData(checker.Device, shape, d, w, inputGradient, workspace);
        var expected = Conv2dReference.InputGradient(shape, round(outputGradient), round(weights));
        checker.Compare($"{name} input gradient", expected, inputGradient, tolerance, shape: text);

        // Multiplied by the derivative of a ReLU whose output is the input of the convolution, and added to the previous gradient.
        var before = checker.Uniform(shape.InputLength);
        inputGradient = checker.Upload(before);
        Conv2d.BackwardData(checker.Device, shape, d, w, inputGradient, workspace, Activation.Relu, x, accumulate: true);
        var gated = expected.Select((v, i) => before[i] + (input[i] > 0 ? v : 0)).ToArray();
        checker.Compare($"{name} input gradient, gated, accumulated", gated, inputGradient, tolerance, shape: text);

        var startWeights = checker.Uniform(shape.WeightLength);
        var startBias = checker.Uniform(shape.OutputChannels);
        var weightGradient = checker.Upload(startWeights);
        var biasGradient = checker.Upload(startBias);
        Conv2d.BackwardWeights(checker.Device, shape, x, d, weightGradient, biasGradient, workspace);
        var expectedWeights = Conv2dReference.WeightGradient(shape, round(input), round(outputGradient));
        checker.Compare($"{name} weight gradient", [.. expectedWeights.Select((v, i) => v + startWeights[i])], weightGradient, tolerance, shape: text);
        // The bias gradient is a sum, not a product: its operands are not rounded.
        var expectedBias = Conv2dReference.BiasGradient(shape.OutputChannels, outputGradient);
        checker.Compare($"{name} bias gradient", [.. expectedBias.Select((v, i) => v + startBias[i])], biasGradient, tolerance, shape: text);
    }

    internal static void CheckTransposed(Checker checker, Conv2dShape shape)
    {
        var text = shape.ToString();
        var input = checker.Uniform(shape.OutputLength);
        var weights = checker.Uniform(shape.WeightLength);
        var bias = checker.Uniform(shape.InputChannels);
        var outputGradient = checker.Uniform(shape.InputLength);
        var workspace = checker.Output(ConvTranspose2d.WorkspaceLength(shape));
        var x = checker.Upload(input);
        var w = checker.Upload(weights);
        var d = checker.Upload(outputGradient);

        var output = checker.Output(shape.InputLength);
        ConvTranspose2d.Forward(checker.Device, shape, x, w, checker.Upload(bias), output, Activation.Relu, workspace);
        var sums = Conv2dReference.InputGradient(shape, input, weights);
        checker.Compare("transposed convolution forward", [.. sums.Select((v, i) => Math.Max(0, v + bias[i % shape.InputChannels]))], output, shape: text);

        var inputGradient = checker.Output(shape.OutputLength);
        ConvTranspose2d.BackwardData(checker.Device, shape, d, w, inputGradient, workspace, Activation.Relu, x);
        var expected = Conv2dReference.Forward(shape, outputGradient, weights);
        checker.Compare("transposed convolution input gradient", [.. expected.Select((v, i) => input[i] > 0 ? v : 0)], inputGradient, shape: text);

        var weightGradient = checker.Upload(new float[shape.WeightLength]);
        var biasGradient = checker.Upload(new float[shape.InputChannels]);
        ConvTranspose2d.BackwardWeights(checker.Device, shape, x, d, weightGradient, biasGradient, workspace);
        var expectedWeights = Conv2dReference.WeightGradient(shape, outputGradient, input);
        checker.Compare("transposed convolution weight gradient", expectedWeights, weightGradient, shape: text);
        var expectedBias = Conv2dReference.BiasGradient(shape.InputChannels, outputGradient);
        checker.Compare("transposed convolution bias gradient", expectedBias, biasGradient, shape: text);
    }
}
