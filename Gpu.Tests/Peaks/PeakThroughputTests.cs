using Gpu.Cli.Checks;
using Gpu.Kernels;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Peaks;
using Gpu.Tests.Oracles;

namespace Gpu.Tests.Peaks;

[OracleFor(typeof(MultiplyAddPeak<,>), typeof(CopyWords<,>), typeof(TensorCorePeak<>))]
public class PeakThroughputTests
{
    public static TheoryData<string, string> Checks => Oracle.Cases(typeof(PeakThroughputChecks));

    [Theory]
    [MemberData(nameof(Checks))]
    public void AgreesWithTheReference(string check, string device) => Oracle.Run(typeof(PeakThroughputChecks), check, device);

    [Fact]
    public void InvalidLengthsThrow()
    {
        using var device = new CpuDevice(1);
        using var buffer = device.Allocate(8192);
        var view = buffer.View;
        Assert.Contains("multiple of 16", Assert.Throws<ArgumentException>(() => PeakThroughput.MultiplyAdds(device, view.First(24), 1)).Message);
        Assert.Contains("multiple of 4096", Assert.Throws<ArgumentException>(() => PeakThroughput.Copy(device, view.First(100), view.First(100))).Message);
        Assert.Contains("must hold 100 words", Assert.Throws<ArgumentException>(() => PeakThroughput.Copy(device, view.First(100), view.First(99))).Message);
    }

    [CudaFact]
    public void TensorCoreKernelAddsEveryProduct()
    {
        foreach (string name in TestDevices.TensorCores)
        {
            using var oracle = new Oracle(name, seed: 1);
            const int rounds = 5;
            var output = oracle.Output(2 * PeakThroughput.TensorCoreThreads);
            PeakThroughput.TensorCores(oracle.Device, output, rounds);
            var depth = oracle.Device.Precision == MatrixPrecision.Fp16 ? 16 : 8;
            // The four lanes of a row repeat their values along k. Each of the 16 accumulators starts with its index and has four elements per lane.
            var expected = Enumerable.Range(0, output.Length).Select(thread =>
            {
                var line = thread % 32 / 4;
                var product = Enumerable.Range(4 * line, 4).Sum(lane => 1 + lane / 32.0) * (depth / 4) / 1024;
                return Enumerable.Range(0, 16).Sum(sum => 4 * (sum + rounds * product));
            });
            oracle.Compare("peak of tensor cores", [.. expected], output, 1e-6);
            // Two groups of eight warps, 16 accumulators, five products of 16 x 8 x depth.
            Assert.Equal(2.0 * 2 * 8 * 16 * rounds * 16 * 8 * depth, PeakThroughput.TensorCoreFlops(oracle.Device.Precision, output.Length, rounds));
        }
    }

    [Fact]
    public void DevicesWithoutTensorCoresThrow()
    {
        using var device = new CpuDevice(1);
        using var buffer = device.Allocate(PeakThroughput.TensorCoreThreads);
        Assert.False(PeakThroughput.HasTensorCores(device));
        Assert.Contains("tf32 or fp16", Assert.Throws<ArgumentException>(() => PeakThroughput.TensorCores(device, buffer.View, 1)).Message);
    }
}
