namespace ILGPU.Runtime;

public enum AcceleratorType { CPU = 0, Cuda = 1, OpenCL = 2 }

/// <summary>What a device can do: sizes are in threads and bytes.</summary>
public abstract class Device
{
    private protected Device(AcceleratorType type) => AcceleratorType = type;

    public AcceleratorType AcceleratorType { get; }
    public string Name { get; protected set; } = "<Unknown>";
    public long MemorySize { get; protected set; }
    public Index3D MaxGridSize { get; protected set; }
    public Index3D MaxGroupSize { get; protected set; }
    public int MaxNumThreadsPerGroup { get; protected set; }
    public int MaxSharedMemoryPerGroup { get; protected set; }
    public int MaxConstantMemory { get; protected set; }
    public int WarpSize { get; protected set; }
    public int NumMultiprocessors { get; protected set; }
    public int MaxNumThreadsPerMultiprocessor { get; protected set; }
    public int MaxNumThreads => NumMultiprocessors * MaxNumThreadsPerMultiprocessor;

    public abstract Accelerator CreateAccelerator(Context context);
    public override string ToString() => $"{Name} [{AcceleratorType}]";
}
