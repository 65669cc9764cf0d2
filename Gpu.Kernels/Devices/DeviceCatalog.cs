using System.Globalization;
using System.Runtime.InteropServices;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;

namespace Gpu.Kernels.Devices;

/// <summary>
/// Lists and opens devices by id: <c>cpu</c>, <c>cuda[:N]</c>, <c>opencl[:N]</c> (N counts from 0, the default), <c>simulator</c> (the GPU kernels on ILGPU's
/// CPU accelerator, slow, for tests), and <c>auto</c> (the first that can be used of CUDA, OpenCL and the CPU).
/// </summary>
/// <example><code>using var device = DeviceCatalog.Open("cuda:0");</code></example>
public static class DeviceCatalog
{
    /// <summary>The kinds of ids.</summary>
    public static IReadOnlyList<string> Kinds { get; } = ["auto", "cpu", "cuda", "opencl", "simulator"];

    /// <summary>
    /// Lists all devices: the CPU, CUDA and OpenCL devices, including those that cannot be used, and the simulator. A kind without devices has one entry with
    /// the reason. Takes as long as the drivers need to start and the CUDA devices to open. Never throws because of a driver.
    /// </summary>
    public static IReadOnlyList<DeviceInfo> List()
    {
        var list = new List<DeviceInfo> { Cpu };
        foreach (var kind in GpuPlatform.All)
        {
            using var context = kind.Discover(out var devices, out var missing);
            if (missing is not null) list.Add(new(kind.Name, kind.Name, "", 0, 0, 0, missing));
            foreach (var (device, info) in devices) list.Add(info.IsAvailable ? info with { FreeBytes = kind.FreeBytes(context!, device) } : info);
        }

        list.Add(Simulator);
        return list;
    }

    /// <summary>Opens a device. The CPU device gets one thread per processor.</summary>
    /// <param name="id">an id as described for <see cref="DeviceCatalog"/>, in upper or lower case</param>
    /// <returns>the device, which the caller disposes</returns>
    /// <exception cref="DeviceException">there is no such device, or it cannot be used; the message says what there is and what to do</exception>
    public static ComputeDevice Open(string id) => Open(id, 0, out _);

    /// <summary>Opens a device.</summary>
    /// <param name="id">an id as described for <see cref="DeviceCatalog"/>, in upper or lower case</param>
    /// <param name="threads">threads of the CPU device, 0 for one per processor; other devices ignore it</param>
    /// <returns>the device, which the caller disposes</returns>
    /// <exception cref="DeviceException">there is no such device, or it cannot be used; the message says what there is and what to do</exception>
    /// <exception cref="ArgumentOutOfRangeException">the number of threads is negative or above <see cref="CpuDevice.MaxThreads"/></exception>
    public static ComputeDevice Open(string id, int threads) => Open(id, threads, out _);

    /// <summary>Opens a device.</summary>
    /// <param name="id">an id as described for <see cref="DeviceCatalog"/>, in upper or lower case</param>
    /// <param name="threads">threads of the CPU device, 0 for one per processor; other devices ignore it</param>
    /// <param name="skipped">
    /// receives for <c>auto</c> the reason why each preferred device was skipped; CUDA is preferred to OpenCL, and OpenCL to the CPU
    /// </param>
    /// <returns>the device, which the caller disposes</returns>
    /// <exception cref="DeviceException">there is no such device, or it cannot be used; the message says what there is and what to do</exception>
    /// <exception cref="ArgumentOutOfRangeException">the number of threads is negative or above <see cref="CpuDevice.MaxThreads"/></exception>
    public static ComputeDevice Open(string id, int threads, out IReadOnlyList<string> skipped)
    {
        ArgumentNullException.ThrowIfNull(id);
        var (kind, number) = Parse(id);
        if (kind == "auto") return OpenAuto(threads, out skipped);
        skipped = [];
        return kind switch
        {
            "cpu" => new CpuDevice(threads),
            "simulator" => OpenSimulator(),
            _ => OpenGpu(GpuPlatform.All.Single(candidate => candidate.Name == kind), number),
        };
    }

    private static DeviceInfo Cpu => new(
        "cpu", "cpu", $"{RuntimeInformation.ProcessArchitecture} with {CpuDevice.MaxVectorBits}-bit vectors",
        GC.GetGCMemoryInfo().TotalAvailableMemoryBytes, Environment.ProcessorCount, CpuDevice.MaxVectorBits / 32) { FreeBytes = HostMemory.Available() };

