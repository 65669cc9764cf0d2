namespace ILGPU.Runtime.CPU;

/// <summary>A kernel failed in the simulator: an access outside a view, a barrier that some threads never reach, or an exception of its own.</summary>
public sealed class KernelFaultException : AcceleratorException
{
    internal KernelFaultException(string kernelName, Index3D gridIndex, Index3D groupIndex, KernelConfig config, Exception cause)
        : base($"Kernel {kernelName} failed at grid index {gridIndex}, group index {groupIndex} " +
               $"(grid {config.GridDim}, group {config.GroupDim}): {cause.Message}", cause)
    {
        KernelName = kernelName;
        GridIndex = gridIndex;
        GroupIndex = groupIndex;
    }

    public override AcceleratorType AcceleratorType => AcceleratorType.CPU;
    public string KernelName { get; }

    /// <summary>The index in the grid of the group that failed, the first one if several do.</summary>
    public Index3D GridIndex { get; }

    /// <summary>The index in its group of the thread that failed first.</summary>
    public Index3D GroupIndex { get; }
}
