using Gpu.Cli.Checks;
using Gpu.Cli.Checks.References;
using Gpu.Kernels;
using Gpu.Kernels.Activations;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Convolution;
using Gpu.Kernels.Devices;
using Gpu.Kernels.MatrixProducts;
using Gpu.Tests.Oracles;

namespace Gpu.Tests.MatrixProducts;

/// <summary>The packed matrix product on every device. Layers choose it only on the CPU and only for some shapes.</summary>
[OracleFor(typeof(MatrixProduct<,,>), typeof(PackPanels<,>))]
public class MatrixProductTests
{
    public static TheoryData<string> Devices => TestDevices.All;

    [Theory]
    [MemberData(nameof(Devices))]
    public void AgreesWithTheReferenceOnNamedShapes(string device)
    {
        using var oracle = new Oracle(device, seed: 21);
        (int, int, int)[] sizes = [(1, 1, 1), (12, 16, 32), (13, 300, 33), (24, 260, 64), (5, 12, 4), (40, 17, 71), (8, 513, 20), (270, 20, 28)];
        foreach (var (batch, inputs, outputs) in sizes) Check(oracle, Conv2dShape.Dense(batch, inputs, outputs));
        // A 1x1 convolution.
        Check(oracle, Conv2dShape.Dense(2, 24, 40) with { InputHeight = 3, InputWidth = 5 });
    }

    [Theory]
    [MemberData(nameof(Devices))]
    public void AgreesWithTheReferenceOnRandomShapes(string device)
    {
        using var oracle = new Oracle(device, seed: 22);
        for (var i = 0; i < 20; i++) Check(oracle, Conv2dShape.Dense(oracle.Next(1, 50), oracle.Next(1, 60), oracle.Next(1, 70)));
    }

