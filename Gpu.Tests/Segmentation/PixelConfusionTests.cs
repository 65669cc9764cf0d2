using Gpu.Cli.Checks;
using Gpu.Kernels.Segmentation;
using Gpu.Tests.Oracles;

namespace Gpu.Tests.Segmentation;

[OracleFor(typeof(PixelConfusionPart<,>), typeof(PixelConfusionSum<,>), typeof(PixelConfusionReset<,>))]
public class PixelConfusionTests
{
    public static TheoryData<string, string> Checks => Oracle.Cases(typeof(PixelConfusionChecks));

    [Theory]
    [MemberData(nameof(Checks))]
    public void AgreesWithTheReference(string check, string device) => Oracle.Run(typeof(PixelConfusionChecks), check, device);
}
