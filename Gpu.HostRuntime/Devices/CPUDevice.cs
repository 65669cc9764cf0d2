using System.Collections.Immutable;

namespace ILGPU.Runtime.CPU;

public enum CPUDeviceKind { Default, Nvidia, AMD, LegacyAMD, Intel }
public enum CPUAcceleratorMode { Auto, Sequential, Parallel }

/// <summary>The simulated device: groups of at most 1024 threads, warps of 32, 48 KB of shared memory a group, unless made otherwise.</summary>
public sealed class CPUDevice : Device
{
    public static readonly CPUDevice Default = new(32, 32, 1);
    public static readonly CPUDevice Nvidia = new(32, 32, 1);
    public static readonly CPUDevice AMD = new(32, 8, 1);
    public static readonly CPUDevice LegacyAMD = new(64, 4, 1);
    public static readonly CPUDevice Intel = new(16, 8, 1);
    public static readonly ImmutableArray<CPUDevice> All = [Default, Nvidia, AMD, LegacyAMD, Intel];

    /// <summary>A device with groups of at most <paramref name="numThreadsPerWarp"/> times <paramref name="numWarpsPerMultiprocessor"/> threads.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The warp size is not a power of two of at least two, or another number is below one.</exception>
    public CPUDevice(int numThreadsPerWarp, int numWarpsPerMultiprocessor, int numMultiprocessors) : base(AcceleratorType.CPU)
    {
        if (numThreadsPerWarp < 2 || !int.IsPow2(numThreadsPerWarp))
            throw new ArgumentOutOfRangeException(nameof(numThreadsPerWarp), numThreadsPerWarp, "A warp has a power of two of threads, at least two.");
        ArgumentOutOfRangeException.ThrowIfLessThan(numWarpsPerMultiprocessor, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(numMultiprocessors, 1);
        Name = "CPUAccelerator (simulator)";
        WarpSize = numThreadsPerWarp;
        MaxNumThreadsPerGroup = MaxNumThreadsPerMultiprocessor = checked(numThreadsPerWarp * numWarpsPerMultiprocessor);
        NumMultiprocessors = numMultiprocessors;
        MemorySize = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        MaxSharedMemoryPerGroup = 48 * 1024;
        MaxConstantMemory = 64 * 1024;
        // The limits of CUDA, so that a launch that fits here fits there.
        MaxGridSize = new Index3D(int.MaxValue, 65535, 65535);
        MaxGroupSize = new Index3D(MaxNumThreadsPerGroup, MaxNumThreadsPerGroup, Math.Min(64, MaxNumThreadsPerGroup));
    }

    public int NumThreads => MaxNumThreads;

    public static CPUDevice GetDevice(CPUDeviceKind kind) => All[(int)kind];
    public override Accelerator CreateAccelerator(Context context) => CreateCPUAccelerator(context);
    public CPUAccelerator CreateCPUAccelerator(Context context) => new(context, this, CPUAcceleratorMode.Auto);
    public CPUAccelerator CreateCPUAccelerator(Context context, CPUAcceleratorMode mode) => new(context, this, mode);
}

/// <summary>Adds the simulated device to a context.</summary>
public static class CPUContextExtensions
{
    public static Context.Builder DefaultCPU(this Context.Builder builder) => builder.CPU(CPUDevice.Default);
    public static Context.Builder CPU(this Context.Builder builder, CPUDeviceKind kind) => builder.CPU(CPUDevice.GetDevice(kind));
    public static Context.Builder CPU(this Context.Builder builder) => builder.CPU(_ => true);

    public static Context.Builder CPU(this Context.Builder builder, CPUDevice device)
    {
        builder.Devices.Add(device);
        return builder;
    }

    public static Context.Builder CPU(this Context.Builder builder, Predicate<CPUDevice> predicate)
    {
        builder.Devices.AddRange(CPUDevice.All.Where(device => predicate(device)));
        return builder;
    }

    public static CPUDevice GetCPUDevice(this Context context, int cpuDeviceIndex) => context.GetDevice<CPUDevice>(cpuDeviceIndex);
    public static Context.DeviceCollection<CPUDevice> GetCPUDevices(this Context context) => context.GetDevices<CPUDevice>();
    public static CPUAccelerator CreateCPUAccelerator(this Context context, int cpuDeviceIndex) =>
        context.GetCPUDevice(cpuDeviceIndex).CreateCPUAccelerator(context);
    public static CPUAccelerator CreateCPUAccelerator(this Context context, int cpuDeviceIndex, CPUAcceleratorMode mode) =>
        context.GetCPUDevice(cpuDeviceIndex).CreateCPUAccelerator(context, mode);
}
