using Gpu.Kernels.Backends;
using Gpu.Kernels.Convolution.TensorCore;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Peaks;

namespace Gpu.Kernels;

/// <summary>
/// Work that a device can do no faster: multiply-adds on registers, products on tensor cores, and a copy through memory. Its measured rates are the
/// ceilings that other operations are compared with.
/// </summary>
public static class PeakThroughput
{
    /// <summary>Threads in a group of <see cref="TensorCores"/>; the output has a multiple of that many words.</summary>
    public const int TensorCoreThreads = 256;

    // Words that an item of the copy moves on the CPU; the length of a copy is a multiple of it.
    private const int CopyBlock = 4096;

    // Independent sums of a warp.
    private const int TensorCoreSums = 16;

    /// <summary>Multiply-adds on registers, <paramref name="rounds"/> times 12 for each word of the output.</summary>
    /// <param name="executor">where to run</param>
    /// <param name="output">receives the sums; a multiple of 16 words</param>
    /// <param name="rounds">1 or more</param>
    /// <exception cref="ArgumentException">the length is not a multiple of 16</exception>
    public static void MultiplyAdds(IExecutor executor, DeviceView output, int rounds)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rounds);
        if (output.IsEmpty || output.Length % 16 != 0) throw new ArgumentException($"the output must have a multiple of 16 words, but has {output.Length}", nameof(output));
        executor.Execute(new MultiplyAddOperation(output, rounds));
    }

    /// <summary>Floating-point operations of <see cref="MultiplyAdds"/>, 2 for each multiply-add.</summary>
    public static double MultiplyAddFlops(int words, int rounds) => 2.0 * words * rounds * MultiplyAddPeak<GpuScalarBackend, float>.Chains;

    /// <summary>Copies words from one view to another by a kernel, as other kernels read and write.</summary>
    /// <param name="executor">where to run</param>
    /// <param name="source">the words; a multiple of 4096 on the CPU, of 4 elsewhere</param>
    /// <param name="target">receives them; the same length</param>
    /// <exception cref="ArgumentException">the lengths differ or are no such multiple</exception>
    public static void Copy(IExecutor executor, DeviceView source, DeviceView target)
    {
        target.Require(source.Length, nameof(target));
        var multiple = executor.Device is CpuDevice ? CopyBlock : 4;
        if (source.Length % multiple != 0) throw new ArgumentException($"the source must have a multiple of {multiple} words, but has {source.Length}", nameof(source));
        executor.Execute(new CopyOperation(source, target));
    }

    /// <summary>Whether <see cref="TensorCores"/> runs on a device: CUDA, with another precision than fp32.</summary>
    public static bool HasTensorCores(ComputeDevice device) =>
        device is AcceleratorDevice { Precision: not MatrixPrecision.Fp32, Accelerator.AcceleratorType: ILGPU.Runtime.AcceleratorType.Cuda };

    /// <summary>Products on tensor cores, in the precision that the device is set to.</summary>
    /// <param name="executor">where to run</param>
    /// <param name="output">a word for each thread, a multiple of <see cref="TensorCoreThreads"/>; two groups a multiprocessor keep all of it busy</param>
    /// <param name="rounds">products of each of a warp's sixteen sums</param>
    /// <exception cref="ArgumentException">the device has no tensor cores, or its precision is fp32, or the output is no such multiple</exception>
    public static void TensorCores(IExecutor executor, DeviceView output, int rounds)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rounds);
        if (!HasTensorCores(executor.Device))
        {
            throw new ArgumentException(
                $"the peak of tensor cores can be measured on a CUDA device whose precision is tf32 or fp16, not on {executor.Device.Id} in {executor.Device.Precision}",
                nameof(executor));
        }

        if (output.IsEmpty || output.Length % TensorCoreThreads != 0)
            throw new ArgumentException($"the output must have a multiple of {TensorCoreThreads} words, one for each thread, but has {output.Length}", nameof(output));
        executor.Execute(new TensorCoreOperation(output, rounds));
    }

    /// <summary>Floating-point operations of <see cref="TensorCores"/>, 2 for each multiply-add.</summary>
    /// <param name="precision">not fp32</param>
    /// <param name="words">words of the output</param>
    /// <param name="rounds">as given to <see cref="TensorCores"/></param>
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
