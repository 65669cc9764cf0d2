using Gpu.Kernels;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Normalization;
using Gpu.Tests.Activations;
using Gpu.Tests.Oracles;

namespace Gpu.Tests.Normalization;

[OracleFor(
    typeof(BatchNormStatistics<,>), typeof(BatchNormCombine<,>), typeof(BatchNormScaleFromRunning<,>), typeof(BatchNormForward<,,>),
    typeof(BatchNormGradientSums<,,>), typeof(BatchNormScaleFromSaved<,>), typeof(BatchNormGradientCombine<,>), typeof(BatchNormInputGradient<,,,>),
    typeof(GroupedBatchNormStatistics<,>), typeof(GroupedBatchNormCombine<,>), typeof(GroupedBatchNormGradientSums<,,>),
    typeof(GroupedBatchNormGradientCombine<,>))]
public class BatchNormTests
{
    private const float Momentum = 0.1f;
    private const float Epsilon = 1e-5f;

    public static TheoryData<string> Devices => TestDevices.All;

    [Theory]
    [MemberData(nameof(Devices))]
    public void AgreesWithTheReference(string device)
    {
        using var oracle = new Oracle(device, seed: 21);
        foreach (var channels in new[] { 1, 3, 5, 10, 16, 17, 28, 30, 32, 48, 64, 80 })
        {
            // Barriers are slow in the simulator, so grouped kernels get fewer rows.
            foreach (var rows in new[] { 2, 7, 61, oracle.Next(100, device == "groups" ? 300 : 700) })
            {
                var (kind, gate) = (oracle.Pick(Enum.GetValues<ActivationKind>()), oracle.Pick(ActivationKind.Identity, ActivationKind.Relu));
                Check(oracle, rows, channels, kind, gate, oracle.Pick(false, true));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Devices))]
    public void EveryActivationIsFused(string device)
    {
        using var oracle = new Oracle(device, seed: 22);
        foreach (var kind in Enum.GetValues<ActivationKind>()) Check(oracle, 40, 20, kind, ActivationKind.Identity, false);
    }

    [Theory]
    [MemberData(nameof(Devices))]
    public void VarianceIsAccurateFarFromZero(string device)
    {
        using var oracle = new Oracle(device, seed: 23);
        Check(oracle, device == "groups" ? 1000 : 5000, 6, ActivationKind.Identity, ActivationKind.Identity, false, offset: 1000, tolerance: 2e-4);
    }

    [Fact]
    public void StatisticsOfManyRowsFarFromZeroAreAccurate()
    {
        // Enough rows for the largest number of chunks. Plain sums would be wrong in the fourth decimal place.
        const int channels = 21;
        foreach (var device in TestDevices.Names.Where(name => name != "simulator"))
        {
            var rows = device == "groups" ? 4_000 : 150_000;
            using var oracle = new Oracle(device, seed: 25);
            var input = oracle.Uniform(rows * channels, 1000 - 1.7f, 1000 + 1.8f);
            var ones = oracle.Upload(Enumerable.Repeat(1f, channels).ToArray());
            var (mean, inverse, runningVariance) = (oracle.Output(channels), oracle.Output(channels), oracle.Upload(new float[channels]));
            BatchNorm.ForwardTraining(
                oracle.Device, rows, channels, oracle.Upload(input), new(ones, ones, oracle.Upload(new float[channels]), runningVariance), 1, Epsilon,
                oracle.Output(rows * channels), new(mean, inverse), Activation.None, oracle.Output(BatchNorm.WorkspaceLength(rows, channels)));
            var expected = new BatchNormReference(rows, channels, input, oracle.Download(ones), oracle.Download(ones), Activation.None, Epsilon);
            // Floats around 1000 are 6.1e-5 apart.
            oracle.Compare("batch norm saved mean (1000)", expected.Mean, mean, 1.5e-7);
            oracle.Compare("batch norm running variance (1000)", [.. expected.Variance.Select(v => v * rows / (rows - 1))], runningVariance, 1e-6);
            oracle.Compare("batch norm saved 1 / deviation (1000)", [.. expected.Variance.Select(v => 1 / Math.Sqrt(v + Epsilon))], inverse, 1e-6);
        }
    }

