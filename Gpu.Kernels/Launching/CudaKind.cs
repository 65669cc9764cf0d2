using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace Gpu.Kernels.Launching;

/// <summary>NVIDIA's GPUs.</summary>
internal sealed class CudaKind : GpuKind
{
    public override string Name => "cuda";

    public override string Title => "CUDA";

    protected override AcceleratorType Type => AcceleratorType.Cuda;

    protected override Context.Builder Add(Context.Builder builder) => builder.Cuda(_ => true);

#if HAS_ILGPU
    protected override string? WhyNotEvenLook()
    {
        return DriverLibraries.IsPresent(DriverLibraries.Cuda)
            ? null
            : $"the CUDA driver's library ({(OperatingSystem.IsWindows() ? "nvcuda.dll" : "libcuda.so.1")}) was not found; install NVIDIA's driver (in a container: start it with the GPUs)";
    }

    protected override string WhyNone()
    {
        if (!CudaAPI.CurrentAPI.IsSupported)
            return "the CUDA driver is installed but does not start; is an NVIDIA GPU in this machine, and does nvidia-smi list it?";
        var error = CudaAPI.CurrentAPI.GetDeviceCount(out var count);
        return error == CudaError.CUDA_SUCCESS
            ? $"the CUDA driver counts {count} devices but describes none; does nvidia-smi list them?"
            : $"the CUDA driver reports {error}; does nvidia-smi list a GPU?";
    }

    protected override string? WhyNot(Device device) => device is CudaDevice { Architecture: not null, InstructionSet: not null }
        ? null
        : $"ILGPU knows no PTX version for this GPU and driver (driver {(device as CudaDevice)?.DriverVersion}); a newer driver may help";
#else
    protected override string? WhyNotEvenLook() => MissingIlgpu.Reason;

    protected override string WhyNone() => MissingIlgpu.Reason;

    protected override string? WhyNot(Device device) => null;
#endif
}
