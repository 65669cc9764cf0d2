using Gpu.Cli.Checks;
using Gpu.Kernels;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Normalization;
using Gpu.Tests.Oracles;
using static Gpu.Cli.Checks.BatchNormMaxPoolChecks;

namespace Gpu.Tests.Normalization;

[OracleFor(
    typeof(BatchNormMaxPoolForward<,,>), typeof(BatchNormMaxPoolGradientSums<,,>), typeof(GroupedBatchNormMaxPoolGradientSums<,,>),
    typeof(BatchNormMaxPoolInputGradient<,,,>))]
public class BatchNormMaxPoolTests
{
    public static TheoryData<string, string> Checks => Oracle.Cases(typeof(BatchNormMaxPoolChecks));

    [Theory]
    [MemberData(nameof(Checks))]
    public void AgreesWithTheReference(string check, string device) => Oracle.Run(typeof(BatchNormMaxPoolChecks), check, device);

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
}
