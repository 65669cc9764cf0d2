using Gpu.Cli.Checks;
using Gpu.Kernels;
using Gpu.Tests.Oracles;

namespace Gpu.Tests.Resampling;

public class UpsampleTests
{
    public static TheoryData<string, string> Checks => Oracle.Cases(typeof(UpsampleChecks));

    [Theory]
    [MemberData(nameof(Checks))]
    public void AgreesWithTheReference(string check, string device) => Oracle.Run(typeof(UpsampleChecks), check, device);

    [Fact]
    public void InvalidArgumentsThrow()
    {
        using var oracle = new Oracle(TestDevices.Names.First(), seed: 2);
        var view = oracle.Output(16);
        Assert.Throws<ArgumentException>(() => Upsample.NearestForward(oracle.Device, 1, 2, 2, 4, 0, view, view));
        Assert.Equal("output", Assert.Throws<ArgumentException>(() => Upsample.NearestForward(oracle.Device, 1, 2, 2, 4, 2, view, view)).ParamName);
    }
}