    [Fact]
    public void ResultsDoNotDependOnThreads()
    {
        var shape = Conv2dShape.Dense(100, 530, 300);
        var random = new Random(5);
        float[] Random(int count) => [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() - 0.5f)];
        var (x, w, d, b) = (Random(shape.InputLength), Random(shape.WeightLength), Random(shape.OutputLength), Random(shape.OutputChannels));
        float[]? first = null;
        foreach (var threads in new[] { 1, 2, 3, 5 })
        {
            using var device = new CpuDevice(threads);
            var buffers = new List<DeviceBuffer>();
            DeviceView Put(float[] values)
            {
                buffers.Add(device.Allocate(values.Length));
                device.Upload<float>(values, buffers[^1].View);
                return buffers[^1].View;
            }

            var (input, weights, gradient, bias, workspace) = (Put(x), Put(w), Put(d), Put(b), Put(new float[MatrixProductLaunch.WorkspaceLength(shape)]));
            int[] lengths = [shape.OutputLength, shape.InputLength, shape.WeightLength, shape.OutputChannels];
            var results = lengths.Select(length => Put(new float[length])).ToArray();
            device.Execute(new Product<Tanh>(Arguments(shape, Conv2dPass.Forward, input, weights, bias, results[0], workspace)));
            device.Execute(new Product<Identity>(Arguments(shape, Conv2dPass.InputGradient, gradient, weights, default, results[1], workspace)));
            device.Execute(new GradientProduct(GradientArguments(shape, input, gradient, results[2], results[3], workspace)));
            var all = results.SelectMany(view =>
            {
                var values = new float[view.Length];
                device.Download<float>(view, values);
                return values;
            }).ToArray();
            first ??= all;
            Assert.Equal(first, all);
            foreach (var buffer in buffers) buffer.Dispose();
        }
    }

    public static TheoryData<string, string> Checks => Oracle.Cases(typeof(DenseChecks));

    [Theory]
    [MemberData(nameof(Checks))]
    public void LayersAgreeWithTheReference(string check, string device) => Oracle.Run(typeof(DenseChecks), check, device);

    private static void Check(Oracle oracle, Conv2dShape shape)
    {
        var text = shape.ToString();
        var (input, weights) = (oracle.Uniform(shape.InputLength), oracle.Uniform(shape.WeightLength));
        var (bias, gradient) = (oracle.Uniform(shape.OutputChannels), oracle.Uniform(shape.OutputLength));
        var (x, w, d) = (oracle.Upload(input), oracle.Upload(weights), oracle.Upload(gradient));
        var workspace = oracle.Output(MatrixProductLaunch.WorkspaceLength(shape));

        var sums = Conv2dReference.Forward(shape, input, weights);
        var output = oracle.Output(shape.OutputLength);
        oracle.Device.Execute(new Product<Identity>(Arguments(shape, Conv2dPass.Forward, x, w, default, output, workspace)));
        oracle.Compare("matrix product forward", sums, output, shape: text);

        output = oracle.Output(shape.OutputLength);
        oracle.Device.Execute(new Product<Tanh>(Arguments(shape, Conv2dPass.Forward, x, w, oracle.Upload(bias), output, workspace)));
        var activated = sums.Select((v, i) => ActivationReference.Value(new Activation(ActivationKind.Tanh), v + bias[i % shape.OutputChannels])).ToArray();
        oracle.Compare("matrix product forward, bias, tanh", activated, output, shape: text);

        var expected = Conv2dReference.InputGradient(shape, gradient, weights);
        output = oracle.Output(shape.InputLength);
        oracle.Device.Execute(new Product<Identity>(Arguments(shape, Conv2dPass.InputGradient, d, w, default, output, workspace)));
        oracle.Compare("matrix product input gradient", expected, output, shape: text);

        var before = oracle.Uniform(shape.InputLength);
        output = oracle.Upload(before);
        oracle.Device.Execute(new Product<Relu>(
            Arguments(shape, Conv2dPass.InputGradient, d, w, default, output, workspace).WithGate(Activation.Relu, x, accumulate: true)));
        var gated = expected.Select((v, i) => before[i] + (input[i] > 0 ? v : 0)).ToArray();
        oracle.Compare("matrix product input gradient, gated, accumulated", gated, output, shape: text);

        var (startWeights, startBias) = (oracle.Uniform(shape.WeightLength), oracle.Uniform(shape.OutputChannels));
        var (weightGradient, biasGradient) = (oracle.Upload(startWeights), oracle.Upload(startBias));
        oracle.Device.Execute(new GradientProduct(GradientArguments(shape, x, d, weightGradient, biasGradient, workspace)));
        var expectedWeights = Conv2dReference.WeightGradient(shape, input, gradient);
        oracle.Compare("matrix product weight gradient", [.. expectedWeights.Select((v, i) => v + startWeights[i])], weightGradient, shape: text);
        var expectedBias = Conv2dReference.BiasGradient(shape.OutputChannels, gradient);
        oracle.Compare("matrix product bias gradient", [.. expectedBias.Select((v, i) => v + startBias[i])], biasGradient, shape: text);
    }

    private static Conv2dArguments Arguments(
        Conv2dShape shape, Conv2dPass pass, DeviceView input, DeviceView weights, DeviceView bias, DeviceView output, DeviceView workspace) =>
        new() { Shape = shape, Pass = pass, Input = input, Weights = weights, Bias = bias, Output = output, Workspace = workspace };

    private static Conv2dGradientArguments GradientArguments(
        Conv2dShape shape, DeviceView input, DeviceView outputGradient, DeviceView weightGradient, DeviceView biasGradient, DeviceView workspace) => new()
        {
            Shape = shape, Input = input, OutputGradient = outputGradient, WeightGradient = weightGradient, BiasGradient = biasGradient, Workspace = workspace,
        };

    // Rows of all operands are read and written as vectors.
    private static int CommonGranularity(Conv2dShape shape) =>
        (shape.Batch * shape.InputHeight * shape.InputWidth) % 4 == 0 && shape.InputChannels % 4 == 0 && shape.OutputChannels % 4 == 0 ? 4 : 1;

    private readonly struct Product<TActivation>(Conv2dArguments arguments) : IOperation
        where TActivation : struct, IActivation
    {
        public int Granularity => CommonGranularity(arguments.Shape);

        public void Launch<TBackend, TVector>(ILauncher<TBackend> launcher)
            where TBackend : struct, IVectorBackend<TBackend, TVector>
            where TVector : unmanaged => MatrixProductLaunch.Launch<TBackend, TVector, TActivation>(launcher, arguments);
    }

    private readonly struct GradientProduct(Conv2dGradientArguments arguments) : IOperation
    {
        public int Granularity => CommonGranularity(arguments.Shape);

        public void Launch<TBackend, TVector>(ILauncher<TBackend> launcher)
            where TBackend : struct, IVectorBackend<TBackend, TVector>
            where TVector : unmanaged => MatrixProductLaunch.Launch<TBackend, TVector>(launcher, arguments);
    }
}
