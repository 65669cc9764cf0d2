using System.Collections.Concurrent;
using Gpu.Kernels.Devices;
using Gpu.Training.IO;

namespace Gpu.Cli.Checks;

/// <summary>Writes the device code of the kernels: PTX and OpenCL C. No GPU is needed.</summary>
internal static class DeviceCode
{
    /// <summary>Compiles every instance of every kernel, on all processors, and writes its text.</summary>
    /// <param name="folder">
    /// receives <c>NAME.ptx</c>, for kernels with launch bounds <c>NAME.bounded.ptx</c>, and, except for tensor-core kernels, <c>NAME.cl</c>; created if it
    /// does not exist
    /// </param>
    /// <param name="only">only kernels whose names contain this text, in upper or lower case</param>
    /// <param name="quick">only so many instances that each kernel and each type argument occurs</param>
    /// <param name="progress">called with the number of written kernels and of all, on one thread at a time</param>
    /// <param name="cancellation">ends the compilation between two kernels</param>
    /// <returns>the number of instances, and those that ILGPU refused</returns>
    public static (int Instances, IReadOnlyList<(string Kernel, string Reason)> Refused) Write(
        string folder, string only, bool quick, Action<int, int> progress, CancellationToken cancellation)
    {
        var instances = (
            from kernel in KernelInstances.Kernels
            where KernelInstances.Family(kernel).Contains(only, StringComparison.OrdinalIgnoreCase)
            from backend in KernelInstances.GpuBackends
            from closed in quick
                ? KernelInstances.Representatives(kernel, backend.Backend, backend.Vector)
                : KernelInstances.For(kernel, backend.Backend, backend.Vector)
            select closed).Distinct().ToArray();
        if (instances.Length > 0) Directory.CreateDirectory(folder);
        var refused = new ConcurrentBag<(string Kernel, string Reason)>();
        var done = 0;
        var progressLock = new Lock();
        KernelCompiler.CompileAll(instances, withSm90: false, Write, cancellation);
        return (instances.Length, [.. refused.OrderBy(one => one.Kernel, StringComparer.Ordinal)]);

        void Write(Type kernel, KernelText? text, Exception? refusal)
        {
            var name = KernelName.Full(kernel);
            if (text is null)
            {
                refused.Add((name, refusal!.Message));
            }
            else
            {
                var file = Path.Combine(folder, KernelInstances.Name(kernel).Replace(", ", "-", StringComparison.Ordinal));
                AtomicFile.WriteAllText(file + ".ptx", $"// {name}\n{text.Sm80}");
                if (text.Bounded is { } bounded) AtomicFile.WriteAllText(file + ".bounded.ptx", $"// {name}\n{bounded}");
                if (!KernelInstances.IsForCuda(kernel)) AtomicFile.WriteAllText(file + ".cl", $"// {name}\n{text.OpenCL}");
            }

            lock (progressLock) progress(++done, instances.Length);
        }
    }
}
