using Gpu.Kernels;
using Gpu.Kernels.Optimizers;
using Gpu.Tests.Oracles;
using Gpu.Cli.Checks;

namespace Gpu.Tests.Optimizers;

[OracleFor(typeof(ClipValueKernel<,>))]
public class GradientClipTests
{
    public static TheoryData<string, string> Checks => Oracle.Cases(typeof(GradientClipChecks));

    [Theory]
    [MemberData(nameof(Checks))]
    public void AgreesWithTheReference(string check, string device) => Oracle.Run(typeof(GradientClipChecks), check, device);

    [Fact]
    public void InvalidArgumentsThrow()
    {
        using var oracle = new Oracle(TestDevices.Names.First(), seed: 42);
        Assert.Throws<ArgumentOutOfRangeException>(() => GradientClip.Value(oracle.Device, oracle.Output(4), default, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => GradientClip.Value(oracle.Device, oracle.Output(4), default, float.NaN));
        Assert.Equal("gradients", Assert.Throws<ArgumentException>(() => GradientClip.Value(oracle.Device, default, default, 1)).ParamName);
    }
}
