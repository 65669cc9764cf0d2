using Gpu.Kernels.Backends;
using Gpu.Kernels.Convolution.TensorCore;
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
    public const int StandardCopyMegabytes = 256;

    /// <summary>Measures them.</summary>
    /// <param name="device">what to measure</param>
    /// <param name="seconds">about how long each is measured</param>
    /// <param name="copyMegabytes">how much is copied</param>
    public static Ceilings Measure(ComputeDevice device, double seconds, int copyMegabytes = StandardCopyMegabytes)
    {
        var isCpu = device is CpuDevice;
        var isTiny = OperationSizes.For(device) == OperationSizes.Tiny;
        using var output = device.Allocate(PeakWords(device));
        var peak = new PeakOperation(output.View, isCpu ? 4096 : isTiny ? 4 : 2048);
        var peakList = new CommandList(device);
        peakList.Execute(peak);
        var flops = peak.FlopsPerWord * output.Length;
        var best = LaunchTimings.Measure(device, peakList, seconds).Times.Best;

        var words = isTiny ? 1 << 10 : copyMegabytes << 18;
        using var source = device.Allocate(words);
        using var target = device.Allocate(words);
        var copyList = new CommandList(device);
        copyList.Execute(new CopyOperation(source.View, target.View, isCpu ? 1 << 12 : 4));
        var copy = LaunchTimings.Measure(device, copyList, seconds).Times.Best;
        return new Ceilings(flops / best / 1e9, 2.0 * words * sizeof(float) / copy / 1e9, MeasureMatrices(device, seconds));
    }

    private static double? MeasureMatrices(ComputeDevice device, double seconds)
    {
        if (!TensorCorePeak.IsPossible(device)) return null;
        // As many groups as are there at the same time, so that none waits for the last; each long enough that its launch does not count.
        const int rounds = 4096;
        using var output = device.Allocate(2 * ((AcceleratorDevice)device).Accelerator.NumMultiprocessors * TensorCorePeak.Threads);
        var list = new CommandList(device);
        TensorCorePeak.Run(list, output.View, rounds);
        return TensorCorePeak.Flops(device.Precision, output.Length, rounds) / LaunchTimings.Measure(device, list, seconds).Times.Best / 1e9;
    }

    // The CPU's threads take stretches of items. On a GPU a whole number of rounds of all multiprocessors, full with threads, so that none waits for the last.
    private static int PeakWords(ComputeDevice device) => device switch
    {
        AcceleratorDevice accelerator when OperationSizes.For(device) == OperationSizes.Gpu => accelerator.Accelerator.NumMultiprocessors * 2048 * GpuVector4Backend.Width * 4,
        AcceleratorDevice => 1 << 8,
        _ => 1 << 12,
    };

    /// <summary>Multiply-adds: output words are written, a vector an item.</summary>
    internal readonly struct PeakOperation(DeviceView output, int rounds) : IOperation
    {
        /// <summary>Floating-point operations for each word of the output.</summary>
        public long FlopsPerWord => 2L * rounds * MultiplyAddPeak<GpuScalarBackend, float>.Chains;

        public int Granularity => 4;

        public void Launch<TBackend, TVector>(ILauncher<TBackend> launcher)
            where TBackend : struct, IVectorBackend<TBackend, TVector>
            where TVector : unmanaged
        {
            var kernel = new MultiplyAddPeak<TBackend, TVector> { Output = launcher.Bind(output), Rounds = rounds, Factor = 0.999f, Summand = 0.001f };
            launcher.Launch(kernel, output.Length / TBackend.Width, rounds * MultiplyAddPeak<TBackend, TVector>.Chains);
        }
    }

    /// <summary>Copies; the length must be a multiple of the words of an item.</summary>
    internal readonly struct CopyOperation(DeviceView source, DeviceView target, int wordsOfItem) : IOperation
    {
        public int Granularity => 4;

        public void Launch<TBackend, TVector>(ILauncher<TBackend> launcher)
            where TBackend : struct, IVectorBackend<TBackend, TVector>
            where TVector : unmanaged
        {
            var kernel = new CopyWords<TBackend, TVector> { Input = launcher.Bind(source), Output = launcher.Bind(target), WordsOfItem = wordsOfItem };
            launcher.Launch(kernel, source.Length / wordsOfItem, 2 * Math.Max(1, wordsOfItem / TBackend.Width));
        }
    }
}
