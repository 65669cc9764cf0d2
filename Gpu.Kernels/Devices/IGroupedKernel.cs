namespace Gpu.Kernels.Devices;

/// <summary>
/// A kernel whose threads work together in groups, with shared memory, barriers and warps: only for GPUs (and the simulator). It is a second form, for speed, of an
/// <see cref="IKernel"/> that does the same on every machine, and is tested against the same oracle.
/// </summary>
/// <remarks>
/// <see cref="Run"/> is the body of one thread; it asks ILGPU's <c>Grid</c>, <c>Group</c> and <c>Warp</c> who it is. Shared memory is allocated outside of conditions,
/// every thread of a group reaches every barrier, and the result depends on the number of groups and threads only as the kernel documents.
/// </remarks>
internal interface IGroupedKernel
{
    /// <summary>Runs one thread.</summary>
    void Run();
}
