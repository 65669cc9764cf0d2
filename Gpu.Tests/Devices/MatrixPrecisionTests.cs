using Gpu.Kernels.Devices;

namespace Gpu.Tests.Devices;

public class MatrixPrecisionTests
{
    [Theory]
    [InlineData(MatrixPrecision.Tf32)]
    [InlineData(MatrixPrecision.Fp16)]
    public void CpuSupportsOnlyFp32(MatrixPrecision precision)
    {
        using var device = new CpuDevice(1);
        Assert.Equal(MatrixPrecision.Fp32, device.Precision);
        var error = Assert.Throws<ArgumentException>(() => device.Precision = precision);
        Assert.Contains($"{precision.ToString().ToLowerInvariant()} needs tensor cores", error.Message);
        Assert.Contains("CPU, 1 thread", error.Message);
        Assert.Contains("fp32", error.Message);
        Assert.Equal(MatrixPrecision.Fp32, device.Precision);
        device.Precision = MatrixPrecision.Fp32;
    }
}
