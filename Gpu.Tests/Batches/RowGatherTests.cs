using Gpu.Cli.Checks;
using Gpu.Kernels;
using Gpu.Kernels.Batches;
using Gpu.Kernels.Devices;
using Gpu.Tests.Oracles;

namespace Gpu.Tests.Batches;

[OracleFor(typeof(RowGatherKernel<,>))]
public class RowGatherTests
{
    public static TheoryData<string, string> Checks => Oracle.Cases(typeof(RowGatherChecks));

    [Theory]
    [MemberData(nameof(Checks))]
    public void AgreesWithTheReference(string check, string device) => Oracle.Run(typeof(RowGatherChecks), check, device);

    [Fact]
    public void InvalidArgumentsThrow()
    {
        using var device = new CpuDevice(threads: 1);
        using var memory = device.Allocate(100);
        var v = memory.View;
        Assert.Contains("whole rows", Assert.Throws<ArgumentException>(() =>
            RowGather.Run(device, v.First(7), 2, default, v.First(2), v.First(16), v.First(4), default)).Message);
        Assert.Contains("order of rows is empty", Assert.Throws<ArgumentException>(() =>
            RowGather.Run(device, v.First(8), 2, default, default, v.First(16), v.First(4), default)).Message);
    }
}
