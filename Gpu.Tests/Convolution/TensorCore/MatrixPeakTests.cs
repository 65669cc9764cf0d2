using Gpu.Kernels.Convolution.TensorCore;
using Gpu.Kernels.Devices;
using Gpu.Tests.Oracles;

namespace Gpu.Tests.Convolution.TensorCore;

/// <summary>What the peak of tensor cores computes, where there are any: on a GPU, or the emulator of one.</summary>
[OracleFor(typeof(TensorCorePeakKernel<>))]
public class MatrixPeakTests
{
    [CudaFact]
    public void EveryProductIsAdded()
    {
        foreach (string name in TestDevices.Tensor)
        {
            using var oracle = new Oracle(name, seed: 1);
            const int rounds = 5;
            var output = oracle.Output(2 * TensorCorePeak.Threads);
            TensorCorePeak.Run(oracle.Device, output, rounds);
            var depth = oracle.Device.Precision == MatrixPrecision.Fp16 ? 16 : 8;
            // A row's first operand is what its four lanes hold, again and again; sums begin with their numbers, and a lane has four places of each of sixteen.
            var expected = Enumerable.Range(0, output.Length).Select(thread =>
            {
                var line = thread % 32 / 4;
                var product = Enumerable.Range(4 * line, 4).Sum(lane => 1 + lane / 32.0) * (depth / 4) / 1024;
                return Enumerable.Range(0, 16).Sum(sum => 4 * (sum + rounds * product));
            });
            oracle.Compare("peak of tensor cores", [.. expected], output, 1e-6);
            // Two groups of eight warps, sixteen sums, five products of 16 x 8 x depth.
            Assert.Equal(2.0 * 2 * 8 * 16 * rounds * 16 * 8 * depth, TensorCorePeak.Flops(oracle.Device.Precision, output.Length, rounds));
        }
    }

    [Fact]
    public void DevicesWithoutTensorCoresAreRefused()
    {
        using var device = new CpuDevice(1);
        using var buffer = device.Allocate(TensorCorePeak.Threads);
        Assert.False(TensorCorePeak.IsPossible(device));
        Assert.Contains("tf32 or fp16", Assert.Throws<ArgumentException>(() => TensorCorePeak.Run(device, buffer.View, 1)).Message);
    }
}
