using Gpu.Kernels.Devices;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace Gpu.Kernels.Cuda;

/// <summary>What an accelerator's stream can do beyond ILGPU where it is one of CUDA.</summary>
internal static class CudaStreams
{
    /// <summary>Graphs of a stream, or null and why there are none.</summary>
    public static IGraphDriver? CreateGraphDriver(Accelerator accelerator, AcceleratorStream stream, out string? whyNot)
    {
        if (stream is CudaStream cuda) return CudaGraphDriver.Create(accelerator.Bind, cuda.StreamPtr, out whyNot);
        whyNot = accelerator.AcceleratorType switch
        {
            AcceleratorType.OpenCL => "OpenCL has no graphs",
            AcceleratorType.CPU => "the simulator has no graphs",
            _ => "the stream is not one of CUDA",
        };
        return null;
    }

    /// <summary>A stopwatch that the device itself keeps; null where there is none.</summary>
    public static DeviceStopwatch? CreateStopwatch(Accelerator accelerator, AcceleratorStream stream)
    {
        if (stream is CudaStream cuda) return CudaStopwatch.Create(accelerator.Bind, cuda.StreamPtr);
        return null;
    }

    /// <summary>
    /// Whether a failed allocation may be for lack of memory. CUDA reports at its next call what went wrong in a kernel before, and that is something else.
    /// </summary>
    public static bool MayBeOutOfMemory(Exception failure)
    {
        if (failure is CudaException cuda) return cuda.Error == nameof(CudaError.CUDA_ERROR_OUT_OF_MEMORY);
        return true;
    }

    /// <summary>Bytes that could still be allocated; null where the driver does not say.</summary>
    public static long? FreeBytes(Accelerator accelerator)
    {
        if (accelerator is CudaAccelerator cuda) return cuda.GetFreeMemory();
        return null;
    }
}
