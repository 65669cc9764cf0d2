using Gpu.Kernels.Devices;

namespace Gpu.Tests.Devices;

public class MatrixPrecisionTests
{
    [Theory]
    [InlineData(MatrixPrecision.Tf32)]
    [InlineData(MatrixPrecision.Fp16)]
    public void CpuComputesIn32BitsAlone(MatrixPrecision precision)
    {
        using var device = new CpuDevice(1);
        Assert.Equal(MatrixPrecision.Fp32, device.Precision);
        var mistake = Assert.Throws<ArgumentException>(() => device.Precision = precision);
        Assert.Contains($"{precision.ToString().ToLowerInvariant()} needs tensor cores", mistake.Message);
        Assert.Contains("CPU, 1 thread", mistake.Message);
        Assert.Contains("fp32", mistake.Message);
        Assert.Equal(MatrixPrecision.Fp32, device.Precision);
        device.Precision = MatrixPrecision.Fp32;
    }
}
