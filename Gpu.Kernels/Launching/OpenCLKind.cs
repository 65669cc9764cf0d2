using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.OpenCL;

namespace Gpu.Kernels.Launching;

/// <summary>Whatever has an OpenCL driver.</summary>
internal sealed class OpenCLKind : GpuKind
{
    public override string Name => "opencl";

    public override string Title => "OpenCL";

    protected override AcceleratorType Type => AcceleratorType.OpenCL;

    protected override Context.Builder Add(Context.Builder builder) => builder.OpenCL(_ => true);

#if HAS_ILGPU
    // Intel counts its execution units; eight (integrated GPUs) or sixteen (Arc) of them are what others count, and share memory.
    private const int ExecutionUnits = 8;

    /// <summary>Multiprocessors of an accelerator of any kind, in the sense of <see cref="GroupLimits"/>.</summary>
    public static int Multiprocessors(Accelerator accelerator) => accelerator is CLAccelerator { Vendor: CLDeviceVendor.Intel } intel && GainsFromGroups(intel)
        ? Math.Max(1, intel.NumMultiprocessors / ExecutionUnits)
        : accelerator.NumMultiprocessors;

    /// <summary>Whether grouped kernels are the better ones for an accelerator of any kind: everywhere but on OpenCL devices that are no GPU.</summary>
    public static bool GainsFromGroups(Accelerator accelerator) =>
        accelerator is not CLAccelerator opencl || (opencl.DeviceType & CLDeviceType.CL_DEVICE_TYPE_GPU) != 0;

    /// <summary>
    /// Whether a launch failed because its group is too large for the kernel. A driver allows a kernel fewer threads than the device has where it needs many registers
    /// (CL_KERNEL_WORK_GROUP_SIZE), which is known after its compilation alone.
    /// </summary>
    public static bool RefusesGroup(AcceleratorException exception) =>
        exception is CLException { Error: CLError.CL_INVALID_WORK_GROUP_SIZE or CLError.CL_OUT_OF_RESOURCES };

    // A CPU through OpenCL is slower than the same CPU without it.
    public override bool IsPreferable(Device device) => device is not CLDevice { DeviceType: CLDeviceType.CL_DEVICE_TYPE_CPU };

    protected override string? WhyNotEvenLook() => DriverLibraries.IsPresent("OpenCL")
        ? null
        : $"the OpenCL loader ({(OperatingSystem.IsWindows() ? "OpenCL.dll" : "libOpenCL.so.1")}) was not found; install the GPU vendor's OpenCL driver";

    protected override string WhyNone()
    {
        var error = CLAPI.CurrentAPI.GetNumPlatforms(out var platforms);
        return error == CLError.CL_SUCCESS && platforms > 0
            ? $"there are {platforms} OpenCL platforms without a device that is available; does clinfo list one?"
            : "the OpenCL loader knows no driver; install the GPU vendor's OpenCL driver";
    }

    protected override string? WhyNot(Device device)
    {
        if (device is not CLDevice opencl) return "not an OpenCL device";
        if (opencl.DeviceVersion < CLDeviceVersion.CL20) return $"it has {opencl.DeviceVersion}, and ILGPU needs OpenCL 2.0 or later; a newer driver may have it";
        return opencl.Capabilities.GenericAddressSpace
            ? null
            : "its driver lacks the generic address space (a feature of OpenCL 2.0 that 3.0 made optional), which ILGPU needs; a newer driver may have it (PoCL has it from 4.0 on)";
    }
#else
    /// <summary>Multiprocessors of an accelerator of any kind.</summary>
    public static int Multiprocessors(Accelerator accelerator) => accelerator.NumMultiprocessors;

    /// <summary>Whether grouped kernels are the better ones for an accelerator of any kind.</summary>
    public static bool GainsFromGroups(Accelerator accelerator) => true;

    /// <summary>Whether a launch failed because its group is too large for the kernel.</summary>
    public static bool RefusesGroup(Exception exception) => false;

    protected override string? WhyNotEvenLook() => MissingIlgpu.Reason;

    protected override string WhyNone() => MissingIlgpu.Reason;

    protected override string? WhyNot(Device device) => null;
#endif
}
