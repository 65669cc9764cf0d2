using Gpu.Kernels;
using Gpu.Kernels.Devices;

namespace Gpu.Cli.Bench;

/// <summary>Measured peak rates of a device. Operations are compared with these instead of with a data sheet.</summary>
/// <param name="Gflops">multiply-adds in registers, GFLOP/s (2 per multiply-add)</param>
/// <param name="CopyGbps">copy bandwidth of memory, GB/s, reads plus writes</param>
/// <param name="MatrixGflops">tensor cores in the device's precision, GFLOP/s; null if matrix products do not use tensor cores</param>
internal sealed record Ceilings(double Gflops, double CopyGbps, double? MatrixGflops)
{
    /// <summary>The peak rate for matrix products and convolutions, GFLOP/s.</summary>
    public double ProductGflops => MatrixGflops ?? Gflops;

    /// <summary>Default size of the copy in MB, larger than any cache.</summary>
    public const int DefaultCopyMegabytes = 256;

    /// <summary>Measures the peak rates of a device.</summary>
    /// <param name="device">the device</param>
    /// <param name="seconds">approximate time per measurement</param>
    /// <param name="copyMegabytes">size of the copy in MB</param>
    public static Ceilings Measure(ComputeDevice device, double seconds, int copyMegabytes = DefaultCopyMegabytes)
    {
        var isCpu = device is CpuDevice;
        var isTiny = OperationSizes.For(device) == OperationSizes.Tiny;
        using var output = device.Allocate(PeakWords(device));
        var rounds = isCpu ? 4096 : isTiny ? 4 : 2048;
        var peakList = new CommandList(device);
        PeakThroughput.MultiplyAdds(peakList, output.View, rounds);
        var flops = PeakThroughput.MultiplyAddFlops(output.Length, rounds);
        var best = LaunchTimings.Measure(device, peakList, seconds).Times.Best;

        var words = isTiny ? 1 << 10 : copyMegabytes << 18;
        using var source = device.Allocate(words);
        using var target = device.Allocate(words);
        var copyList = new CommandList(device);
        PeakThroughput.Copy(copyList, source.View, target.View);
        var copy = LaunchTimings.Measure(device, copyList, seconds).Times.Best;
        return new Ceilings(flops / best / 1e9, 2.0 * words * sizeof(float) / copy / 1e9, MeasureTensorCores(device, seconds));
    }

    /// <summary>The rate of tensor cores in the device's precision, GFLOP/s; null if matrix products do not use tensor cores.</summary>
    public static double? MeasureTensorCores(ComputeDevice device, double seconds)
    {
        if (!PeakThroughput.HasTensorCores(device)) return null;
        // Two groups per multiprocessor all run at the same time; enough rounds make the launch overhead negligible.
        const int rounds = 4096;
        using var output = device.Allocate(2 * ((AcceleratorDevice)device).Accelerator.NumMultiprocessors * PeakThroughput.TensorCoreThreads);
        var list = new CommandList(device);
        PeakThroughput.TensorCores(list, output.View, rounds);
        return PeakThroughput.TensorCoreFlops(device.Precision, output.Length, rounds) / LaunchTimings.Measure(device, list, seconds).Times.Best / 1e9;
    }

    // On a GPU, a whole number of waves of fully occupied multiprocessors (2048 threads each), so that none is idle at the end.
    private static int PeakWords(ComputeDevice device) => device switch
    {
        AcceleratorDevice accelerator when OperationSizes.For(device) == OperationSizes.Gpu => accelerator.Accelerator.NumMultiprocessors * 2048 * 4 * 4,
        AcceleratorDevice => 1 << 8,
        _ => 1 << 12,
    };
}
