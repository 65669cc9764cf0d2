using System.Runtime.CompilerServices;
using Gpu.Kernels.Devices;
using ILGPU;
using ILGPU.Runtime.Cuda;

namespace Gpu.Kernels.Convolution.TensorCore;

/// <summary>
/// What tensor cores do at most: each warp adds products to sixteen independent sums in registers, again and again, and touches no memory before the end. Every lane writes
/// the sum of its 64 sums, so that nothing can be left out.
/// </summary>
public struct TensorCorePeakKernel<TUnit> : IGroupedKernel
    where TUnit : struct, IPeakUnit
{
    /// <summary>Address of a word a thread.</summary>
    public long Output;

    /// <summary>Products of each sum.</summary>
    public int Rounds;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run()
    {
        CudaAsm.Emit(PeakText.Begin, TUnit.First(Group.IdxX & (WarpTile.Lanes - 1)), TUnit.Second);
        for (var round = 0; round < Rounds; round++) TUnit.Multiply();
        CudaAsm.Emit(PeakText.End, Output + (Grid.IdxX * (long)Group.DimX + Group.IdxX) * sizeof(float));
    }
}

/// <summary>Measures the peak of tensor cores, in the precision that the device is set to.</summary>
public static class TensorCorePeak
{
    /// <summary>Threads of a group: eight warps.</summary>
    public const int Threads = 256;

    private const int Sums = 16;

    /// <summary>Whether the device is one whose tensor cores this runs on: CUDA, with another precision than fp32.</summary>
    public static bool IsPossible(ComputeDevice device) =>
        device is AcceleratorDevice { Precision: not MatrixPrecision.Fp32, Accelerator.AcceleratorType: ILGPU.Runtime.AcceleratorType.Cuda };

    /// <summary>Floating-point operations, 2 a multiply-add.</summary>
    /// <param name="precision">not fp32</param>
    /// <param name="words">words of the output</param>
    /// <param name="rounds">as of <see cref="Run"/></param>
    public static double Flops(MatrixPrecision precision, int words, int rounds) =>
        2.0 * words / WarpTile.Lanes * Sums * rounds * (16 * 8) * (precision == MatrixPrecision.Fp16 ? Fp16Peak.Depth : Tf32Peak.Depth);

    /// <summary>Multiplies.</summary>
    /// <param name="executor">where to run</param>
    /// <param name="output">a word a thread, a multiple of <see cref="Threads"/>: two groups a multiprocessor keep all of it busy</param>
    /// <param name="rounds">products of each of a warp's sixteen sums</param>
    /// <exception cref="ArgumentException">the device has no tensor cores, or its precision is fp32, or the output is no multiple</exception>
    public static void Run(IExecutor executor, DeviceView output, int rounds)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rounds);
        if (!IsPossible(executor.Device))
            throw new ArgumentException($"the peak of tensor cores can be measured on a CUDA device whose precision is tf32 or fp16, not on {executor.Device.Id} in {executor.Device.Precision}", nameof(executor));
        if (output.IsEmpty || output.Length % Threads != 0)
            throw new ArgumentException($"the output must have a multiple of {Threads} words, a word a thread, but has {output.Length}", nameof(output));
        executor.Execute(new Operation(output, rounds));
    }

    private readonly struct Operation(DeviceView output, int rounds) : IOperation
    {
        public int Granularity => 1;

        public void Launch<TBackend, TVector>(ILauncher<TBackend> launcher)
            where TBackend : struct, Backends.IVectorBackend<TBackend, TVector>
            where TVector : unmanaged
        {
            var matrices = launcher.Matrices!;
            var groups = output.Length / Threads;
            if (matrices.Precision == MatrixPrecision.Fp16)
                matrices.LaunchGroups(new TensorCorePeakKernel<Fp16Peak> { Output = matrices.Address(output), Rounds = rounds }, groups, Threads);
            else
                matrices.LaunchGroups(new TensorCorePeakKernel<Tf32Peak> { Output = matrices.Address(output), Rounds = rounds }, groups, Threads);
        }
    }
}
