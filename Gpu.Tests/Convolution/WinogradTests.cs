using Gpu.Cli.Checks;
using Gpu.Kernels;
using Gpu.Kernels.Convolution;
using Gpu.Kernels.Devices;
using Gpu.Tests.Oracles;
using static Gpu.Cli.Checks.WinogradChecks;

namespace Gpu.Tests.Convolution;

[OracleFor(typeof(WinogradConv2d<,,>), typeof(WinogradWeights<,>), typeof(WinogradWeightGradient<,>))]
public class WinogradTests
{
    public static TheoryData<string, string> Checks => Oracle.Cases(typeof(WinogradChecks));

    [Theory]
    [MemberData(nameof(Checks))]
    public void AgreesWithTheReference(string check, string device) => Oracle.Run(typeof(WinogradChecks), check, device);

    [Fact]
    public void UnsupportedShapesUseTheDirectAlgorithm()
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
}
