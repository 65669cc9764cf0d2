using Gpu.Kernels.Activations;
using Gpu.Kernels.Convolution;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace Gpu.Kernels.Cuda;

/// <summary>
/// The launch bounds of kernels: the most threads of a group, and how many groups a multiprocessor must be able to hold (<c>.maxntid</c> and
/// <c>.minnctapersm</c> of PTX). They limit the registers that the driver's compiler gives a thread.
/// </summary>
internal static class LaunchBounds
{
    // The registers of a multiprocessor of every architecture from sm_70 on.
    private const int Registers = 65_536;

    // The epilogues of the others need more than 128 registers; with fewer they spill 16 to 44 bytes.
    private static readonly Type[] SmallActivations = [typeof(Identity), typeof(Relu), typeof(LeakyRelu), typeof(Sigmoid), typeof(Tanh)];

    /// <summary>The bounds of a closed kernel on an architecture; none for most.</summary>
    /// <remarks>
    /// Without bounds, tiles of 128 x 128 take 138 to 143 registers, so a multiprocessor holds one group of 256 threads, and nothing hides the latency of its
    /// loads. With 128 registers two fit. For sm_90 that needs no spill (ptxas 12.4); for sm_80 it would spill 12 to 32 bytes, so there are no bounds.
    /// </remarks>
    public static KernelSpecialization Of(Type kernel, CudaArchitecture architecture) =>
        architecture >= CudaArchitecture.SM_90 && kernel.IsGenericType && kernel.GetGenericTypeDefinition() == typeof(ImplicitGemmConv2d<,,,>)
        && kernel.GetGenericArguments() is [_, _, var activation, var tile] && tile == typeof(Tile128x128) && SmallActivations.Contains(activation)
            ? new KernelSpecialization(Tile128x128.ThreadsX * Tile128x128.ThreadsY, 2)
            : KernelSpecialization.Empty;

    /// <summary>The most registers of a thread with which the bounds hold; 255 without bounds.</summary>
    public static int MaxRegisters(Type kernel, CudaArchitecture architecture) =>
        Of(kernel, architecture) is { MaxNumThreadsPerGroup: { } threads, MinNumGroupsPerMultiprocessor: { } groups } ? Registers / (threads * groups) : 255;
}
