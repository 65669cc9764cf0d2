using Gpu.Cli.Checks;
using Gpu.Cli.Checks.References;
using Gpu.Kernels;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Normalization;
using Gpu.Tests.Oracles;
using static Gpu.Cli.Checks.BatchNormChecks;

namespace Gpu.Tests.Normalization;

[OracleFor(
    typeof(BatchNormStatistics<,>), typeof(BatchNormCombine<,>), typeof(BatchNormScaleFromRunning<,>), typeof(BatchNormForward<,,>),
    typeof(BatchNormGradientSums<,,>), typeof(BatchNormScaleFromSaved<,>), typeof(BatchNormGradientCombine<,>), typeof(BatchNormInputGradient<,,,>),
    typeof(GroupedBatchNormStatistics<,>), typeof(GroupedBatchNormCombine<,>), typeof(GroupedBatchNormGradientSums<,,>),
    typeof(GroupedBatchNormGradientCombine<,>))]
public class BatchNormTests
{
    public static TheoryData<string, string> Checks => Oracle.Cases(typeof(BatchNormChecks));

    [Theory]
    [MemberData(nameof(Checks))]
    public void AgreesWithTheReference(string check, string device) => Oracle.Run(typeof(BatchNormChecks), check, device);

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
}
