using Gpu.Cli.Checks;
using Gpu.Kernels.Activations;
using Gpu.Tests.Oracles;

namespace Gpu.Tests.Activations;

[OracleFor(typeof(ActivationForward<,,>), typeof(ActivationBackward<,,>))]
public class ActivationTests
{
    public static TheoryData<string, string> Checks => Oracle.Cases(typeof(ActivationChecks));

    [Theory]
    [MemberData(nameof(Checks))]
    public void AgreesWithTheReference(string check, string device) => Oracle.Run(typeof(ActivationChecks), check, device);
}