    private static DeviceInfo Simulator => new(
        "simulator", "simulator", "GPU kernels on ILGPU's CPU accelerator, for tests",
        GC.GetGCMemoryInfo().TotalAvailableMemoryBytes, Environment.ProcessorCount, CPUDevice.Default.WarpSize) { FreeBytes = HostMemory.Available() };

    private static (string Kind, int Number) Parse(string id)
    {
        var parts = id.Trim().ToLowerInvariant().Split(':', 2);
        if (!Kinds.Contains(parts[0]))
            throw new DeviceException("auto, cpu, cuda[:N], opencl[:N] or simulator", $"'{id}'", "name one of these");
        if (parts.Length == 1) return (parts[0], 0);
        if (parts[0] is not ("cuda" or "opencl"))
            throw new DeviceException($"{parts[0]} without a number", $"'{id}'", "only CUDA and OpenCL devices are numbered");
        return int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? (parts[0], number)
            : throw new DeviceException($"a number from 0 after '{parts[0]}:'", $"'{parts[1]}'", $"for example {parts[0]}:0");
    }

    private static AcceleratorDevice OpenSimulator()
    {
        var context = Context.Create(builder => builder.DefaultCPU());
        var accelerator = context.Devices[0].CreateAccelerator(context);
        return new AcceleratorDevice(accelerator, null, "simulator", accelerator, context) { UseGroupedKernels = false };
    }

    private static AcceleratorDevice OpenGpu(GpuPlatform kind, int number)
    {
        var context = kind.Discover(out var devices, out var missing);
        try
        {
            if (context is null || missing is not null)
                throw new DeviceException(kind.DeviceNoun, "none", missing!);
            if (number >= devices.Count)
                throw NoSuchNumber(kind.DeviceNoun, number, [.. devices.Select(device => device.Info)]);

            return OpenGpu(context, devices[number].Device, devices[number].Info);
        }
        catch
        {
            context?.Dispose();
            throw;
        }
    }

    /// <summary>The exception for a device number that does not exist, if other devices of the kind do.</summary>
    internal static DeviceException NoSuchNumber(string oneDevice, int number, IReadOnlyList<DeviceInfo> devices)
    {
        var names = string.Join(
            ", ", devices.Select(device => $"{device.Id} ({device.Name}{(device.IsAvailable ? "" : $", which cannot be used: {device.UnavailableReason}")})"));
        var cure = devices.FirstOrDefault(device => device.IsAvailable) is { } first
            ? $"numbers start at 0: choose {(devices.Count(device => device.IsAvailable) > 1 ? "one of these" : first.Id)}"
            : "use another kind of device, such as cpu";
        return new DeviceException($"{oneDevice} number {number}", names, cure);
    }

    private static AcceleratorDevice OpenGpu(Context context, Device device, DeviceInfo info)
    {
        if (info.UnavailableReason is { } reason) throw new DeviceException($"{info.Id} to be usable", info.Name, reason);
        Accelerator accelerator;
        try
        {
            accelerator = device.CreateAccelerator(context);
        }
        catch (Exception e)
        {
            throw new DeviceException(
                $"{info.Id} ({info.Name}) to open", $"{e.GetType().Name}: {e.Message}",
                "check whether another process uses it exclusively, or use another device", e);
        }

        return new AcceleratorDevice(accelerator, null, info.Id, accelerator, context);
    }

    private static ComputeDevice OpenAuto(int threads, out IReadOnlyList<string> reasons)
    {
        var skipped = new List<string>();
        reasons = skipped;
        foreach (var kind in GpuPlatform.All)
        {
            var context = kind.Discover(out var devices, out var missing);
            if (missing is not null) skipped.Add($"no {kind.DisplayName} device: {missing}");
            foreach (var (device, info) in devices)
            {
                if (!info.IsAvailable) skipped.Add($"{info.Id} ({info.Name}): {info.UnavailableReason}");
                else if (!kind.IsEligibleForAuto(device)) skipped.Add($"{info.Id} ({info.Name}): the same CPU, faster without {kind.DisplayName}");
                else
                {
                    try
                    {
                        return OpenGpu(context!, device, info);
                    }
                    catch (DeviceException e)
                    {
                        skipped.Add(e.Message);
                    }
                }
            }

            context?.Dispose();
        }

        return new CpuDevice(threads);
    }
}
