using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.OpenCL;

namespace Gpu.Kernels.Devices;

/// <summary>OpenCL devices.</summary>
internal sealed class OpenCLPlatform : GpuPlatform
{
    public override string Name => "opencl";

    public override string DisplayName => "OpenCL";

    protected override AcceleratorType Type => AcceleratorType.OpenCL;

    protected override string FailureSuggestion => "check whether clinfo works, and reinstall the GPU vendor's OpenCL driver if it does not";

    protected override Context.Builder Add(Context.Builder builder) => builder.OpenCL(_ => true);

    // ILGPU does not tell the OpenCL compiler how many threads a kernel is launched with. AMD's compiler then assumes at most this many.
    private const int MaxThreads = 256;

    // Intel reports execution units. Eight (integrated GPUs) or sixteen (Arc) of them share local memory and correspond to a compute unit of other vendors.
    private const int ExecutionUnitsPerCore = 8;

    /// <summary>Whether grouped kernels are faster on an accelerator of any kind: true except for OpenCL devices that are not GPUs.</summary>
    public static bool PrefersGroupedKernels(Accelerator accelerator) =>
        accelerator is not CLAccelerator opencl || (opencl.DeviceType & CLDeviceType.CL_DEVICE_TYPE_GPU) != 0;

    /// <summary>The limits of an accelerator of any kind for grouped kernels.</summary>
    public static GroupLimits Limits(Accelerator accelerator)
    {
        var limits = new GroupLimits(accelerator.MaxNumThreadsPerGroup, accelerator.MaxSharedMemoryPerGroup, accelerator.NumMultiprocessors);
        if (accelerator is not CLAccelerator opencl) return limits;
        var isIntelGpu = opencl.Vendor == CLDeviceVendor.Intel && PrefersGroupedKernels(opencl);
        return limits with
        {
            MaxThreads = Math.Min(MaxThreads, limits.MaxThreads),
            Multiprocessors = isIntelGpu ? Math.Max(1, limits.Multiprocessors / ExecutionUnitsPerCore) : limits.Multiprocessors,
            HasFewRegisters = isIntelGpu,
        };
    }

    /// <summary>An exception with the name of an OpenCL error, which ILGPU's message lacks; null for other exceptions.</summary>
    /// <param name="failure">the exception</param>
    /// <param name="doing">what was attempted</param>
    public static Exception? TranslateError(Exception failure, string doing) =>
        failure is CLException { Error: var error } ? new DriverException(doing, (int)error, error.ToString(), failure) : null;

    /// <summary>
    /// The same for the launch of a grouped kernel. A driver may allow a kernel that needs many registers fewer threads than the device has
    /// (CL_KERNEL_WORK_GROUP_SIZE). This is only known after compilation.
    /// </summary>
    /// <param name="failure">the exception</param>
    /// <param name="kernel">the name of the kernel</param>
    /// <param name="threads">threads per group</param>
    public static Exception? TranslateError(Exception failure, string kernel, int threads) =>
        failure is CLException { Error: var error and (CLError.CL_INVALID_WORK_GROUP_SIZE or CLError.CL_OUT_OF_RESOURCES) }
            ? new DeviceException(
                $"an OpenCL driver that runs {kernel} in groups of {threads} threads", error.ToString(),
                "switch grouped kernels off (--kernels plain, AcceleratorDevice.UseGroupedKernels)", failure)
            : TranslateError(failure, $"launching {kernel}");

    // A CPU is slower through OpenCL than without it.
    public override bool IsEligibleForAuto(Device device) => device is not CLDevice { DeviceType: CLDeviceType.CL_DEVICE_TYPE_CPU };

    protected override string? MissingDriverReason() => DriverLibraries.IsPresent("OpenCL")
        ? null
        : $"the OpenCL loader ({(OperatingSystem.IsWindows() ? "OpenCL.dll" : "libOpenCL.so.1")}) was not found; install the GPU vendor's OpenCL driver";

    protected override string NoDevicesReason()
    {
        var error = CLAPI.CurrentAPI.GetNumPlatforms(out var platforms);
        return error == CLError.CL_SUCCESS && platforms > 0
            ? $"there are {platforms} OpenCL platforms, but no available device; check whether clinfo lists one, "
                + "and whether this user may open it (groups video, render)"
            : "the OpenCL loader found no driver; install the GPU vendor's OpenCL driver";
    }

    protected override string? UnsupportedReason(Device device)
    {
        if (device is not CLDevice opencl) return "not an OpenCL device";
        if (opencl.DeviceVersion < CLDeviceVersion.CL20)
            return $"it has {opencl.DeviceVersion}, and ILGPU needs OpenCL 2.0 or later; a newer driver may have it";
        return opencl.Capabilities.GenericAddressSpace
            ? null
            : "its driver lacks the generic address space (a feature of OpenCL 2.0 that 3.0 made optional), which ILGPU needs; "
                + "a newer driver may have it (PoCL has it from 4.0 on)";
    }
}
