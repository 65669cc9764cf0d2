using System.Globalization;
using System.Runtime.InteropServices;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;

namespace Gpu.Kernels.Devices;

/// <summary>
/// The devices of this machine by their ids: <c>cpu</c>, <c>cuda[:N]</c>, <c>opencl[:N]</c> (N from 0, which is meant where it is left out), <c>simulator</c>
/// (the kernels as a GPU has them, on ILGPU's CPU accelerator: for tests, slow), and <c>auto</c>.
/// </summary>
public static class DeviceCatalog
{
    /// <summary>The kinds of ids.</summary>
    public static IReadOnlyList<string> Kinds { get; } = ["auto", "cpu", "cuda", "opencl", "simulator"];

    /// <summary>
    /// Everything there is: the CPU, the devices of CUDA and OpenCL (those that cannot be used with the reason), and the simulator. A kind without any device
    /// has one entry, with the reason. Looking takes as long as the drivers take to start and CUDA's devices to open, and never throws because of one.
    /// </summary>
    public static IReadOnlyList<DeviceInfo> List()
    {
        var list = new List<DeviceInfo> { Cpu };
        foreach (var kind in GpuPlatform.All)
        {
            using var context = kind.Discover(out var devices, out var missing);
            if (missing is not null) list.Add(new(kind.Name, kind.Name, "", 0, 0, 0, missing));
            else list.AddRange(devices.Select(found => found.Info.IsAvailable ? found.Info with { FreeBytes = kind.FreeBytes(context!, found.Device) } : found.Info));
        }

        list.Add(Simulator);
        return list;
    }

    /// <summary>Opens a device; the CPU device with a thread for each processor.</summary>
    /// <param name="id">see <see cref="DeviceCatalog"/>; upper or lower case</param>
    /// <exception cref="DeviceException">there is no such device, or it cannot be used; the message says what there is and what to do</exception>
    public static ComputeDevice Open(string id) => Open(id, 0, out _);

    /// <summary>Opens a device.</summary>
    /// <param name="id">see <see cref="DeviceCatalog"/>; upper or lower case</param>
    /// <param name="threads">threads of the CPU device, 0 for one a processor; the other devices ignore it</param>
    /// <exception cref="DeviceException">there is no such device, or it cannot be used; the message says what there is and what to do</exception>
    /// <exception cref="ArgumentOutOfRangeException">a number of threads that the CPU device does not take</exception>
    public static ComputeDevice Open(string id, int threads) => Open(id, threads, out _);

    /// <summary>Opens a device.</summary>
    /// <param name="id">see <see cref="DeviceCatalog"/>; upper or lower case</param>
    /// <param name="threads">threads of the CPU device, 0 for one a processor; the other devices ignore it</param>
    /// <param name="choice">
    /// what was opened and, for <c>auto</c>, why: CUDA is preferred to OpenCL, OpenCL to the CPU, and each that was passed over is named with its reason
    /// </param>
    /// <exception cref="DeviceException">there is no such device, or it cannot be used; the message says what there is and what to do</exception>
    /// <exception cref="ArgumentOutOfRangeException">a number of threads that the CPU device does not take</exception>
    public static ComputeDevice Open(string id, int threads, out string choice)
    {
        ArgumentNullException.ThrowIfNull(id);
        var (kind, number) = Parse(id);
        if (kind == "auto") return OpenAuto(threads, out choice);
        ComputeDevice device = kind switch
        {
            "cpu" => new CpuDevice(threads),
            "simulator" => OpenSimulator(),
            _ => OpenGpu(GpuPlatform.All.Single(candidate => candidate.Name == kind), number),
        };
        choice = $"{device.Id}: {device.Description}";
        return device;
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
            : throw new DeviceException($"a number from 0 after '{parts[0]}:'", $"'{parts[1]}'", $"write {parts[0]}:0, say");
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

    /// <summary>What to say when a kind has devices, but none of that number.</summary>
    internal static DeviceException NoSuchNumber(string oneDevice, int number, IReadOnlyList<DeviceInfo> devices)
    {
        var names = string.Join(", ", devices.Select(device => $"{device.Id} ({device.Name}{(device.IsAvailable ? "" : $", which cannot be used: {device.UnavailableReason}")})"));
        var cure = devices.FirstOrDefault(device => device.IsAvailable) is { } first
            ? $"numbers begin at 0: choose {(devices.Count(device => device.IsAvailable) > 1 ? "one of these" : first.Id)}"
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
                $"{info.Id} ({info.Name}) to open", $"{e.GetType().Name}: {e.Message}", "see whether another process keeps it for itself, or use another device", e);
        }

        return new AcceleratorDevice(accelerator, null, info.Id, accelerator, context);
    }

    private static ComputeDevice OpenAuto(int threads, out string choice)
    {
        var passedOver = new List<string>();
        foreach (var kind in GpuPlatform.All)
        {
            var context = kind.Discover(out var devices, out var missing);
            if (missing is not null) passedOver.Add($"no {kind.DisplayName} device: {missing}");
            foreach (var (device, info) in devices)
            {
                if (!info.IsAvailable) passedOver.Add($"{info.Id} ({info.Name}): {info.UnavailableReason}");
                else if (!kind.IsEligibleForAuto(device)) passedOver.Add($"{info.Id} ({info.Name}): the same CPU, faster without {kind.DisplayName}");
                else
                {
                    try
                    {
                        var opened = OpenGpu(context!, device, info);
                        choice = DescribeChoice($"{info.Id}: {info.Name}, the first {kind.DisplayName} device that can be used", passedOver);
                        return opened;
                    }
                    catch (DeviceException e)
                    {
                        passedOver.Add(e.Message);
                    }
                }
            }

            context?.Dispose();
        }

        var cpu = new CpuDevice(threads);
        choice = DescribeChoice($"cpu: {cpu.Description}", passedOver);
        return cpu;
    }

    private static string DescribeChoice(string chosen, List<string> passedOver) =>
        passedOver.Count == 0 ? chosen : $"{chosen} ({string.Join("; ", passedOver)})";
}
