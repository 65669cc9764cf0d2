using Gpu.Kernels.Cuda;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace Gpu.Kernels.Devices;

/// <summary>CUDA devices.</summary>
internal sealed class CudaPlatform : GpuPlatform
{
    public override string Name => "cuda";

    public override string DisplayName => "CUDA";

    protected override AcceleratorType Type => AcceleratorType.Cuda;

    protected override string FailureSuggestion => "check whether nvidia-smi works, and reinstall the NVIDIA driver if it does not";

    protected override Context.Builder Add(Context.Builder builder) => builder.Cuda(_ => true);

    public override long? FreeBytes(Context context, Device device)
    {
        try
        {
            // Only a CUDA context on the device can query this. The context itself takes memory too, as it will when the device is opened.
            using var accelerator = device.CreateAccelerator(context);
            return CudaStreams.FreeBytes(accelerator);
        }
        catch (Exception)
        {
            // For example a GPU in exclusive use by another process: it is listed without this number.
            return null;
        }
    }

    protected override string? MissingDriverReason()
    {
        return DriverLibraries.IsPresent(DriverLibraries.Cuda)
            ? null
            : $"the CUDA driver's library ({(OperatingSystem.IsWindows() ? "nvcuda.dll" : "libcuda.so.1")}) was not found; "
                + "install the NVIDIA driver (for a container: start it with GPU access)";
    }

    protected override string NoDevicesReason()
    {
        if (!CudaAPI.CurrentAPI.IsSupported)
        {
            return "the CUDA driver is installed but does not start; check whether nvidia-smi lists a GPU; if not, "
                + "install the driver for this GPU and operating system";
        }

        var error = CudaAPI.CurrentAPI.GetDeviceCount(out var count);
        return error == CudaError.CUDA_SUCCESS
            ? $"the CUDA driver reports {count} devices, but ILGPU found none; check whether nvidia-smi lists them, and whether CUDA_VISIBLE_DEVICES hides them"
            : $"the CUDA driver reports {error}; check whether nvidia-smi lists a GPU, and whether CUDA_VISIBLE_DEVICES hides it";
    }

    protected override string? UnsupportedReason(Device device) => device is CudaDevice { Architecture: not null, InstructionSet: not null }
        ? null
        : $"ILGPU knows no PTX version for this GPU and driver (driver {(device as CudaDevice)?.DriverVersion}); a newer driver may help";
}
