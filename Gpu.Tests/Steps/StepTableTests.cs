using Gpu.Cli.Checks;
using Gpu.Kernels;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Steps;
using Gpu.Tests.Oracles;

namespace Gpu.Tests.Steps;

[OracleFor(typeof(StepTableAdvance<,>))]
public class StepTableTests
{
    public static TheoryData<string, string> Checks => Oracle.Cases(typeof(StepTableChecks));

    [Theory]
    [MemberData(nameof(Checks))]
    public void AgreesWithTheReference(string check, string device) => Oracle.Run(typeof(StepTableChecks), check, device);

    [Fact]
    public void ShortViewsThrow()
    {
        using var device = new CpuDevice(threads: 1);
        using var buffer = device.Allocate(100);
        Assert.Throws<ArgumentException>(() => StepTable.Advance(device, buffer.View.First(20), buffer.View.First(StepStateLayout.Words)));
        Assert.Throws<ArgumentException>(() => StepTable.Advance(device, buffer.View, buffer.View.First(5)));
    }
}
