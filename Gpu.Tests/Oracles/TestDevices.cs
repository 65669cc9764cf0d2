using Gpu.Kernels.Devices;
using ILGPU;
using ILGPU.Runtime.CPU;

namespace Gpu.Tests.Oracles;

/// <summary>
/// The devices on which every operation is checked: the CPU with each vector width that this processor has (on three threads, so that work is split), and the
/// GPU instantiation of the kernels in the simulator, once with plain kernels only ("simulator") and once with grouped kernels where there are any ("groups").
/// The environment variable <c>GPUTRAINER_TEST_DEVICES</c> adds devices by their ids, separated by commas: <c>cuda</c>, <c>opencl:1</c>.
/// </summary>
public static class TestDevices
{
    private static readonly Lock PoolsLock = new();
    private static readonly Dictionary<string, Pool> Pools = [];

    /// <summary>The names of the devices.</summary>
    public static IEnumerable<string> Names =>
        [.. new[] { 512, 256, 128 }.Where(lanes => lanes <= CpuDevice.MaxVectorBits).Select(lanes => $"cpu{lanes}"), "simulator", "groups", .. Added];

    /// <summary>The devices of the environment variable.</summary>
    public static IReadOnlyList<string> Added => Environment.GetEnvironmentVariable("GPUTRAINER_TEST_DEVICES")
        ?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];

    /// <summary>The CUDA devices among the added ones.</summary>
    public static IEnumerable<string> Cuda => Added.Where(name => name.StartsWith("cuda", StringComparison.Ordinal));

    /// <summary>The names of the devices, for <c>[MemberData]</c>.</summary>
    public static TheoryData<string> All => [.. Names];

    /// <summary>The reason for skipping CUDA tests.</summary>
    public const string WhyNoCuda = "needs an NVIDIA GPU or its emulator: set GPUTRAINER_TEST_DEVICES=cuda";

    /// <summary>The CUDA devices with TF32 and with FP16, by names such as <c>cuda+tf32</c>.</summary>
    public static IEnumerable<string> TensorCoreNames => Cuda.SelectMany(name => new[] { $"{name}+tf32", $"{name}+fp16" });

    /// <summary><see cref="TensorCoreNames"/>, for <c>[MemberData]</c>.</summary>
    public static TheoryData<string> TensorCores => [.. TensorCoreNames];

    /// <summary>
    /// Rents the device of a name until the lease is disposed. Devices are pooled, because opening one and compiling its kernels takes time. xunit runs test
    /// classes concurrently, so there may be several devices of one name, but only one of each real GPU.
    /// </summary>
    public static Lease Rent(string name)
    {
        Pool? pool;
        lock (PoolsLock)
        {
            if (!Pools.TryGetValue(name, out pool)) Pools[name] = pool = new Pool(Added.Contains(name) ? 1 : int.MaxValue);
        }

        return new Lease(pool, pool.Take(() => Open(name)));
    }

    /// <summary>Opens a device by its name. The caller disposes it.</summary>
    public static ComputeDevice Open(string name) => name switch
    {
        "simulator" => Simulator(usesGroups: false),
        "groups" => Simulator(usesGroups: true),
        _ when name.IndexOf('+', StringComparison.Ordinal) is > 0 and var plus => WithPrecision(name[..plus], name[(plus + 1)..]),
        ['g', 'r', 'o', 'u', 'p', 's', ':', .. var sizes] => Simulator(sizes.Split('x').Select(int.Parse).ToArray()),
        ['c', 'p', 'u', .. var lanes] => new CpuDevice(threads: 3, vectorBits: int.Parse(lanes)),
        ['o', 'p', 'e', 'n', 'c', 'l', ..] => OpenCLTestDevice.Open(name),
        _ => DeviceCatalog.Open(name),
    };

    /// <summary>Opens the first CUDA device, with tensor cores for products of any size. The caller disposes it.</summary>
    public static AcceleratorDevice NewTensorCoreDevice()
    {
        var device = (AcceleratorDevice)DeviceCatalog.Open(Cuda.First());
        device.MinTensorCoreWork = 1;
        return device;
    }

    /// <summary>The name of a simulator with other limits: threads per warp, warps per group, and multiprocessors.</summary>
    public static string Groups(int warp, int warps, int multiprocessors) => $"groups:{warp}x{warps}x{multiprocessors}";

    /// <summary>Opens a simulator device. The caller disposes it.</summary>
    public static AcceleratorDevice Simulator(bool usesGroups = false, string id = "simulator")
    {
        var context = Context.Create(builder => builder.DefaultCPU());
        var accelerator = context.GetPreferredDevice(preferCPU: true).CreateAccelerator(context);
        return new AcceleratorDevice(accelerator, null, id, accelerator, context) { UseGroupedKernels = usesGroups };
    }

    private static AcceleratorDevice WithPrecision(string name, string precision)
    {
        var device = (AcceleratorDevice)DeviceCatalog.Open(name);
        device.MinTensorCoreWork = 1;
        device.Precision = Enum.Parse<MatrixPrecision>(precision, ignoreCase: true);
        return device;
    }

    private static AcceleratorDevice Simulator(int[] sizes)
    {
        // ILGPU's CPU accelerator starts operating-system threads for every multiprocessor, so it gets one and the limits report the rest.
        var context = Context.Create(builder => builder.CPU(new CPUDevice(sizes[0], sizes[1], 1)));
        var accelerator = context.Devices[0].CreateAccelerator(context);
        var device = new AcceleratorDevice(accelerator, null, "simulator", accelerator, context);
        device.Limits = device.Limits with { Multiprocessors = sizes[2] };
        return device;
    }

    /// <summary>Exclusive use of a device until the lease is disposed.</summary>
    public sealed class Lease : IDisposable
    {
        private readonly Pool _pool;

        internal Lease(Pool pool, ComputeDevice device)
        {
            _pool = pool;
            Device = device;
        }

        public ComputeDevice Device { get; }

        public void Dispose() => _pool.Return(Device);
    }

    internal sealed class Pool(int capacity)
    {
        private readonly Stack<ComputeDevice> _free = [];
        private int _opened;

        public ComputeDevice Take(Func<ComputeDevice> open)
        {
            lock (_free)
            {
                while (_free.Count == 0 && _opened == capacity) Monitor.Wait(_free);
                if (_free.TryPop(out var device)) return device;
                _opened++;
            }

            try
            {
                return open();
            }
            catch
            {
                lock (_free)
                {
                    _opened--;
                    Monitor.Pulse(_free);
                }

                throw;
            }
        }

        public void Return(ComputeDevice device)
        {
            lock (_free)
            {
                _free.Push(device);
                Monitor.Pulse(_free);
            }
        }
    }
}
