using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.OpenCL;

namespace Gpu.Kernels.Devices;

/// <summary>Whatever has an OpenCL driver.</summary>
internal sealed class OpenCLPlatform : GpuPlatform
{
    public override string Name => "opencl";

    public override string DisplayName => "OpenCL";

    protected override AcceleratorType Type => AcceleratorType.OpenCL;

    protected override string FailureSuggestion => "see whether clinfo works, and install the GPU vendor's OpenCL driver anew if it does not";

    protected override Context.Builder Add(Context.Builder builder) => builder.OpenCL(_ => true);

    // Without being told how many threads a kernel will have, which ILGPU does not, AMD's compiler counts on so many at most.
    private const int MaxThreads = 256;

    // Intel counts its execution units; eight (integrated GPUs) or sixteen (Arc) of them are what others count, and share memory.
    private const int ExecutionUnitsPerCore = 8;

    /// <summary>Whether grouped kernels are the better ones for an accelerator of any kind: everywhere but on OpenCL devices that are no GPU.</summary>
    public static bool PrefersGroupedKernels(Accelerator accelerator) =>
        accelerator is not CLAccelerator opencl || (opencl.DeviceType & CLDeviceType.CL_DEVICE_TYPE_GPU) != 0;

    /// <summary>What an accelerator of any kind offers to grouped kernels.</summary>
    public static GroupLimits Limits(Accelerator accelerator)
    {
        var limits = new GroupLimits(accelerator.MaxNumThreadsPerGroup, accelerator.MaxSharedMemoryPerGroup, accelerator.NumMultiprocessors);
        if (accelerator is not CLAccelerator opencl) return limits;
        var countsUnits = opencl.Vendor == CLDeviceVendor.Intel && PrefersGroupedKernels(opencl);
        return limits with
        {
            MaxThreads = Math.Min(MaxThreads, limits.MaxThreads),
            Multiprocessors = countsUnits ? Math.Max(1, limits.Multiprocessors / ExecutionUnitsPerCore) : limits.Multiprocessors,
        };
    }

    /// <summary>An OpenCL driver's error with its name, which ILGPU's message lacks; null for other errors.</summary>
    /// <param name="failure">what was thrown</param>
    /// <param name="doing">what was tried</param>
    public static Exception? TranslateError(Exception failure, string doing) =>
        failure is CLException { Error: var error } ? new DriverException(doing, (int)error, error.ToString(), failure) : null;

    /// <summary>
    /// The same for a grouped kernel. A driver may allow a kernel fewer threads than the device has, where it needs many registers (CL_KERNEL_WORK_GROUP_SIZE); that is
    /// known after its compilation alone.
    /// </summary>
    /// <param name="failure">what was thrown</param>
    /// <param name="kernel">the kernel</param>
    /// <param name="threads">the threads of its groups</param>
    public static Exception? TranslateError(Exception failure, string kernel, int threads) =>
        failure is CLException { Error: var error and (CLError.CL_INVALID_WORK_GROUP_SIZE or CLError.CL_OUT_OF_RESOURCES) }
            ? new DeviceException(
                $"an OpenCL driver that runs {kernel} in groups of {threads} threads", error.ToString(),
                "turn grouped kernels off (--kernels plain, AcceleratorDevice.UseGroupedKernels)", failure)
            : TranslateError(failure, $"launching {kernel}");

    // A CPU through OpenCL is slower than the same CPU without it.
    public override bool IsEligibleForAuto(Device device) => device is not CLDevice { DeviceType: CLDeviceType.CL_DEVICE_TYPE_CPU };

    protected override string? MissingDriverReason() => DriverLibraries.IsPresent("OpenCL")
        ? null
        : $"the OpenCL loader ({(OperatingSystem.IsWindows() ? "OpenCL.dll" : "libOpenCL.so.1")}) was not found; install the GPU vendor's OpenCL driver";

    protected override string NoDevicesReason()
    {
        var error = CLAPI.CurrentAPI.GetNumPlatforms(out var platforms);
        return error == CLError.CL_SUCCESS && platforms > 0
            ? $"there are {platforms} OpenCL platforms without a device that is available; see whether clinfo lists one, and whether this user may open it (groups video, render)"
            : "the OpenCL loader knows no driver; install the GPU vendor's OpenCL driver";
    }

    protected override string? UnsupportedReason(Device device)
    {
        if (device is not CLDevice opencl) return "not an OpenCL device";
        if (opencl.DeviceVersion < CLDeviceVersion.CL20) return $"it has {opencl.DeviceVersion}, and ILGPU needs OpenCL 2.0 or later; a newer driver may have it";
        return opencl.Capabilities.GenericAddressSpace
            ? null
            : "its driver lacks the generic address space (a feature of OpenCL 2.0 that 3.0 made optional), which ILGPU needs; a newer driver may have it (PoCL has it from 4.0 on)";
    }
}
