namespace ILGPU;

/// <summary>The size of a launch: groups in the grid, threads in a group, and dynamic shared memory of each group.</summary>
public readonly struct KernelConfig(Index3D gridDim, Index3D groupDim, SharedMemoryConfig sharedMemoryConfig) : IIndex
{
    public KernelConfig(Index1D gridDim, Index1D groupDim) : this(gridDim, groupDim, default) { }
    public KernelConfig(Index1D gridDim, Index1D groupDim, SharedMemoryConfig sharedMemoryConfig)
        : this(new Index3D(gridDim.X, 1, 1), new Index3D(groupDim.X, 1, 1), sharedMemoryConfig) { }
    public KernelConfig(Index2D gridDim, Index2D groupDim) : this(gridDim, groupDim, default) { }
    public KernelConfig(Index2D gridDim, Index2D groupDim, SharedMemoryConfig sharedMemoryConfig)
        : this(new Index3D(gridDim, 1), new Index3D(groupDim, 1), sharedMemoryConfig) { }
    public KernelConfig(Index3D gridDim, Index3D groupDim) : this(gridDim, groupDim, default) { }
    public KernelConfig(int gridDimX, int gridDimY, int gridDimZ, int groupDimX, int groupDimY, int groupDimZ)
        : this(new Index3D(gridDimX, gridDimY, gridDimZ), new Index3D(groupDimX, groupDimY, groupDimZ), default) { }

    public Index3D GridDim { get; } = gridDim;
    public Index3D GroupDim { get; } = groupDim;
    public SharedMemoryConfig SharedMemoryConfig { get; } = sharedMemoryConfig;
    public bool UsesDynamicSharedMemory => SharedMemoryConfig.UsesDynamicSharedMemory;
    public bool IsValid => GridDim is { X: > 0, Y: > 0, Z: > 0 } && GroupDim is { X: > 0, Y: > 0, Z: > 0 };

    /// <summary>The number of threads of the launch.</summary>
    public long Size => GridDim.LongSize * GroupDim.LongSize;

    public static implicit operator KernelConfig((Index1D, Index1D) d) => new(d.Item1, d.Item2);
    public static implicit operator KernelConfig((Index3D, Index1D) d) => new(d.Item1, new Index3D(d.Item2, 1, 1));
    public static implicit operator KernelConfig((Index3D, Index2D) d) => new(d.Item1, new Index3D(d.Item2, 1));
    public static implicit operator KernelConfig((Index2D, Index2D) d) => new(d.Item1, d.Item2);
    public static implicit operator KernelConfig((Index3D, Index3D) d) => new(d.Item1, d.Item2);
    public static implicit operator KernelConfig((Index1D, Index1D, SharedMemoryConfig) d) => new(d.Item1, d.Item2, d.Item3);
    public static implicit operator KernelConfig((Index3D, Index3D, SharedMemoryConfig) d) => new(d.Item1, d.Item2, d.Item3);
}
