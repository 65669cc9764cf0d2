using Gpu.Cli.Checks;
using Gpu.Kernels;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Losses;
using Gpu.Tests.Oracles;

namespace Gpu.Tests.Losses;

[OracleFor(typeof(BinaryMetricPartials<,>), typeof(MetricPartials<,>), typeof(MetricSum<,>), typeof(MetricReset<,>), typeof(GroupedMetricSum<,>))]
public class MetricsTests
{
    public static TheoryData<string, string> Checks => Oracle.Cases(typeof(MetricsChecks));

    [Theory]
    [MemberData(nameof(Checks))]
    public void AgreesWithTheReference(string check, string device) => Oracle.Run(typeof(MetricsChecks), check, device);

    [Fact]
    public void InvalidArgumentsThrow()
    {
        using var device = new CpuDevice(threads: 1);
        using var memory = device.Allocate(MetricLayout.Words + 100);
        var v = memory.View;
        Assert.Contains("metrics must hold", Assert.Throws<ArgumentException>(() => Metrics.Reset(device, v)).Message);
        Assert.Throws<ArgumentOutOfRangeException>(() =>
            Metrics.Accumulate(device, 2, 5, v.First(10), v.First(2), v.First(2), v.First(MetricLayout.Words), topK: 0));
    }
}
