using System.Diagnostics;
using Gpu.Kernels.Devices;

namespace Gpu.Cli.Checks;

/// <summary>Compiles the kernels for an accelerator.</summary>
/// <param name="Kernels">how many kernels there are</param>
/// <param name="Instances">how many instances of them were compiled</param>
/// <param name="Seconds">how long it took</param>
/// <param name="Refused">the instances that ILGPU or the driver refused, with the reason</param>
internal sealed record KernelCompilationCheck(int Kernels, int Instances, double Seconds, IReadOnlyList<(string Kernel, string Reason)> Refused)
{
    /// <summary>Compiles instances of every kernel for the backend of the device.</summary>
    /// <param name="device">the device</param>
    /// <param name="quick">one instance of each kernel; otherwise so many that each type argument occurs</param>
    /// <param name="progress">called with the number of compiled kernels and of all</param>
    /// <param name="cancellation">ends the compilation between two kernels</param>
    public static KernelCompilationCheck Run(AcceleratorDevice device, bool quick, Action<int, int> progress, CancellationToken cancellation)
    {
        var start = Stopwatch.GetTimestamp();
        var hasTensorCores = device.Accelerator.AcceleratorType == ILGPU.Runtime.AcceleratorType.Cuda;
        var kernels = KernelInstances.Kernels.Where(kernel => hasTensorCores || !KernelInstances.IsForCuda(kernel)).ToArray();
        var (backend, vector) = KernelInstances.GpuBackends[0];
        var instances = kernels.SelectMany(kernel =>
        {
            var closed = KernelInstances.Representatives(kernel, backend, vector)
                .Where(instance => !device.Limits.HasFewRegisters || KernelInstances.RunsOnIntel(instance));
            return quick ? closed.Take(1) : closed;
        }).Distinct().ToArray();
        List<(Type Kernel, PendingKernel Slot)> slots = [];
        foreach (var instance in instances)
        {
            cancellation.ThrowIfCancellationRequested();
            slots.Add((instance, device.Kernels.Get(instance)));
            progress(slots.Count(slot => slot.Slot.IsDone), instances.Length);
        }

        List<(string, string)> refused = [];
        foreach (var (index, (kernel, slot)) in slots.Index())
        {
            cancellation.ThrowIfCancellationRequested();
            if (slot.Failure is { } failure) refused.Add((KernelName.Full(kernel), failure.Message));
            progress(index + 1, instances.Length);
        }

        return new KernelCompilationCheck(kernels.Length, instances.Length, Stopwatch.GetElapsedTime(start).TotalSeconds, refused);
    }
}
