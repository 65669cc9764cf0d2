using System.Globalization;
using Gpu.Kernels.Devices;
using ILGPU;
using ILGPU.Runtime.OpenCL;

namespace Gpu.Tests.Oracles;

/// <summary>
/// An OpenCL device for tests, also one that the product refuses. ILGPU wants the generic address space, which the kernels do not use when they are compiled
/// with the product's settings (the compile test sees to that); so a driver without it (PoCL before 4.0, on any CPU) can run the kernels when ILGPU is told that it has it.
/// Plain kernels run, and grouped ones on a device whose name ends in <c>:groups</c> (<c>opencl:0:groups</c>).
/// </summary>
internal static class OpenCLTestDevice
{
    public static AcceleratorDevice Open(string id)
    {
        var number = id.Split(':') is [_, var text, ..] ? int.Parse(text, CultureInfo.InvariantCulture) : 0;
        var context = Context.Create(builder => builder.OpenCL(_ => true).ForKernels());
        var device = context.GetCLDevices()[number];
        typeof(CLCapabilityContext).GetProperty(nameof(CLCapabilityContext.GenericAddressSpace))!.GetSetMethod(nonPublic: true)!.Invoke(device.Capabilities, [true]);
        var accelerator = device.CreateCLAccelerator(context);
        return new AcceleratorDevice(accelerator, null, id, accelerator, context) { UseGroupedKernels = id.EndsWith(":groups", StringComparison.Ordinal) };
    }
}
