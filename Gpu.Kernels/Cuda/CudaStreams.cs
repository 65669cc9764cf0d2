using Gpu.Kernels.Devices;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;

namespace Gpu.Kernels.Cuda;

/// <summary>Features of CUDA that ILGPU does not offer, for accelerators of any kind.</summary>
internal static class CudaStreams
{
    /// <summary>The graph driver of a stream; null if graphs are not available, with the reason.</summary>
    public static IGraphDriver? CreateGraphDriver(Accelerator accelerator, AcceleratorStream stream, out string? reason)
    {
        if (stream is CudaStream cuda) return CudaGraphDriver.Create(accelerator.Bind, cuda.StreamPtr, out reason);
        reason = accelerator.AcceleratorType switch
        {
            AcceleratorType.OpenCL => "OpenCL has no graphs",
            AcceleratorType.CPU => "the simulator has no graphs",
            _ => "the stream is not a CUDA stream",
        };
        return null;
    }

    /// <summary>A stopwatch that runs on the device; null if there is none.</summary>
    public static DeviceStopwatch? CreateStopwatch(Accelerator accelerator, AcceleratorStream stream)
    {
        if (stream is CudaStream cuda) return CudaStopwatch.Create(accelerator.Bind, cuda.StreamPtr);
        return null;
    }

    /// <summary>
    /// Whether an allocation failed for lack of memory. It may fail for other reasons: CUDA reports the error of an earlier kernel at the next call.
    /// OpenCL drivers name the lack of memory in four ways.
    /// </summary>
    public static bool IsOutOfMemory(Exception failure) => failure switch
    {
        CudaException cuda => cuda.Error == nameof(CudaError.CUDA_ERROR_OUT_OF_MEMORY),
        CLException cl => cl.Error is CLError.CL_MEM_OBJECT_ALLOCATION_FAILURE or CLError.CL_OUT_OF_RESOURCES
            or CLError.CL_OUT_OF_HOST_MEMORY or CLError.CL_INVALID_BUFFER_SIZE,
        _ => failure is OutOfMemoryException,
    };

    /// <summary>Bytes that can still be allocated; null if the driver does not report it.</summary>
    public static long? FreeBytes(Accelerator accelerator)
    {
        if (accelerator is CudaAccelerator cuda) return cuda.GetFreeMemory();
        return null;
    }
}
