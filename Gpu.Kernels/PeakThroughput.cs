using Gpu.Kernels.Backends;
using Gpu.Kernels.Convolution.TensorCore;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Peaks;

namespace Gpu.Kernels;

/// <summary>
/// Operations that measure the peak throughput of a device: multiply-adds in registers, matrix products on tensor cores, and a copy in memory. Other
/// operations are compared with these rates.
/// </summary>
public static class PeakThroughput
{
    /// <summary>Threads per group of <see cref="TensorCores"/>. The length of its output is a multiple of this.</summary>
    public const int TensorCoreThreads = 256;

    // Words that an item of the copy moves on the CPU. The length of a copy is a multiple of this.
    private const int CopyBlock = 4096;

    // Independent accumulators of a warp, which hide the latency of the tensor cores.
    private const int TensorCoreSums = 16;

    /// <summary>Runs <paramref name="rounds"/> * 12 multiply-adds in registers for each word of the output.</summary>
    /// <param name="executor">the device that runs the operation, or the command list that records it</param>
    /// <param name="output">receives the sums, so that the work is not optimized away; a multiple of 16 words, at least 16</param>
    /// <param name="rounds">at least 1</param>
    /// <exception cref="ArgumentException">the length of the output is not a multiple of 16, or 0</exception>
    /// <exception cref="ArgumentOutOfRangeException">fewer than 1 round</exception>
    public static void MultiplyAdds(IExecutor executor, DeviceView output, int rounds)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rounds);
        if (output.IsEmpty || output.Length % 16 != 0)
            throw new ArgumentException($"the output must have a multiple of 16 words, but has {output.Length}", nameof(output));
        Operands.Check(executor, [new(output, nameof(output))], []);
        executor.Execute(new MultiplyAddOperation(output, rounds));
    }

    /// <summary>Floating-point operations of <see cref="MultiplyAdds"/>, counting 2 per multiply-add.</summary>
    /// <param name="words">words of the output</param>
    /// <param name="rounds">as for <see cref="MultiplyAdds"/></param>
    public static double MultiplyAddFlops(int words, int rounds) => 2.0 * words * rounds * MultiplyAddPeak<GpuScalarBackend, float>.Chains;

    /// <summary>Copies words with a kernel that accesses memory as other kernels do.</summary>
    /// <param name="executor">the device that runs the operation, or the command list that records it</param>
    /// <param name="source">a multiple of 4096 words on the CPU, of 4 words on other devices</param>
    /// <param name="target">receives as many words</param>
    /// <exception cref="ArgumentException">the lengths differ, or are not such a multiple</exception>
    public static void Copy(IExecutor executor, DeviceView source, DeviceView target)
    {
        target.Require(source.Length, nameof(target));
        var multiple = executor.Device is CpuDevice ? CopyBlock : 4;
        if (source.Length % multiple != 0)
            throw new ArgumentException($"the source must have a multiple of {multiple} words, but has {source.Length}", nameof(source));
        Operands.Check(executor, [new(target, nameof(target))], [new(source, nameof(source))]);
        executor.Execute(new CopyOperation(source, target));
    }

    /// <summary>Whether <see cref="TensorCores"/> runs on a device: a CUDA device whose precision is not fp32.</summary>
    /// <param name="device">the device</param>
    public static bool HasTensorCores(ComputeDevice device) =>
        device is AcceleratorDevice { Precision: not MatrixPrecision.Fp32, Accelerator.AcceleratorType: ILGPU.Runtime.AcceleratorType.Cuda };

    /// <summary>Runs matrix products on tensor cores, in <see cref="ComputeDevice.Precision"/>.</summary>
    /// <param name="executor">the device that runs the operation, or the command list that records it</param>
    /// <param name="output">
    /// one word per thread, a multiple of <see cref="TensorCoreThreads"/>; two groups per multiprocessor keep the device busy
    /// </param>
    /// <param name="rounds">products per accumulator, of which each warp has sixteen; at least 1</param>
    /// <exception cref="ArgumentException">the device has no tensor cores, its precision is fp32, or the output has a wrong length</exception>
    /// <exception cref="ArgumentOutOfRangeException">fewer than 1 round</exception>
    public static void TensorCores(IExecutor executor, DeviceView output, int rounds)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rounds);
        if (!HasTensorCores(executor.Device))
        {
            throw new ArgumentException(
                "the peak of tensor cores can only be measured on a CUDA device whose precision is tf32 or fp16, "
                + $"not on {executor.Device.Id} in {executor.Device.Precision}",
                nameof(executor));
        }

        if (output.IsEmpty || output.Length % TensorCoreThreads != 0)
        {
            throw new ArgumentException(
                $"the output must have a multiple of {TensorCoreThreads} words, one for each thread, but has {output.Length}", nameof(output));
        }

        Operands.Check(executor, [new(output, nameof(output))], []);
        executor.Execute(new TensorCoreOperation(output, rounds));
    }

    /// <summary>Floating-point operations of <see cref="TensorCores"/>, counting 2 per multiply-add.</summary>
    /// <param name="precision">the precision of the device; not fp32</param>
    /// <param name="words">words of the output</param>
    /// <param name="rounds">as for <see cref="TensorCores"/></param>
    public static double TensorCoreFlops(MatrixPrecision precision, int words, int rounds) =>
        2.0 * words / WarpTile.Lanes * TensorCoreSums * rounds * (16 * 8) * (precision == MatrixPrecision.Fp16 ? Fp16Peak.Depth : Tf32Peak.Depth);

    private readonly struct MultiplyAddOperation(DeviceView output, int rounds) : IOperation
    {
        public int Granularity => 4;

        public void Launch<TBackend, TVector>(ILauncher<TBackend> launcher)
            where TBackend : struct, IVectorBackend<TBackend, TVector>
            where TVector : unmanaged
        {
            var kernel = new MultiplyAddPeak<TBackend, TVector> { Output = launcher.Bind(output), Rounds = rounds, Factor = 0.999f, Addend = 0.001f };
            launcher.Launch(kernel, output.Length / TBackend.Width, rounds * MultiplyAddPeak<TBackend, TVector>.Chains);
        }
    }

    private readonly struct CopyOperation(DeviceView source, DeviceView target) : IOperation
    {
        public int Granularity => 4;

        public void Launch<TBackend, TVector>(ILauncher<TBackend> launcher)
            where TBackend : struct, IVectorBackend<TBackend, TVector>
            where TVector : unmanaged
        {
            var words = TBackend.IsGpu ? TBackend.Width : CopyBlock;
            var kernel = new CopyWords<TBackend, TVector> { Input = launcher.Bind(source), Output = launcher.Bind(target), WordsPerItem = words };
            launcher.Launch(kernel, source.Length / words, 2 * Math.Max(1, words / TBackend.Width));
        }
    }

    private readonly struct TensorCoreOperation(DeviceView output, int rounds) : IOperation
    {
        public int Granularity => 1;

        public void Launch<TBackend, TVector>(ILauncher<TBackend> launcher)
            where TBackend : struct, IVectorBackend<TBackend, TVector>
            where TVector : unmanaged
        {
            var tensorCores = launcher.TensorCores!;
            var groups = output.Length / TensorCoreThreads;
            if (tensorCores.Precision == MatrixPrecision.Fp16)
                tensorCores.LaunchGroups(new TensorCorePeak<Fp16Peak> { Output = tensorCores.Address(output), Rounds = rounds }, groups, TensorCoreThreads);
            else
                tensorCores.LaunchGroups(new TensorCorePeak<Tf32Peak> { Output = tensorCores.Address(output), Rounds = rounds }, groups, TensorCoreThreads);
        }
    }
}
