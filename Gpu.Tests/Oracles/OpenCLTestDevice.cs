using System.Globalization;
using Gpu.Kernels.Devices;
using ILGPU;
using ILGPU.Runtime.OpenCL;

namespace Gpu.Tests.Oracles;

/// <summary>
/// An OpenCL device for tests, including devices that the product refuses. ILGPU requires the generic address space, but kernels compiled with the settings of
/// the product do not use it (a compilation test asserts that). So this class sets the capability flag of ILGPU, and a driver without the generic address space
/// (PoCL before 4.0, on any CPU) can run the kernels. The device runs plain kernels, or grouped ones if its name ends in <c>:groups</c>
/// (<c>opencl:0:groups</c>).
/// </summary>
internal static class OpenCLTestDevice
{
    public static AcceleratorDevice Open(string id)
    {
        var number = id.Split(':') is [_, var text, ..] ? int.Parse(text, CultureInfo.InvariantCulture) : 0;
        var context = Context.Create(builder => builder.OpenCL(_ => true).ForKernels());
        var device = context.GetCLDevices()[number];
        typeof(CLCapabilityContext).GetProperty(nameof(CLCapabilityContext.GenericAddressSpace))!
            .GetSetMethod(nonPublic: true)!.Invoke(device.Capabilities, [true]);
        var accelerator = device.CreateCLAccelerator(context);
        return new AcceleratorDevice(accelerator, null, id, accelerator, context) { UseGroupedKernels = id.EndsWith(":groups", StringComparison.Ordinal) };
    }
}
