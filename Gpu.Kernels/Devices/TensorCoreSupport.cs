using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace Gpu.Kernels.Devices;

/// <summary>Whether an accelerator can multiply matrices in TF32 and FP16.</summary>
internal static class TensorCoreSupport
{
    // Shared memory per group of the largest tile.
    private const int SharedBytes = 48 * 1024;

    /// <summary>Why an accelerator cannot; null if it can.</summary>
    public static string? UnsupportedReason(Accelerator accelerator)
    {
        if (accelerator.AcceleratorType == AcceleratorType.OpenCL) return "it is an OpenCL device (cuda:N may be the same GPU)";
        if (accelerator is not CudaAccelerator cuda) return "it is the simulator, which has none";
        if (cuda.Architecture < CudaArchitecture.SM_80) return $"it has {cuda.Architecture}";
        return cuda.MaxSharedMemoryPerGroup < SharedBytes
            ? $"its groups have {cuda.MaxSharedMemoryPerGroup:N0} bytes of shared memory, and {SharedBytes:N0} are needed"
            : null;
    }
}
