using Gpu.Kernels.Devices;

namespace Gpu.Cli.Checks;

/// <summary>A way in which a device runs operations: its vector width, plain or grouped kernels, a precision.</summary>
/// <param name="Name">the name in tables</param>
/// <param name="Device">the device</param>
/// <param name="Apply">switches the device to the form</param>
internal sealed record CheckForm(string Name, ComputeDevice Device, Action Apply)
{
    /// <summary>Whether products run on tensor cores.</summary>
    public bool UsesTensorCores => Name is "tf32" or "fp16";

    /// <summary>The forms of a device.</summary>
    /// <param name="device">the device</param>
    /// <param name="quick">only the form that training uses by default</param>
    /// <param name="owned">receives further devices, which the caller disposes</param>
    public static IReadOnlyList<CheckForm> Of(ComputeDevice device, bool quick, List<IDisposable> owned)
    {
        if (device is not AcceleratorDevice accelerator)
        {
            var cpu = (CpuDevice)device;
            List<CheckForm> widths = [new($"cpu{CpuDevice.MaxVectorBits}", cpu, () => { })];
            foreach (var bits in new[] { 256, 128 }.Where(bits => bits < CpuDevice.MaxVectorBits && !quick))
            {
                var narrower = new CpuDevice(cpu.Threads, bits);
                owned.Add(narrower);
                widths.Add(new CheckForm($"cpu{bits}", narrower, () => { }));
            }

            return widths;
        }

        var (groups, minWork) = (accelerator.UseGroupedKernels, accelerator.MinTensorCoreWork);
        List<CheckForm> forms = [];
        if (!quick || !groups) forms.Add(new("plain", device, () => Set(false, MatrixPrecision.Fp32)));
        if (!quick || groups) forms.Add(new("grouped", device, () => Set(true, MatrixPrecision.Fp32)));
        foreach (var tensor in new[] { MatrixPrecision.Tf32, MatrixPrecision.Fp16 })
        {
            if (!device.Supports(tensor)) continue;
            forms.Add(new(tensor.ToString().ToLowerInvariant(), device, () => Set(true, tensor)));
        }

        return forms;

        void Set(bool useGroups, MatrixPrecision newPrecision)
        {
            accelerator.UseGroupedKernels = useGroups;
            accelerator.Precision = newPrecision;
            accelerator.MinTensorCoreWork = newPrecision == MatrixPrecision.Fp32 ? minWork : 1;
        }
    }
}
