using Gpu.Cli.Checks;
using Gpu.Kernels;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Residual;
using Gpu.Tests.Oracles;

namespace Gpu.Tests.Residual;

[OracleFor(typeof(ResidualForward<,,>), typeof(ResidualBackward<,,>), typeof(ShortcutForward<,,>), typeof(ShortcutBackward<,,>))]
public class ResidualAddTests
{
    public static TheoryData<string, string> Checks => Oracle.Cases(typeof(ResidualAddChecks));

    [Theory]
    [MemberData(nameof(Checks))]
    public void AgreesWithTheReference(string check, string device) => Oracle.Run(typeof(ResidualAddChecks), check, device);

    [Fact]
    public void ResultsDoNotDependOnThreads()
    {
        var shape = new ShortcutShape(8, 16, 15, 20, 44, 2);
        var random = new Random(4);
        var values = Enumerable.Range(0, 4 * shape.OutputLength + 2 * shape.InputLength).Select(_ => random.NextSingle() - 0.5f).ToArray();
        int[]? expected = null;
        foreach (var threads in new[] { 1, 2, 3, 5 })
        {
            using var device = new CpuDevice(threads);
            using var buffer = device.Allocate(values.Length);
            device.Upload<float>(values, buffer.View);
            var n = shape.OutputLength;
            var small = buffer.View.Slice(4 * n, 2 * shape.InputLength);
            var (a, y, dy, da) = (buffer.View.Slice(0, n), buffer.View.Slice(n, n), buffer.View.Slice(2 * n, n), buffer.View.Slice(3 * n, n));
            var (b, db) = (small.First(shape.InputLength), small.Slice(shape.InputLength, shape.InputLength));
            ResidualAdd.Forward(device, shape, a, b, y, Activation.Relu);
            ResidualAdd.Backward(device, shape, Activation.Relu, y, dy, da, db);
            ResidualAdd.Forward(device, da, y, y, Activation.Relu);
            var bits = new int[values.Length];
            device.Download<int>(buffer.View, bits);
            expected ??= bits;
            Assert.Equal(expected, bits);
        }
    }

    [Fact]
    public void InvalidArgumentsThrow()
    {
        using var oracle = new Oracle(TestDevices.Names.First(), seed: 5);
        var (four, eight) = (oracle.Output(4), oracle.Output(8));
        Assert.Equal("b", Assert.Throws<ArgumentException>(() => ResidualAdd.Forward(oracle.Device, four, eight, four, Activation.None)).ParamName);
        var narrower = new ShortcutShape(1, 1, 1, 8, 4, 1);
        Assert.Contains(
            "from 8 channels to 4",
            Assert.Throws<ArgumentException>(() => ResidualAdd.Forward(oracle.Device, narrower, four, eight, four, Activation.None)).Message,
            StringComparison.Ordinal);
        var silu = new Activation(ActivationKind.Silu);
        Assert.Equal(
            "activation", Assert.Throws<ArgumentException>(() => ResidualAdd.Backward(oracle.Device, silu, four, four, four, four, false, false)).ParamName);
    }
}
