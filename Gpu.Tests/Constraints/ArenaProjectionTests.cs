using Gpu.Cli.Checks;
using Gpu.Kernels.Constraints;
using Gpu.Tests.Oracles;

namespace Gpu.Tests.Constraints;

/// <summary>Soft threshold, moving average and lookahead of the segments of an arena.</summary>
[OracleFor(typeof(SoftThresholdKernel<,>), typeof(WeightAverageKernel<,>), typeof(LookaheadKernel<,>))]
public class ArenaProjectionTests
{
    public static TheoryData<string, string> Checks => Oracle.Cases(typeof(ArenaProjectionChecks));

    [Theory]
    [MemberData(nameof(Checks))]
    public void AgreesWithTheReference(string check, string device) => Oracle.Run(typeof(ArenaProjectionChecks), check, device);
}
