using Gpu.Kernels.Backends;

namespace Gpu.Kernels.Devices;

/// <summary>
/// An operation on device memory: it names its views and sizes, and launches one or more kernels on whatever machine the device has.
/// </summary>
internal interface IOperation
{
    /// <summary>
    /// What divides every vector index and every extent along the vector axis: 4 or a multiple of it lets a GPU use 128-bit accesses.
    /// An operation with no vector accesses returns 1.
    /// </summary>
    int Granularity { get; }

    /// <summary>Binds the views and launches the kernels, in order.</summary>
    void Launch<TBackend, TVector>(ILauncher<TBackend> launcher)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged;
}

/// <summary>Launches kernels of one machine: at once, or into a <see cref="CommandList"/>.</summary>
internal interface ILauncher<TBackend>
    where TBackend : struct
{
    /// <summary>The machine's memory for a view; an empty view gives memory that must not be read.</summary>
    TBackend Bind(DeviceView view);

    /// <summary>Launches a kernel over items 0 to <paramref name="items"/> - 1; does nothing for none.</summary>
    /// <param name="kernel">the kernel with its arguments</param>
    /// <param name="items">how many items</param>
    /// <param name="cost">about how many vector instructions an item takes; small launches stay on the calling thread</param>
    void Launch<TKernel>(in TKernel kernel, int items, int cost)
        where TKernel : struct, IKernel;

    /// <summary>Launches a kernel whose items need memory of their own while they run; does nothing for no items.</summary>
    /// <param name="kernel">the kernel with its arguments</param>
    /// <param name="items">how many items</param>
    /// <param name="cost">as in <see cref="Launch"/></param>
    /// <param name="words">words of scratch memory that an item needs</param>
    void LaunchWithScratch<TKernel>(in TKernel kernel, int items, int cost, int words)
        where TKernel : struct, IScratchKernel<TBackend>;

    /// <summary>What the device offers to grouped kernels; null where there are none (the CPU's worker pool) or where they are switched off.</summary>
    GroupLimits? Groups { get; }

    /// <summary>What the device offers for products on tensor cores; null where they are computed in 32 bits (<see cref="ComputeDevice.Precision"/>).</summary>
    ITensorCoreLauncher? TensorCores { get; }

    /// <summary>Launches a grouped kernel; does nothing for no groups. Only where <see cref="Groups"/> is not null.</summary>
    /// <param name="kernel">the kernel with its arguments</param>
    /// <param name="groups">how many groups</param>
    /// <param name="threads">threads of each group, at most <see cref="GroupLimits.MaxThreads"/></param>
    void LaunchGroups<TKernel>(in TKernel kernel, int groups, int threads)
        where TKernel : struct, IGroupedKernel;

    /// <summary>Zeros that kernels may read in place of what lies outside a tensor: at least <paramref name="words"/> of them.</summary>
    TBackend Zeros(int words);
}

/// <summary>Takes operations: a device runs them at once, a command list keeps them to be run many times.</summary>
public interface IExecutor
{
    /// <summary>The device the operations run on.</summary>
    ComputeDevice Device { get; }

    /// <summary>Runs or records an operation.</summary>
    internal void Execute<TOperation>(in TOperation operation)
        where TOperation : struct, IOperation;
}
