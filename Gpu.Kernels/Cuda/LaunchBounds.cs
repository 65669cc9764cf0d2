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

    private const int GroupsOfLargeTiles = 2;

    private const int ThreadsOfLargeTiles = 256;

    /// <summary>The bounds of a closed kernel on an architecture; none for most.</summary>
    /// <remarks>
    /// A multiprocessor holds two groups of a tile of 128 x 128 if a thread has at most 128 registers. Without bounds the weight gradient takes 142. The other
    /// kernels of these tiles take 124 to 128 by themselves (ptxas 12.4); their bounds make sure that another version gives them no more. GELU in vectors has no
    /// bounds: with them it spills 16 bytes on sm_80, without them it takes 128 registers and spills none.
    /// </remarks>
    public static KernelSpecialization Of(Type kernel, CudaArchitecture architecture) =>
        architecture >= CudaArchitecture.SM_80 && IsLargeTile(kernel) && !kernel.GetGenericArguments().Contains(typeof(Gelu))
            ? new KernelSpecialization(ThreadsOfLargeTiles, GroupsOfLargeTiles)
            : KernelSpecialization.Empty;

    /// <summary>The most registers of a thread with which as many groups fit as intended; 255 if no number is.</summary>
    public static int MaxRegisters(Type kernel) => IsLargeTile(kernel) ? Registers / (ThreadsOfLargeTiles * GroupsOfLargeTiles) : 255;

    private static bool IsLargeTile(Type kernel) => kernel.IsGenericType && kernel.GetGenericArguments()[^1] == typeof(Tile128x128);
}
