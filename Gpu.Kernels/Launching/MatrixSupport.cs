using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace Gpu.Kernels.Launching;

/// <summary>Which accelerators multiply matrices in other precisions than 32 bits.</summary>
internal static class MatrixSupport
{
    // Threads and warps of the largest tile, and the shared memory of the group.
    private const int Threads = 128;
    private const int WarpSize = 32;
    private const int SharedBytes = 48 * 1024;

    /// <summary>Why an accelerator does not; null where it does.</summary>
    public static string? WhyNot(Accelerator accelerator)
    {
        switch (accelerator.AcceleratorType)
        {
            case AcceleratorType.OpenCL:
                return "it is an OpenCL device (cuda:N may be the same GPU)";
            case AcceleratorType.CPU when accelerator.WarpSize != WarpSize || accelerator.MaxNumThreadsPerGroup < Threads:
                return $"the simulator emulates them for warps of {WarpSize} in groups of {Threads}, and this one has warps of {accelerator.WarpSize} and groups of {accelerator.MaxNumThreadsPerGroup}";
        }

#if HAS_ILGPU
        if (accelerator is CudaAccelerator cuda && cuda.Architecture < CudaArchitecture.SM_80) return $"it has {cuda.Architecture}";
#endif
        return accelerator.MaxSharedMemoryPerGroup < SharedBytes ? $"its groups have {accelerator.MaxSharedMemoryPerGroup:N0} bytes of shared memory, and {SharedBytes:N0} are needed" : null;
    }
}
