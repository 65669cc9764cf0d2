using Gpu.Kernels.Launching;
using ILGPU.Runtime;
#if HAS_ILGPU
using ILGPU.Runtime.Cuda;
#endif

namespace Gpu.Kernels.Cuda;

/// <summary>What an accelerator's stream can do beyond ILGPU where it is one of CUDA.</summary>
internal static class CudaStreams
{
    /// <summary>Graphs of a stream, or null and why there are none.</summary>
    public static IGraphDriver? Graphs(Accelerator accelerator, AcceleratorStream stream, out string? whyNot)
    {
#if HAS_ILGPU
        if (stream is CudaStream cuda) return CudaGraphDriver.Create(accelerator.Bind, cuda.StreamPtr, out whyNot);
#endif
        whyNot = accelerator.AcceleratorType switch
        {
            AcceleratorType.OpenCL => "OpenCL has no graphs",
            AcceleratorType.CPU => "the simulator has no graphs",
            _ => "the stream is not one of CUDA",
        };
        return null;
    }
}
