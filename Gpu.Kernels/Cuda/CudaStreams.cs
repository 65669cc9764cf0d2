using Gpu.Kernels.Devices;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

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
    /// Whether an allocation may have failed for lack of memory. CUDA reports the error of an earlier kernel at the next call, which may be an allocation.
    /// </summary>
    public static bool MayBeOutOfMemory(Exception failure)
    {
        if (failure is CudaException cuda) return cuda.Error == nameof(CudaError.CUDA_ERROR_OUT_OF_MEMORY);
        return true;
    }

    /// <summary>Bytes that can still be allocated; null if the driver does not report it.</summary>
    public static long? FreeBytes(Accelerator accelerator)
    {
        if (accelerator is CudaAccelerator cuda) return cuda.GetFreeMemory();
        return null;
    }
}
