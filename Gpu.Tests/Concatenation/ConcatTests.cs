using Gpu.Cli.Checks;
using Gpu.Kernels;
using Gpu.Kernels.Concatenation;
using Gpu.Tests.Oracles;

namespace Gpu.Tests.Concatenation;

[OracleFor(typeof(ChannelCopy<,,>))]
public class ConcatTests
{
    public static TheoryData<string, string> Checks => Oracle.Cases(typeof(ConcatChecks));

    [Theory]
    [MemberData(nameof(Checks))]
    public void AgreesWithTheReference(string check, string device) => Oracle.Run(typeof(ConcatChecks), check, device);

    [Fact]
    public void ChannelsOutsideTheOutputThrow()
    {
        using var oracle = new Oracle(TestDevices.Names.First(), seed: 2);
        var (x, y) = (oracle.Output(8), oracle.Output(12));
        Assert.Contains("channels 2 to 3 do not lie within the 3", Assert.Throws<ArgumentException>(() =>
            Concat.Forward(oracle.Device, 4, 2, x, 3, 2, y)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => Concat.Forward(oracle.Device, 4, 2, x, 3, -1, y));
        Assert.Throws<ArgumentException>(() => Concat.Forward(oracle.Device, 4, 2, x, 3, int.MaxValue, y));
    }
}
