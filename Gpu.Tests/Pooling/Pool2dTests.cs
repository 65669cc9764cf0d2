using Gpu.Cli.Checks;
using Gpu.Kernels;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Pooling;
using Gpu.Tests.Oracles;

namespace Gpu.Tests.Pooling;

[OracleFor(
    typeof(PoolForward<,,,>), typeof(AvgPoolBackward<,,,>), typeof(MaxPoolBackwardDisjoint<,,>), typeof(MaxPoolBackwardOverlapping<,,>),
    typeof(MaxPoolForward2x2<,>), typeof(MaxPoolBackward2x2<,,>))]
public class Pool2dTests
{
    public static TheoryData<string, string> Checks => Oracle.Cases(typeof(Pool2dChecks));

    [Theory]
    [MemberData(nameof(Checks))]
    public void AgreesWithTheReference(string check, string device) => Oracle.Run(typeof(Pool2dChecks), check, device);

    [Fact]
    public void ResultsDoNotDependOnThreads()
    {
        var random = new Random(5);
        foreach (var shape in new[]
        {
            new Pool2dShape(5, 24, 23, 20, 2, 2, 2, 2),
            new Pool2dShape(3, 24, 23, 36, 3, 3, 2, 2, 1, 1, 1, 1, CountPadding: false),
            Pool2dShape.Global(9, 12, 12, 72),
        })
        {
            var input = Enumerable.Range(0, shape.InputLength).Select(_ => random.NextSingle() - 0.5f).ToArray();
            var gradient = Enumerable.Range(0, shape.OutputLength).Select(_ => random.NextSingle() - 0.5f).ToArray();
            int[]? expected = null;
            foreach (var threads in new[] { 1, 2, 3, 5 })
            {
                var bits = Bits(threads, shape, input, gradient);
                expected ??= bits;
                Assert.Equal(expected, bits);
            }
        }
    }

    [Theory]
    [InlineData(0, 2, 1, 0, 0, "InputHeight must be 1 to 268,435,456")]
    [InlineData(4, 0, 1, 0, 0, "WindowHeight must be 1 to 268,435,456")]
    [InlineData(4, 2, 0, 0, 0, "StrideHeight must be 1 to 268,435,456")]
    [InlineData(4, 2, 1, 2, 0, "padding of 2 and 0 does not fit a window of 2")]
    [InlineData(4, 2, 1, 0, -1, "padding of 0 and -1 does not fit a window of 2")]
    [InlineData(2, 6, 1, 1, 1, "WindowHeight 6 is larger than the padded input (2 + 1 + 1)")]
    public void InvalidShapesThrow(int height, int window, int stride, int top, int bottom, string message)
    {
        var shape = new Pool2dShape(1, height, 4, 3, window, 2, stride, 2, top, 0, bottom, 0);
        Assert.Contains(message, Assert.Throws<ArgumentException>(() => shape.Validate()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void WrongViewLengthsAndUnsupportedGatesThrow()
    {
        using var oracle = new Oracle(TestDevices.Names.First(), seed: 6);
        var shape = new Pool2dShape(1, 4, 4, 3, 2, 2, 2, 2);
        var (input, output) = (oracle.Output(48), oracle.Output(12));
        Assert.Equal("output", Assert.Throws<ArgumentException>(() => MaxPool2d.Forward(oracle.Device, shape, input, input)).ParamName);
        Assert.Equal("input", Assert.Throws<ArgumentException>(() => AvgPool2d.Forward(oracle.Device, shape, output, output)).ParamName);
        Assert.Equal("inputGradient", Assert.Throws<ArgumentException>(() => AvgPool2d.Backward(oracle.Device, shape, output, output)).ParamName);
        Assert.Equal(
            "input", Assert.Throws<ArgumentException>(() => AvgPool2d.Backward(oracle.Device, shape, output, input, Activation.Relu)).ParamName);
        Assert.Equal(
            "gate",
            Assert.Throws<ArgumentException>(
                () => AvgPool2d.Backward(oracle.Device, shape, output, input, new Activation(ActivationKind.Gelu), input)).ParamName);
    }

    private static int[] Bits(int threads, Pool2dShape shape, float[] input, float[] gradient)
    {
        using var device = new CpuDevice(threads);
        using var buffer = device.Allocate(3 * (shape.InputLength + shape.OutputLength));
        var at = 0;
        DeviceView Next(int length) => buffer.View.Slice((at += length) - length, length);
        var (x, dx, da) = (Next(shape.InputLength), Next(shape.InputLength), Next(shape.InputLength));
        var (y, a, dy) = (Next(shape.OutputLength), Next(shape.OutputLength), Next(shape.OutputLength));
        device.Upload<float>(input, x);
        device.Upload<float>(gradient, dy);
        MaxPool2d.Forward(device, shape, x, y);
        MaxPool2d.Backward(device, shape, x, y, dy, dx);
        AvgPool2d.Forward(device, shape, x, a);
        AvgPool2d.Backward(device, shape, dy, da);
        var bits = new int[buffer.Length];
        device.Download<int>(buffer.View, bits);
        return bits;
    }
}
