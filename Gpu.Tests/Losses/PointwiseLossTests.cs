using Gpu.Cli.Checks;
using Gpu.Kernels;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Losses;
using Gpu.Tests.Oracles;

namespace Gpu.Tests.Losses;

[OracleFor(typeof(PointwiseLoss<,,,>), typeof(GroupedPointwiseLoss<,,,>))]
public class PointwiseLossTests
{
    public static TheoryData<string, string> Checks => Oracle.Cases(typeof(PointwiseLossChecks));

    [Theory]
    [MemberData(nameof(Checks))]
    public void AgreesWithTheReference(string check, string device) => Oracle.Run(typeof(PointwiseLossChecks), check, device);

    [Fact]
    public void InvalidArgumentsThrow()
    {
        using var device = new CpuDevice(threads: 1);
        using var memory = device.Allocate(100);
        var v = memory.View;
        Assert.Contains("target must hold 12", Assert.Throws<ArgumentException>(() =>
            MeanSquaredError.Run(device, 3, 4, v.First(12), v.First(11), default, v.First(3))).Message);
        Assert.Contains("gradient must hold 12", Assert.Throws<ArgumentException>(() =>
            BinaryCrossEntropy.Run(device, 3, 4, v.First(12), v.First(12), v.First(3), v.First(3))).Message);
        Assert.Contains("Gelu", Assert.Throws<ArgumentException>(() =>
            MeanSquaredError.Run(device, 3, 4, v.First(12), v.First(12), default, v.First(3), new Activation(ActivationKind.Gelu))).Message);
    }
}
