namespace Gpu.Kernels.Devices;

/// <summary>
/// A kernel whose threads cooperate in groups, with shared memory, barriers and warps; for GPUs and the simulator. It is a faster alternative to an
/// <see cref="IKernel"/> that computes the same on every device, and is tested against the same oracle.
/// </summary>
/// <remarks>
/// <see cref="Run"/> is the body of one thread, which gets its indices from ILGPU's <c>Grid</c>, <c>Group</c> and <c>Warp</c>. Shared memory is allocated
/// outside of branches, and all threads of a group reach every barrier. If the result depends on the number of groups or threads, the kernel says so.
/// </remarks>
internal interface IGroupedKernel
{
    /// <summary>Runs one thread.</summary>
    void Run();
}
