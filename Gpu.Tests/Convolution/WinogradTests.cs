using Gpu.Kernels;
using Gpu.Kernels.Convolution;
using Gpu.Kernels.Devices;
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
        // Several splits and blocks; the last ones are smaller.
        if (device.StartsWith("cpu", StringComparison.Ordinal)) Check(oracle, Make(9, 13, 14, 80, 96, 1, 1, 1, 1));
        // More tiles than a strip; panels of two vectors and of one; partial tiles at the edges.
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
    public void ErrorIsNearThatOfTheDirectSum(string device)
    {
        using var oracle = new Oracle(device, seed: 22);
        // Many channels: the error of the direct sum grows with the channels just like the error of the transforms.
        foreach (var channels in new[] { 64, 256 }) Check(oracle, Make(1, 12, 12, channels, 32, 1, 1, 1, 1), tolerance: 5e-6);
    }

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

    private static void Check(Oracle oracle, Conv2dShape shape, double tolerance = 1e-5) => Conv2dTests.Check(oracle, shape, "Winograd", tolerance);

    private static Conv2dShape Make(int batch, int height, int width, int channels, int outputs, int top, int left, int bottom, int right) =>
        Conv2dShapes.Make(batch, height, width, channels, outputs, 3) with
        {
            PaddingTop = top, PaddingLeft = left, PaddingBottom = bottom, PaddingRight = right, Algorithm = Conv2dAlgorithm.Winograd,
        };
}
