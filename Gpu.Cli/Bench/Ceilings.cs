using Gpu.Kernels;
using Gpu.Kernels.Devices;

namespace Gpu.Cli.Bench;

/// <summary>What a device can do at most, measured on it: operations are compared with that, and not with a data sheet.</summary>
/// <param name="Gflops">10^9 floating-point operations a second of multiply-adds on registers (a multiply-add counts 2)</param>
/// <param name="CopyGbps">10^9 bytes a second of a copy out of and into memory, reading and writing counted</param>
/// <param name="MatrixGflops">10^9 floating-point operations a second of the tensor cores in the device's precision; null where products are not computed by them</param>
internal sealed record Ceilings(double Gflops, double CopyGbps, double? MatrixGflops)
{
    /// <summary>What products and convolutions are compared with.</summary>
    public double ProductGflops => MatrixGflops ?? Gflops;

    /// <summary>Megabytes that are copied when nobody says otherwise: far more than any cache holds.</summary>
    public const int DefaultCopyMegabytes = 256;

    /// <summary>Measures them.</summary>
    /// <param name="device">what to measure</param>
    /// <param name="seconds">about how long each is measured</param>
    /// <param name="copyMegabytes">how much is copied</param>
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

    private static double? MeasureTensorCores(ComputeDevice device, double seconds)
    {
        if (!PeakThroughput.HasTensorCores(device)) return null;
        // As many groups as are there at the same time, so that none waits for the last; each long enough that its launch does not count.
        const int rounds = 4096;
        using var output = device.Allocate(2 * ((AcceleratorDevice)device).Accelerator.NumMultiprocessors * PeakThroughput.TensorCoreThreads);
        var list = new CommandList(device);
        PeakThroughput.TensorCores(list, output.View, rounds);
        return PeakThroughput.TensorCoreFlops(device.Precision, output.Length, rounds) / LaunchTimings.Measure(device, list, seconds).Times.Best / 1e9;
    }

    // The CPU's threads take stretches of items. On a GPU a whole number of rounds of all multiprocessors, full with threads, so that none waits for the last.
    private static int PeakWords(ComputeDevice device) => device switch
    {
        AcceleratorDevice accelerator when OperationSizes.For(device) == OperationSizes.Gpu => accelerator.Accelerator.NumMultiprocessors * 2048 * 4 * 4,
        AcceleratorDevice => 1 << 8,
        _ => 1 << 12,
    };
}
