using Gpu.Cli.Checks;
using Gpu.Kernels;
using Gpu.Kernels.Statistics;
using Gpu.Tests.Oracles;

namespace Gpu.Tests.Statistics;

[OracleFor(typeof(WeightMomentsKernel<,>), typeof(WeightCountsKernel<,>), typeof(WeightCopyKernel<,>))]
public class WeightStatisticsTests
{
    public static TheoryData<string, string> Checks => Oracle.Cases(typeof(WeightStatisticsChecks));

    [Theory]
    [MemberData(nameof(Checks))]
    public void AgreesWithTheReference(string check, string device) => Oracle.Run(typeof(WeightStatisticsChecks), check, device);

    [Fact]
    public void ANaNReachesTheSums()
    {
        using var oracle = new Oracle("cpu256", seed: 93);
        var arena = new ParameterArena();
        arena.Add("w", 40, new SegmentFactors());
        using var table = new SegmentTable(oracle.Device, arena);
        var values = new float[arena.Length];
        values[17] = float.NaN;
        var (view, moments) = (oracle.Upload(values), oracle.Output(WeightStatistics.MomentWords));
        WeightStatistics.Moments(oracle.Device, table, view, view, view, moments);
        Assert.All(oracle.Download(moments)[..3], sum => Assert.Equal(float.NaN, sum));
    }
}
