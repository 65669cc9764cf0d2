using Gpu.Kernels.Cuda;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace Gpu.Kernels.Devices;

/// <summary>NVIDIA's GPUs.</summary>
internal sealed class CudaPlatform : GpuPlatform
{
    public override string Name => "cuda";

    public override string DisplayName => "CUDA";

    protected override AcceleratorType Type => AcceleratorType.Cuda;

    protected override string FailureSuggestion => "see whether nvidia-smi works, and install NVIDIA's driver anew if it does not";

    protected override Context.Builder Add(Context.Builder builder) => builder.Cuda(_ => true);

    public override long? FreeBytes(Context context, Device device)
    {
        try
        {
            // Only a context on the device can ask. What it takes itself is not free then, as it will not be for who opens the device.
            using var accelerator = device.CreateAccelerator(context);
            return CudaStreams.FreeBytes(accelerator);
        }
        catch (Exception)
        {
            // A GPU that another process keeps for itself, say, is listed without.
            return null;
        }
    }

    protected override string? MissingDriverReason()
    {
        return DriverLibraries.IsPresent(DriverLibraries.Cuda)
            ? null
            : $"the CUDA driver's library ({(OperatingSystem.IsWindows() ? "nvcuda.dll" : "libcuda.so.1")}) was not found; install NVIDIA's driver (in a container: start it with the GPUs)";
    }

    protected override string NoDevicesReason()
    {
        if (!CudaAPI.CurrentAPI.IsSupported)
            return "the CUDA driver is installed but does not start; see whether nvidia-smi lists a GPU, and install the driver that fits the kernel and the GPU if it does not";
        var error = CudaAPI.CurrentAPI.GetDeviceCount(out var count);
        return error == CudaError.CUDA_SUCCESS
            ? $"the CUDA driver counts {count} devices but describes none; see whether nvidia-smi lists them, and whether CUDA_VISIBLE_DEVICES hides them"
            : $"the CUDA driver reports {error}; see whether nvidia-smi lists a GPU, and whether CUDA_VISIBLE_DEVICES hides it";
    }

    protected override string? UnsupportedReason(Device device) => device is CudaDevice { Architecture: not null, InstructionSet: not null }
        ? null
        : $"ILGPU knows no PTX version for this GPU and driver (driver {(device as CudaDevice)?.DriverVersion}); a newer driver may help";
}
