using Gpu.Kernels.Activations;
using Gpu.Kernels.Convolution;
using Gpu.Kernels.Convolution.TensorCore;
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

    // If two groups are asked for, ptxas 12.4 gives these 128 registers and spills 4 bytes; with the bound on the threads alone, 123 to 128 without a spill.
    private static readonly Type[] LargeActivations = [typeof(Gelu), typeof(Silu), typeof(Softplus)];

    /// <summary>The bounds of a closed kernel on an architecture; none for most.</summary>
    /// <remarks>
    /// A multiprocessor holds two groups of an fp32 tile of 128 x 128 if a thread has at most 128 registers, so that one computes while the other waits.
    /// Without bounds the weight gradient takes 142 to 145, and the convolution with GELU 129. The other convolutions take no more than 128 by themselves
    /// (ptxas 12.4 for sm_80 and sm_90); their bounds make sure that another version of the compiler gives them no more. With 128 registers, four groups of a
    /// TF32 tile of 128 x 64 fit.
    /// </remarks>
    public static KernelSpecialization Of(Type kernel, CudaArchitecture architecture) =>
        architecture >= CudaArchitecture.SM_80 && Find(kernel) is { } bounds
            ? new KernelSpecialization(bounds.Threads, bounds.AsksForGroups ? bounds.Groups : null)
            : KernelSpecialization.Empty;

    /// <summary>The most registers of a thread with which the bounds hold; 255 without bounds.</summary>
    public static int MaxRegisters(Type kernel) => Find(kernel) is { } bounds ? Registers / (bounds.Threads * bounds.Groups) : 255;

    private static Bounds? Find(Type kernel)
    {
        if (!kernel.IsGenericType || kernel.GetGenericArguments() is not [.., var beforeLast, var tile]) return null;
        var definition = kernel.GetGenericTypeDefinition();
        if (tile == typeof(Tile128x128)) return new(256, 2, !LargeActivations.Contains(beforeLast));
        return definition == typeof(TensorCoreConv2d<,,>) && beforeLast == typeof(Tf32Unit) && tile == typeof(TallTile) ? new(128, 4) : null;
    }

    // Groups must fit on a multiprocessor; whether the compiler is told so.
    private readonly record struct Bounds(int Threads, int Groups, bool AsksForGroups = true);
}
