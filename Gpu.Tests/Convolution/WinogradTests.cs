using Gpu.Kernels;
using Gpu.Kernels.Convolution;
using Gpu.Kernels.Devices;
using Gpu.Tests.Activations;
using Gpu.Tests.Oracles;

namespace Gpu.Tests.Convolution;

[OracleFor(typeof(WinogradConv2d<,,>), typeof(WinogradWeights<,>), typeof(WinogradWeightGradient<,>))]
public class WinogradTests
{
    public static TheoryData<string> Devices => TestDevices.All;

    [Theory]
    [MemberData(nameof(Devices))]
    public void AgreesWithTheReference(string device)
    {
        using var oracle = new Oracle(device, seed: 21);
        Check(oracle, Make(1, 4, 4, 16, 16, 1, 1, 1, 1));
        // Several splits and blocks, the last ones smaller than the others.
        if (device.StartsWith("cpu", StringComparison.Ordinal)) Check(oracle, Make(9, 13, 14, 80, 96, 1, 1, 1, 1));
        // More tiles than a strip, panels of two vectors and of one, tiles cut off by the edge.
        Check(oracle, Make(3, 10, 9, 32, 48, 1, 1, 1, 1));
        Check(oracle, Make(2, 5, 6, 48, 16, 0, 0, 0, 0));
        Check(oracle, Make(1, 1, 1, 16, 32, 1, 1, 1, 1));
        for (var i = 0; i < 6; i++)
        {
            Check(oracle, Make(
                oracle.Next(1, 3), oracle.Next(3, 9), oracle.Next(3, 9), oracle.Pick(16, 32, 48), oracle.Pick(16, 32, 48),
                oracle.Next(0, 2), oracle.Next(0, 2), oracle.Next(0, 2), oracle.Next(0, 2)));
        }
    }

    [Theory]
    [MemberData(nameof(Devices))]
    public void RoundsLittleMoreThanTheDirectSum(string device)
    {
        if (device is "simulator" or "groups") return;
        using var oracle = new Oracle(device, seed: 22);
        // Long sums: the error of the direct sum grows with them as that of the transforms does.
        foreach (var channels in new[] { 64, 256 }) Check(oracle, Make(1, 12, 12, channels, 32, 1, 1, 1, 1), tolerance: 5e-6);
    }

    [Fact]
    public void ShapesThatDoNotFitAreComputedDirectly()
    {
        using var oracle = new Oracle("cpu128", seed: 23);
        Check(oracle, Make(2, 6, 6, 17, 16, 1, 1, 1, 1));
        Check(oracle, Make(2, 6, 6, 16, 16, 1, 1, 1, 1) with { StrideWidth = 2 });
        Check(oracle, Make(2, 6, 6, 16, 16, 1, 1, 1, 1) with { Groups = 2 });
        Check(oracle, Make(2, 6, 6, 16, 16, 3, 1, 1, 1));
    }

    [Fact]
    public void ResultsDoNotDependOnThreads()
    {
        var shape = Make(9, 16, 16, 32, 48, 1, 1, 1, 1);
        float[]? first = null;
        foreach (var threads in new[] { 1, 2, 3, 5 })
        {
            using var device = new CpuDevice(threads);
            using var x = device.Allocate(shape.InputLength);
            using var w = device.Allocate(shape.WeightLength);
            using var y = device.Allocate(shape.OutputLength);
            using var workspace = device.Allocate(Conv2d.WorkspaceLength(shape));
            device.Upload<float>(Numbers(shape.InputLength), x.View);
            device.Upload<float>(Numbers(shape.WeightLength), w.View);
            Conv2d.Forward(device, shape, x.View, w.View, default, y.View, Activation.None, workspace.View);
            Conv2d.BackwardWeights(device, shape, x.View, y.View, w.View, default, workspace.View);
            Conv2d.BackwardData(device, shape, y.View, w.View, x.View, workspace.View);
            var got = new float[shape.InputLength];
            device.Download<float>(x.View, got);
            Assert.Equal(first ??= got, got);
        }
    }

    private static float[] Numbers(int count)
    {
        var random = new Random(count);
        return [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() - 0.5f)];
    }

    private static void Check(Oracle oracle, Conv2dShape shape, double tolerance = 1e-5)
    {
        var text = shape.ToString();
        var input = oracle.Uniform(shape.InputLength);
        var weights = oracle.Uniform(shape.WeightLength);
        var bias = oracle.Uniform(shape.OutputChannels);
        var outputGradient = oracle.Uniform(shape.OutputLength);
        var workspace = oracle.Output(Conv2d.WorkspaceLength(shape));
        var x = oracle.Upload(input);
        var w = oracle.Upload(weights);
        var d = oracle.Upload(outputGradient);

        var output = oracle.Output(shape.OutputLength);
        Conv2d.Forward(oracle.Device, shape, x, w, oracle.Upload(bias), output, Activation.Relu, workspace);
        var sums = ConvolutionReference.Forward(shape, input, weights);
        var activated = sums.Select((v, i) => ActivationReference.Value(Activation.Relu, v + bias[i % shape.OutputChannels])).ToArray();
        oracle.Compare("Winograd forward, bias, ReLU", activated, output, tolerance, shape: text);

        var inputGradient = oracle.Output(shape.InputLength);
        Conv2d.BackwardData(oracle.Device, shape, d, w, inputGradient, workspace);
        var expected = ConvolutionReference.InputGradient(shape, outputGradient, weights);
        oracle.Compare("Winograd input gradient", expected, inputGradient, tolerance, shape: text);

        var before = oracle.Uniform(shape.InputLength);
        inputGradient = oracle.Upload(before);
        Conv2d.BackwardData(oracle.Device, shape, d, w, inputGradient, workspace, Activation.Relu, x, accumulate: true);
        var gated = expected.Select((v, i) => before[i] + (input[i] > 0 ? v : 0)).ToArray();
        oracle.Compare("Winograd input gradient, gated, accumulated", gated, inputGradient, tolerance, shape: text);

        var startWeights = oracle.Uniform(shape.WeightLength);
        var startBias = oracle.Uniform(shape.OutputChannels);
        var weightGradient = oracle.Upload(startWeights);
        var biasGradient = oracle.Upload(startBias);
        Conv2d.BackwardWeights(oracle.Device, shape, x, d, weightGradient, biasGradient, workspace);
        var expectedWeights = ConvolutionReference.WeightGradient(shape, input, outputGradient);
        oracle.Compare("Winograd weight gradient", [.. expectedWeights.Select((v, i) => v + startWeights[i])], weightGradient, tolerance, shape: text);
        var expectedBias = ConvolutionReference.BiasGradient(shape.OutputChannels, outputGradient);
        oracle.Compare("Winograd bias gradient", [.. expectedBias.Select((v, i) => v + startBias[i])], biasGradient, tolerance, shape: text);
    }

    private static Conv2dShape Make(int batch, int height, int width, int channels, int outputs, int top, int left, int bottom, int right) => new()
    {
        Batch = batch,
        InputHeight = height,
        InputWidth = width,
        InputChannels = channels,
        OutputChannels = outputs,
        KernelHeight = 3,
        KernelWidth = 3,
        PaddingTop = top,
        PaddingLeft = left,
        PaddingBottom = bottom,
        PaddingRight = right,
        Algorithm = Conv2dAlgorithm.Winograd,
    };
}
