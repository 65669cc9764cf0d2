using Gpu.Kernels;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Normalization;
using Gpu.Tests.Activations;
using Gpu.Tests.Oracles;
using Gpu.Tests.Pooling;

namespace Gpu.Tests.Normalization;

[OracleFor(
    typeof(BatchNormMaxPoolForward<,,>), typeof(BatchNormMaxPoolGradientSums<,,>), typeof(GroupedBatchNormMaxPoolGradientSums<,,>),
    typeof(BatchNormMaxPoolInputGradient<,,,>))]
public class BatchNormMaxPoolTests
{
    private const float Momentum = 0.1f;
    private const float Epsilon = 1e-5f;

    public static TheoryData<string> Devices => TestDevices.All;

    [Theory]
    [MemberData(nameof(Devices))]
    public void AgreesWithTheReference(string device)
    {
        using var oracle = new Oracle(device, seed: 41);
        foreach (var channels in new[] { 1, 3, 5, 10, 16, 17, 28, 32, 48, 64, 80 })
        {
            // Even and odd sides: with odd ones the last row or column is in no window.
            foreach (var (batch, height, width) in new[] { (1, 2, 2), (2, 3, 2), (1, 4, 5), (oracle.Next(2, 5), oracle.Next(2, 9), oracle.Next(2, 9)) })
            {
                var (kind, gate) = (oracle.Pick(Enum.GetValues<ActivationKind>()), oracle.Pick(ActivationKind.Identity, ActivationKind.Relu));
                Check(oracle, Shape(batch, height, width, channels), kind, gate, oracle.Pick(false, true));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Devices))]
    public void EveryActivationIsFused(string device)
    {
        using var oracle = new Oracle(device, seed: 42);
        foreach (var kind in Enum.GetValues<ActivationKind>()) Check(oracle, Shape(2, 5, 6, 20), kind, ActivationKind.Identity, false);
    }

    [Theory]
    [MemberData(nameof(Devices))]
    public void ManySmallImagesAgreeWithTheReference(string device)
    {
        using var oracle = new Oracle(device, seed: 43);
        Check(oracle, Shape(260, 5, 3, 6), ActivationKind.Relu, ActivationKind.Identity, false);
    }

    [Theory]
    [InlineData(8, 4, 2)]
    [InlineData(32, 4, 3)]
    public void LargerGroupsAgreeWithTheReference(int warp, int warps, int multiprocessors)
    {
        using var oracle = new Oracle(TestDevices.Groups(warp, warps, multiprocessors), seed: 46);
        foreach (var shape in new[] { Shape(40, 4, 6, 8), Shape(3, 19, 15, 12), Shape(150, 3, 2, 5), Shape(2, 2, 2, 72) })
            Check(oracle, shape, ActivationKind.Relu, ActivationKind.Identity, false);
    }

