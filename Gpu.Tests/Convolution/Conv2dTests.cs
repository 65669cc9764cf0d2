using Gpu.Cli.Checks;
using Gpu.Kernels.Convolution;
using Gpu.Kernels.Reductions;
using Gpu.Tests.Oracles;

namespace Gpu.Tests.Convolution;

[OracleFor(
    typeof(DirectConv2d<,,>), typeof(PackConvWeights<,>), typeof(DirectConv2dWeightGradient<,>), typeof(SplitKReduce<,>), typeof(ChannelPartialSum<,>),
    typeof(GroupedChannelSum<,>), typeof(GroupedSplitKReduce<,>), typeof(ImplicitGemmConv2d<,,,>), typeof(SplitKEpilogue<,,>),
    typeof(ImplicitGemmWeightGradient<,,>), typeof(DepthwiseConv2d<,,>), typeof(DepthwiseWeightGradient<,>))]
public class Conv2dTests
{
    public static TheoryData<string, string> Checks => Oracle.Cases(typeof(Conv2dChecks));

    [Theory]
    [MemberData(nameof(Checks))]
    public void AgreesWithTheReference(string check, string device) => Oracle.Run(typeof(Conv2dChecks), check, device);
}