    [Theory]
    [MemberData(nameof(Devices))]
    public void AConstantChannelIsNormalizedToBeta(string device)
    {
        using var oracle = new Oracle(device, seed: 24);
        const int rows = 33, channels = 4;
        var input = new float[rows * channels];
        Array.Fill(input, 3f);
        var beta = oracle.Uniform(channels);
        var output = oracle.Output(rows * channels);
        BatchNorm.ForwardTraining(
            oracle.Device, rows, channels, oracle.Upload(input),
            new(oracle.Upload(oracle.Uniform(channels)), oracle.Upload(beta), oracle.Upload(new float[channels]), oracle.Upload(new float[channels])),
            Momentum, Epsilon, output, new(oracle.Output(channels), oracle.Output(channels)), Activation.None,
            oracle.Output(BatchNorm.WorkspaceLength(rows, channels)));
        oracle.Compare("batch norm forward (constant)", [.. Enumerable.Range(0, rows * channels).Select(i => (double)beta[i % channels])], output, 1e-5);
    }

    [Fact]
    public void OneRowThrows()
    {
        using var device = new CpuDevice(1);
        using var buffer = device.Allocate(1000);
        var one = buffer.View.Slice(0, 4);
        var error = Assert.Throws<ArgumentException>(() => BatchNorm.ForwardTraining(
            device, 1, 4, one, new(one, one, one, one), 0.1f, 1e-5f, one, new(one, one), Activation.None, buffer.View));
        Assert.Contains("at least 2", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ResultsDoNotDependOnThreads()
    {
        const int rows = 3000, channels = 40;
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

            var x = Upload(rows * channels);
            var d = Upload(rows * channels);
            var (gamma, beta, mean, variance) = (Upload(channels), Upload(channels), Upload(channels), Upload(channels));
            var (savedMean, savedInverse, gammaGradient, betaGradient) = (Upload(channels), Upload(channels), Upload(channels), Upload(channels));
            var workspace = Upload(BatchNorm.WorkspaceLength(rows, channels));
            var y = Upload(rows * channels);
            var (parameters, saved) = (new BatchNormParameters(gamma, beta, mean, variance), new BatchNormSaved(savedMean, savedInverse));
            BatchNorm.ForwardTraining(device, rows, channels, x, parameters, Momentum, Epsilon, y, saved, Activation.Relu, workspace);
            BatchNorm.Backward(device, rows, channels, x, d, parameters, saved, d, new(gammaGradient, betaGradient), Activation.Relu, workspace);
            var all = new List<float>();
            foreach (var view in new[] { y, d, mean, variance, gammaGradient, betaGradient })
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

    private static void Check(
        Oracle oracle, int rows, int channels, ActivationKind kind, ActivationKind gateKind, bool accumulate, float offset = 0, double tolerance = 2e-5)
    {
        var text = $"{rows} x {channels} {kind}, gate {gateKind}";
        var activation = new Activation(kind, 0.1f);
        var gate = new Activation(gateKind);
        var input = oracle.Uniform(rows * channels, offset - 2, offset + 2);
        var gamma = oracle.Uniform(channels, 0.5f, 1.5f);
        var beta = oracle.Uniform(channels);
        var runningMean = oracle.Uniform(channels);
        var runningVariance = oracle.Uniform(channels, 0.5f, 2);
        var outputGradient = oracle.Uniform(rows * channels);
        var expected = new BatchNormReference(rows, channels, input, gamma, beta, activation, Epsilon);

        var workspace = oracle.Output(BatchNorm.WorkspaceLength(rows, channels));
        var (x, g, b, rm, rv) = (oracle.Upload(input), oracle.Upload(gamma), oracle.Upload(beta), oracle.Upload(runningMean), oracle.Upload(runningVariance));
        var (output, mean, inverse) = (oracle.Output(rows * channels), oracle.Output(channels), oracle.Output(channels));

        BatchNorm.ForwardEvaluation(oracle.Device, rows, channels, x, new(g, b, rm, rv), Epsilon, output, activation, workspace);
        var evaluated = input.Select((v, i) => ActivationReference.Value(
            activation, (v - runningMean[i % channels]) / Math.Sqrt(runningVariance[i % channels] + Epsilon) * gamma[i % channels] + beta[i % channels]));
        oracle.Compare("batch norm evaluation", [.. evaluated], output, tolerance, shape: text);

        var previous = oracle.Uniform(rows * channels);
        var evaluationGradient = accumulate ? oracle.Upload(previous) : oracle.Output(rows * channels);
        BatchNorm.BackwardEvaluation(
            oracle.Device, rows, channels, x, oracle.Upload(outputGradient), new(g, b, rm, rv), Epsilon, evaluationGradient, activation, workspace,
            gate, accumulate);
        var constant = input.Select((v, i) =>
        {
            var scale = gamma[i % channels] / Math.Sqrt(runningVariance[i % channels] + Epsilon);
            var before = (v - runningMean[i % channels]) * scale + beta[i % channels];
            return (accumulate ? previous[i] : 0) + outputGradient[i] * ActivationReference.Derivative(activation, before) * scale
                * (gate.Kind == ActivationKind.Relu && v <= 0 ? 0 : 1);
        });
        oracle.Compare("batch norm evaluation input gradient", [.. constant], evaluationGradient, 5 * tolerance, shape: text);

        output = oracle.Output(rows * channels);
        BatchNorm.ForwardTraining(oracle.Device, rows, channels, x, new(g, b, rm, rv), Momentum, Epsilon, output, new(mean, inverse), activation, workspace);
        oracle.Compare("batch norm forward", expected.Output, output, tolerance, shape: text);
        oracle.Compare("batch norm saved mean", expected.Mean, mean, tolerance, shape: text);
        oracle.Compare("batch norm saved 1 / deviation", [.. expected.Variance.Select(v => 1 / Math.Sqrt(v + Epsilon))], inverse, shape: text);
        oracle.Compare("batch norm running mean", [.. runningMean.Select((v, c) => 0.9 * v + 0.1 * expected.Mean[c])], rm, tolerance, shape: text);
        oracle.Compare(
            "batch norm running variance", [.. runningVariance.Select((v, c) => 0.9 * v + 0.1 * expected.Variance[c] * rows / (rows - 1))], rv, tolerance,
            shape: text);

        expected.Backward(outputGradient, gate);
        var before = oracle.Uniform(rows * channels);
        var inputGradient = accumulate ? oracle.Upload(before) : oracle.Output(rows * channels);
        var startGamma = oracle.Uniform(channels);
        var startBeta = oracle.Uniform(channels);
        var (gammaGradient, betaGradient) = (oracle.Upload(startGamma), oracle.Upload(startBeta));
        BatchNorm.Backward(
            oracle.Device, rows, channels, x, oracle.Upload(outputGradient), new(g, b, rm, rv), new(mean, inverse), inputGradient,
            new(gammaGradient, betaGradient), activation, workspace, gate, accumulate);
        oracle.Compare(
            "batch norm input gradient", [.. expected.InputGradient.Select((v, i) => v + (accumulate ? before[i] : 0))], inputGradient, 5 * tolerance,
            expected.InputGradientTerms, text);
        oracle.Compare("batch norm gamma gradient", [.. expected.GammaGradient.Select((v, c) => v + startGamma[c])], gammaGradient, 5 * tolerance, shape: text);
        oracle.Compare("batch norm beta gradient", [.. expected.BetaGradient.Select((v, c) => v + startBeta[c])], betaGradient, 5 * tolerance, shape: text);
    }
}