    [Fact]
    public void WindowIteratorCarriesIntoRowsAndImages()
    {
        foreach (var shape in new[] { Shape(50, 2, 2, 4), Shape(20, 3, 9, 4), Shape(7, 10, 2, 8), Shape(5, 11, 13, 1) })
        {
            var windows = shape.Batch * shape.OutputHeight * shape.OutputWidth;
            foreach (var stride in new[] { 1, 2, 8, 16, 64 })
            {
                var steps = WindowIterator.For(shape, stride);
                for (var first = 0; first < Math.Min(stride, windows); first++)
                {
                    var place = steps.Start(first, 3);
                    for (var window = first; window < windows; window += stride, place = steps.Next(place))
                        Assert.Equal(steps.Start(window, 3), place);
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Devices))]
    public void VarianceIsAccurateFarFromZero(string device)
    {
        using var oracle = new Oracle(device, seed: 44);
        Check(oracle, Shape(20, 12, 12, 6), ActivationKind.Identity, ActivationKind.Identity, false, offset: 1000, tolerance: 2e-4);
    }

    [Theory]
    [MemberData(nameof(Devices))]
    public void NaNPropagatesInEvaluation(string device)
    {
        using var oracle = new Oracle(device, seed: 45);
        var shape = Shape(2, 4, 5, 8);
        var input = oracle.Uniform(shape.InputLength);
        for (var i = 0; i < input.Length; i++)
            if (oracle.Next(0, 9) == 0) input[i] = float.NaN;
        var ones = oracle.Upload(Enumerable.Repeat(1f, shape.Channels).ToArray());
        var zeros = oracle.Upload(new float[shape.Channels]);
        var output = oracle.Output(shape.OutputLength);
        BatchNormMaxPool.ForwardEvaluation(
            oracle.Device, shape, oracle.Upload(input), new(ones, zeros, zeros, ones), Epsilon, output, Activation.Relu,
            oracle.Output(BatchNormMaxPool.WorkspaceLength(shape)));
        Assert.Equal(Pool2dReference.Max(shape, input).Output.Select(double.IsNaN), oracle.Download(output).Select(float.IsNaN));
    }

    [Fact]
    public void WindowsOtherThan2x2Throw()
    {
        using var device = new CpuDevice(1);
        using var buffer = device.Allocate(1000);
        var four = buffer.View.Slice(0, 4);
        var error = Assert.Throws<ArgumentException>(() => BatchNormMaxPool.ForwardEvaluation(
            device, new Pool2dShape(1, 3, 3, 4, 3, 3, 1, 1), buffer.View.Slice(0, 36), new(four, four, four, four), Epsilon, four, Activation.None,
            buffer.View));
        Assert.Contains("2x2", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ResultsDoNotDependOnThreads()
    {
        var shape = Shape(40, 9, 8, 40);
        float[]? first = null;
        foreach (var threads in new[] { 1, 2, 3, 5 })
        {
            using var device = new CpuDevice(threads);
            var random = new Random(5);
            DeviceView Upload(int count)
            {
                var view = device.Allocate(count).View;
                device.Upload<float>([.. Enumerable.Range(0, count).Select(_ => random.NextSingle() - 0.5f)], view);
                return view;
            }

            var c = shape.Channels;
            var (x, d, y, dx) = (Upload(shape.InputLength), Upload(shape.OutputLength), Upload(shape.OutputLength), Upload(shape.InputLength));
            var (gamma, beta, mean, variance, savedMean, savedInverse) = (Upload(c), Upload(c), Upload(c), Upload(c), Upload(c), Upload(c));
            var (gammaGradient, betaGradient) = (Upload(c), Upload(c));
            var workspace = Upload(BatchNormMaxPool.WorkspaceLength(shape));
            var (parameters, saved) = (new BatchNormParameters(gamma, beta, mean, variance), new BatchNormSaved(savedMean, savedInverse));
            BatchNormMaxPool.ForwardTraining(device, shape, x, parameters, Momentum, Epsilon, y, saved, Activation.Relu, workspace);
            BatchNormMaxPool.Backward(device, shape, x, d, parameters, saved, dx, new(gammaGradient, betaGradient), Activation.Relu, workspace);
            var all = new List<float>();
            foreach (var view in new[] { y, dx, mean, variance, gammaGradient, betaGradient })
            {
                var values = new float[view.Length];
                device.Download<float>(view, values);
                all.AddRange(values);
                view.Buffer!.Dispose();
            }

            first ??= [.. all];
            Assert.Equal(first, all.ToArray());
        }
    }

    private static Pool2dShape Shape(int batch, int height, int width, int channels) => new(batch, height, width, channels, 2, 2, 2, 2);

    private static void Check(
        Oracle oracle, Pool2dShape shape, ActivationKind kind, ActivationKind gateKind, bool accumulate, float offset = 0, double tolerance = 2e-5)
    {
        var text = $"{shape} {kind}, gate {gateKind}";
        var channels = shape.Channels;
        var rows = shape.InputLength / channels;
        var activation = new Activation(kind, 0.1f);
        var gate = new Activation(gateKind);
        var input = oracle.Uniform(shape.InputLength, offset - 2, offset + 2);
        var gamma = oracle.Uniform(channels, 0.5f, 1.5f);
        var beta = oracle.Uniform(channels);
        var runningMean = oracle.Uniform(channels);
        var runningVariance = oracle.Uniform(channels, 0.5f, 2);
        var outputGradient = oracle.Uniform(shape.OutputLength);
        var expected = new BatchNormReference(rows, channels, input, gamma, beta, activation, Epsilon);

        var workspace = oracle.Output(BatchNormMaxPool.WorkspaceLength(shape));
        var (x, g, b, rm, rv) = (oracle.Upload(input), oracle.Upload(gamma), oracle.Upload(beta), oracle.Upload(runningMean), oracle.Upload(runningVariance));
        var (output, mean, inverse) = (oracle.Output(shape.OutputLength), oracle.Output(channels), oracle.Output(channels));

        BatchNormMaxPool.ForwardEvaluation(oracle.Device, shape, x, new(g, b, rm, rv), Epsilon, output, activation, workspace);
        var evaluated = input.Select((v, i) => (float)ActivationReference.Value(
            activation, (v - runningMean[i % channels]) / Math.Sqrt(runningVariance[i % channels] + Epsilon) * gamma[i % channels] + beta[i % channels]));
        oracle.Compare("batch norm and pooling, evaluation", Pool2dReference.Max(shape, [.. evaluated]).Output, output, tolerance, shape: text);

        output = oracle.Output(shape.OutputLength);
        BatchNormMaxPool.ForwardTraining(oracle.Device, shape, x, new(g, b, rm, rv), Momentum, Epsilon, output, new(mean, inverse), activation, workspace);
        var whole = Array.ConvertAll(expected.Output, v => (float)v);
        oracle.Compare("batch norm and pooling forward", Pool2dReference.Max(shape, whole).Output, output, tolerance, shape: text);
        oracle.Compare("batch norm and pooling saved mean", expected.Mean, mean, tolerance, shape: text);
        oracle.Compare("batch norm and pooling running mean", [.. runningMean.Select((v, c) => 0.9 * v + 0.1 * expected.Mean[c])], rm, tolerance, shape: text);
        oracle.Compare(
            "batch norm and pooling running variance", [.. runningVariance.Select((v, c) => 0.9 * v + 0.1 * expected.Variance[c] * rows / (rows - 1))],
            rv, tolerance, shape: text);
        CompareWithTheTwoOperations(oracle, shape, x, g, b, activation, output);

        var pooled = Array.ConvertAll(Pool2dReference.MaxGradient(shape, whole, outputGradient), v => (float)v);
        expected.Backward(pooled, gate);
        var before = oracle.Uniform(shape.InputLength);
        var inputGradient = accumulate ? oracle.Upload(before) : oracle.Output(shape.InputLength);
        var startGamma = oracle.Uniform(channels);
        var startBeta = oracle.Uniform(channels);
        var (gammaGradient, betaGradient) = (oracle.Upload(startGamma), oracle.Upload(startBeta));
        BatchNormMaxPool.Backward(
            oracle.Device, shape, x, oracle.Upload(outputGradient), new(g, b, rm, rv), new(mean, inverse), inputGradient, new(gammaGradient, betaGradient),
            activation, workspace, gate, accumulate);
        oracle.Compare(
            "batch norm and pooling input gradient", [.. expected.InputGradient.Select((v, i) => v + (accumulate ? before[i] : 0))],
            inputGradient, 5 * tolerance, expected.InputGradientTerms, text);
        oracle.Compare(
            "batch norm and pooling gamma gradient", [.. expected.GammaGradient.Select((v, c) => v + startGamma[c])], gammaGradient, 5 * tolerance,
            shape: text);
        oracle.Compare(
            "batch norm and pooling beta gradient", [.. expected.BetaGradient.Select((v, c) => v + startBeta[c])], betaGradient, 5 * tolerance, shape: text);
    }

    // The fused operation gives the same bits as batch normalization followed by max pooling.
    private static void CompareWithTheTwoOperations(
        Oracle oracle, Pool2dShape shape, DeviceView x, DeviceView gamma, DeviceView beta, Activation activation, DeviceView output)
    {
        var rows = shape.InputLength / shape.Channels;
        var (normalized, pooled) = (oracle.Output(shape.InputLength), oracle.Output(shape.OutputLength));
        var (mean, variance) = (oracle.Upload(new float[shape.Channels]), oracle.Upload(new float[shape.Channels]));
        BatchNorm.ForwardTraining(
            oracle.Device, rows, shape.Channels, x, new(gamma, beta, mean, variance), Momentum, Epsilon, normalized,
            new(oracle.Output(shape.Channels), oracle.Output(shape.Channels)), activation, oracle.Output(BatchNorm.WorkspaceLength(rows, shape.Channels)));
        MaxPool2d.Forward(oracle.Device, shape, normalized, pooled);
        Assert.Equal(oracle.Download(pooled), oracle.Download(output));
    }
}
