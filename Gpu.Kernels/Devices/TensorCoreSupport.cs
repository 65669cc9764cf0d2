using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace Gpu.Kernels.Devices;

/// <summary>Which accelerators multiply matrices in other precisions than 32 bits.</summary>
internal static class TensorCoreSupport
{
    // Shared memory of a group of the largest tile.
    private const int SharedBytes = 48 * 1024;

    /// <summary>Why an accelerator does not; null where it does.</summary>
    public static string? UnsupportedReason(Accelerator accelerator)
    {
        if (accelerator.AcceleratorType == AcceleratorType.OpenCL) return "it is an OpenCL device (cuda:N may be the same GPU)";
        if (accelerator is not CudaAccelerator cuda) return "it is the simulator, which has none";
        if (cuda.Architecture < CudaArchitecture.SM_80) return $"it has {cuda.Architecture}";
        return cuda.MaxSharedMemoryPerGroup < SharedBytes ? $"its groups have {cuda.MaxSharedMemoryPerGroup:N0} bytes of shared memory, and {SharedBytes:N0} are needed" : null;
    }
}
