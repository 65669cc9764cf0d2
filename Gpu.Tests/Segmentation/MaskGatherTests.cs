using Gpu.Cli.Checks;
using Gpu.Kernels.Segmentation;
using Gpu.Tests.Oracles;

namespace Gpu.Tests.Segmentation;

[OracleFor(typeof(MaskGatherKernel<,>), typeof(TransformedMaskGather<,>))]
public class MaskGatherTests
{
    public static TheoryData<string, string> Checks => Oracle.Cases(typeof(MaskGatherChecks));

    [Theory]
    [MemberData(nameof(Checks))]
    public void AgreesWithTheReference(string check, string device) => Oracle.Run(typeof(MaskGatherChecks), check, device);
}
