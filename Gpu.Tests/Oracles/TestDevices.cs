using Gpu.Kernels.Launching;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;

namespace Gpu.Tests.Oracles;

/// <summary>
/// The machines that every operation is checked on: the CPU's lanes that this processor has (on three threads, so that work is shared), and the
/// GPU instantiation of the kernels in the simulator, with plain kernels only ("simulator") and with grouped ones where there are any ("groups"). The environment variable <c>GPUTRAINER_TEST_DEVICES</c> adds others by their ids, separated by
/// commas: <c>cuda</c>, <c>opencl:1</c>.
/// </summary>
public static class TestDevices
{
    private static readonly Lock Gate = new();
    private static readonly Dictionary<string, ComputeDevice> Open = [];

    /// <summary>The names.</summary>
    public static IEnumerable<string> Names =>
        [.. new[] { 512, 256, 128 }.Where(lanes => lanes <= CpuDevice.WidestLanes).Select(lanes => $"cpu{lanes}"), "simulator", "groups", .. Added];

    private static string[] Added => Environment.GetEnvironmentVariable("GPUTRAINER_TEST_DEVICES")
        ?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];

    /// <summary>The names, for <c>[MemberData]</c>.</summary>
    public static TheoryData<string> All => [.. Names];

    /// <summary>The device of a name; opened once and kept, because xunit runs test classes at the same time: lock it while it is used.</summary>
    public static ComputeDevice Get(string name)
    {
        lock (Gate)
        {
            if (Open.TryGetValue(name, out var device)) return device;
            return Open[name] = name switch
            {
                "simulator" => Simulator(usesGroups: false),
                "groups" => Simulator(usesGroups: true),
                ['g', 'r', 'o', 'u', 'p', 's', ':', .. var sizes] => Simulator(sizes.Split('x').Select(int.Parse).ToArray()),
                ['c', 'p', 'u', .. var lanes] => new CpuDevice(threads: 3, lanes: int.Parse(lanes)),
#if HAS_ILGPU
                ['o', 'p', 'e', 'n', 'c', 'l', ..] => OpenCLTestDevice.Open(name),
#endif
                _ => DeviceCatalog.Open(name),
            };
        }
    }

    /// <summary>The name of a simulator whose grouped kernels see a device of other sizes.</summary>
    public static string Groups(int warp, int warps, int multiprocessors) => $"groups:{warp}x{warps}x{multiprocessors}";

    /// <summary>A new simulator device; whoever asks disposes it.</summary>
    public static AcceleratorDevice Simulator(bool usesGroups = false)
    {
        var context = Context.Create(builder => builder.DefaultCPU());
        var accelerator = context.GetPreferredDevice(preferCPU: true).CreateAccelerator(context);
        return new AcceleratorDevice(accelerator, null, "simulator", accelerator, context) { UsesGroups = usesGroups };
    }

    private static AcceleratorDevice Simulator(int[] sizes)
    {
        var context = Context.Create(builder => builder.CPU(new CPUDevice(sizes[0], sizes[1], sizes[2])));
        var accelerator = context.Devices[0].CreateAccelerator(context);
        return new AcceleratorDevice(accelerator, null, "simulator", accelerator, context);
    }
}
