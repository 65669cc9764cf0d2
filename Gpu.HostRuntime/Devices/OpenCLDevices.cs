// Needs the ILGPU package. The types exist here so that code which looks for them compiles; nothing makes one.
namespace ILGPU.Runtime.OpenCL;

/// <summary>An OpenCL device; there is none without the ILGPU package.</summary>
public abstract class CLDevice : Device
{
    private CLDevice() : base(AcceleratorType.OpenCL) { }
}

/// <summary>An OpenCL accelerator; there is none without the ILGPU package.</summary>
public abstract class CLAccelerator : Accelerator
{
    private CLAccelerator(Context context, Device device) : base(context, device) { }
}

public static class CLContextExtensions
{
    /// <summary>Adds the OpenCL devices: none.</summary>
    public static Context.Builder OpenCL(this Context.Builder builder) => builder;
    public static Context.Builder OpenCL(this Context.Builder builder, Predicate<CLDevice> predicate) => builder;
    public static CLDevice GetCLDevice(this Context context, int clDeviceIndex) => context.GetDevice<CLDevice>(clDeviceIndex);
    public static Context.DeviceCollection<CLDevice> GetCLDevices(this Context context) => context.GetDevices<CLDevice>();
    public static CLAccelerator CreateCLAccelerator(this Context context, int clDeviceIndex) =>
        (CLAccelerator)context.GetCLDevice(clDeviceIndex).CreateAccelerator(context);
}
