using Gpu.Kernels;
using Gpu.Kernels.Convolution;
using Gpu.Kernels.Reductions;
using Gpu.Tests.Activations;
using Gpu.Tests.Oracles;

namespace Gpu.Tests.Convolution;

[OracleFor(
    typeof(DirectConv2d<,,>), typeof(PackConvWeights<,>), typeof(DirectConv2dWeightGradient<,>), typeof(SplitKReduce<,>), typeof(ChannelPartialSum<,>),
    typeof(GroupedChannelSum<,>), typeof(GroupedSplitKReduce<,>), typeof(ImplicitGemmConv2d<,,,>), typeof(SplitKEpilogue<,,>),
    typeof(ImplicitGemmWeightGradient<,,>), typeof(DepthwiseConv2d<,,>), typeof(DepthwiseWeightGradient<,>))]
public class Conv2dTests
{
    public static TheoryData<string> Devices => TestDevices.All;

    [Theory]
    [MemberData(nameof(Devices))]
    public void AgreesWithTheReferenceOnNamedShapes(string device)
    {
        using var oracle = new Oracle(device, seed: 11);
        foreach (var shape in Conv2dShapes.Named) Check(oracle, shape);
    }

    [Theory]
    [MemberData(nameof(Devices))]
    public void AgreesWithTheReferenceOnRandomShapes(string device)
    {
        using var oracle = new Oracle(device, seed: 12);
        for (var i = 0; i < 60; i++) Check(oracle, Conv2dShapes.Random(oracle));
    }

    [Theory]
    [MemberData(nameof(Devices))]
    public void DepthwiseAgreesWithTheReference(string device)
    {
        using var oracle = new Oracle(device, seed: 14);
        foreach (var shape in Conv2dShapes.Depthwise) Check(oracle, shape);
        for (var i = 0; i < 60; i++)
        {
            var shape = Conv2dShapes.RandomDepthwise(oracle);
            Check(oracle, shape);
            if (i % 3 == 0) CheckTransposed(oracle, shape);
            if (i % 6 == 0) Check(oracle, shape with { Algorithm = Conv2dAlgorithm.Direct });
        }
    }

    [Theory]
    [MemberData(nameof(Devices))]
    public void TransposedAgreesWithTheReference(string device)
    {
        using var oracle = new Oracle(device, seed: 13);
        foreach (var shape in Conv2dShapes.Named) CheckTransposed(oracle, shape);
        for (var i = 0; i < 20; i++) CheckTransposed(oracle, Conv2dShapes.Random(oracle));
    }

