using Gpu.Cli.Checks;
using Gpu.Kernels.Convolution.TensorCore;
using Gpu.Tests.Oracles;

namespace Gpu.Tests.Convolution.TensorCore;

/// <summary>
/// Tensor-core convolutions against the double-precision reference on operands rounded as the tensor cores round them. What remains is the rounding of the
/// fp32 accumulation, so the tolerance is that of the fp32 kernels. The rounding is implemented here a second time.
/// </summary>
[OracleFor(typeof(TensorCoreConv2d<,,>), typeof(TensorCoreWeightGradient<,>))]
public class TensorCoreConv2dTests
{
    public static TheoryData<string, string> Checks => Oracle.Cases(typeof(TensorCoreChecks), TestDevices.TensorCoreNames);

    [CudaTheory]
    [MemberData(nameof(Checks))]
    public void AgreesWithTheReference(string check, string device) => Oracle.Run(typeof(TensorCoreChecks), check, device);
}
