using Gpu.Kernels.Backends;

namespace Gpu.Kernels.Devices;

/// <summary>An operation on device memory. It holds views and sizes, and launches one or more kernels with the backend of the device.</summary>
internal interface IOperation
{
    /// <summary>
    /// A number that divides every vector index and every extent along the vector axis. If it is a multiple of 4, a GPU can use 128-bit accesses. Operations
    /// without vector accesses return 1.
    /// </summary>
    int Granularity { get; }

    /// <summary>Binds the views and launches the kernels in order.</summary>
    void Launch<TBackend, TVector>(ILauncher<TBackend> launcher)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged;
}

/// <summary>Launches kernels with one backend, at once or into a <see cref="CommandList"/>.</summary>
internal interface ILauncher<TBackend>
    where TBackend : struct
{
    /// <summary>The backend memory of a view. For an empty view, memory that must not be accessed.</summary>
    TBackend Bind(DeviceView view);

    /// <summary>Launches a kernel over the items 0 to <paramref name="items"/> - 1. Does nothing for 0 items.</summary>
    /// <param name="kernel">the kernel with its arguments</param>
    /// <param name="items">the number of items</param>
    /// <param name="cost">approximate vector instructions per item; the CPU runs small launches on the calling thread</param>
    void Launch<TKernel>(in TKernel kernel, int items, int cost)
        where TKernel : struct, IKernel;

    /// <summary>Launches a kernel whose items need scratch memory. Does nothing for 0 items.</summary>
    /// <param name="kernel">the kernel with its arguments</param>
    /// <param name="items">the number of items</param>
    /// <param name="cost">as for <see cref="Launch"/></param>
    /// <param name="words">words of scratch memory per item</param>
    void LaunchWithScratch<TKernel>(in TKernel kernel, int items, int cost, int words)
        where TKernel : struct, IScratchKernel<TBackend>;

    /// <summary>The limits for grouped kernels; null if the device does not support them (the CPU) or they are switched off.</summary>
    GroupLimits? Groups { get; }

    /// <summary>The launcher for tensor cores; null if products run in 32 bits (<see cref="ComputeDevice.Precision"/>).</summary>
    ITensorCoreLauncher? TensorCores { get; }

    /// <summary>Launches a grouped kernel; only if <see cref="Groups"/> is not null. Does nothing for 0 groups.</summary>
    /// <param name="kernel">the kernel with its arguments</param>
    /// <param name="groups">the number of groups in the grid</param>
    /// <param name="threads">threads per group, at most <see cref="GroupLimits.MaxThreads"/></param>
    void LaunchGroups<TKernel>(in TKernel kernel, int groups, int threads)
        where TKernel : struct, IGroupedKernel;

    /// <summary>At least <paramref name="words"/> zeros, which kernels read in place of values outside a tensor.</summary>
    TBackend Zeros(int words);
}

/// <summary>
/// Executes operations: a <see cref="ComputeDevice"/> runs them at once, a <see cref="CommandList"/> records them to run many times. Every operation takes an
/// executor as its first argument.
/// </summary>
public interface IExecutor
{
    /// <summary>The device that the operations run on.</summary>
    ComputeDevice Device { get; }

    /// <summary>Runs or records an operation.</summary>
    internal void Execute<TOperation>(in TOperation operation)
        where TOperation : struct, IOperation;
}