    /// <summary>
    /// Checks the forward pass and all gradients of one shape. If the device rounds the operands of its products, <paramref name="round"/> does so for the
    /// reference.
    /// </summary>
    internal static void Check(
        Oracle oracle, Conv2dShape shape, string name = "convolution", double tolerance = 1e-5, Func<float[], float[]>? round = null)
    {
        var text = shape.ToString();
        round ??= values => values;
        var input = oracle.Uniform(shape.InputLength);
        var weights = oracle.Uniform(shape.WeightLength);
        var bias = oracle.Uniform(shape.OutputChannels);
        var outputGradient = oracle.Uniform(shape.OutputLength);
        var workspace = oracle.Output(Conv2d.WorkspaceLength(shape));
        var x = oracle.Upload(input);
        var w = oracle.Upload(weights);
        var d = oracle.Upload(outputGradient);

        var sums = Conv2dReference.Forward(shape, round(input), round(weights));
        var output = oracle.Output(shape.OutputLength);
        Conv2d.Forward(oracle.Device, shape, x, w, default, output, Activation.None, workspace);
        oracle.Compare($"{name} forward", sums, output, tolerance, shape: text);

        output = oracle.Output(shape.OutputLength);
        Conv2d.Forward(oracle.Device, shape, x, w, oracle.Upload(bias), output, Activation.Relu, workspace);
        var activated = sums.Select((v, i) => ActivationReference.Value(Activation.Relu, v + bias[i % shape.OutputChannels])).ToArray();
        oracle.Compare($"{name} forward, bias, ReLU", activated, output, tolerance, shape: text);

        var inputGradient = oracle.Output(shape.InputLength);
        Conv2d.BackwardData(oracle.Device, shape, d, w, inputGradient, workspace);
        var expected = Conv2dReference.InputGradient(shape, round(outputGradient), round(weights));
        oracle.Compare($"{name} input gradient", expected, inputGradient, tolerance, shape: text);

        // Multiplied by the derivative of a ReLU whose output is the input of the convolution, and added to the previous gradient.
        var before = oracle.Uniform(shape.InputLength);
        inputGradient = oracle.Upload(before);
        Conv2d.BackwardData(oracle.Device, shape, d, w, inputGradient, workspace, Activation.Relu, x, accumulate: true);
        var gated = expected.Select((v, i) => before[i] + (input[i] > 0 ? v : 0)).ToArray();
        oracle.Compare($"{name} input gradient, gated, accumulated", gated, inputGradient, tolerance, shape: text);

        var startWeights = oracle.Uniform(shape.WeightLength);
        var startBias = oracle.Uniform(shape.OutputChannels);
        var weightGradient = oracle.Upload(startWeights);
        var biasGradient = oracle.Upload(startBias);
        Conv2d.BackwardWeights(oracle.Device, shape, x, d, weightGradient, biasGradient, workspace);
        var expectedWeights = Conv2dReference.WeightGradient(shape, round(input), round(outputGradient));
        oracle.Compare($"{name} weight gradient", [.. expectedWeights.Select((v, i) => v + startWeights[i])], weightGradient, tolerance, shape: text);
        // The bias gradient is a sum, not a product: its operands are not rounded.
        var expectedBias = Conv2dReference.BiasGradient(shape.OutputChannels, outputGradient);
        oracle.Compare($"{name} bias gradient", [.. expectedBias.Select((v, i) => v + startBias[i])], biasGradient, tolerance, shape: text);
    }

    internal static void CheckTransposed(Oracle oracle, Conv2dShape shape)
    {
        var text = shape.ToString();
        var input = oracle.Uniform(shape.OutputLength);
        var weights = oracle.Uniform(shape.WeightLength);
        var bias = oracle.Uniform(shape.InputChannels);
        var outputGradient = oracle.Uniform(shape.InputLength);
        var workspace = oracle.Output(ConvTranspose2d.WorkspaceLength(shape));
        var x = oracle.Upload(input);
        var w = oracle.Upload(weights);
        var d = oracle.Upload(outputGradient);

        var output = oracle.Output(shape.InputLength);
        ConvTranspose2d.Forward(oracle.Device, shape, x, w, oracle.Upload(bias), output, Activation.Relu, workspace);
        var sums = Conv2dReference.InputGradient(shape, input, weights);
        oracle.Compare("transposed convolution forward", [.. sums.Select((v, i) => Math.Max(0, v + bias[i % shape.InputChannels]))], output, shape: text);

        var inputGradient = oracle.Output(shape.OutputLength);
        ConvTranspose2d.BackwardData(oracle.Device, shape, d, w, inputGradient, workspace, Activation.Relu, x);
        var expected = Conv2dReference.Forward(shape, outputGradient, weights);
        oracle.Compare("transposed convolution input gradient", [.. expected.Select((v, i) => input[i] > 0 ? v : 0)], inputGradient, shape: text);

        var weightGradient = oracle.Upload(new float[shape.WeightLength]);
        var biasGradient = oracle.Upload(new float[shape.InputChannels]);
        ConvTranspose2d.BackwardWeights(oracle.Device, shape, x, d, weightGradient, biasGradient, workspace);
        var expectedWeights = Conv2dReference.WeightGradient(shape, outputGradient, input);
        oracle.Compare("transposed convolution weight gradient", expectedWeights, weightGradient, shape: text);
        var expectedBias = Conv2dReference.BiasGradient(shape.InputChannels, outputGradient);
        oracle.Compare("transposed convolution bias gradient", expectedBias, biasGradient, shape: text);
    }
}
