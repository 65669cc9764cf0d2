using ILGPU;

namespace Gpu.Kernels.Devices;

/// <summary>
/// The ILGPU entry points of all kernel structs. Both are explicitly grouped: a plain kernel runs one item per thread, a grouped kernel runs as it is.
/// </summary>
internal static class KernelEntry
{
    /// <summary>Runs the item whose index is the global index of the thread in the grid.</summary>
    public static void Run<TKernel>(TKernel kernel, int items)
        where TKernel : struct, IKernel
    {
        var item = Grid.GlobalIndex.X;
        if (item < items) kernel.Run(item);
    }

    /// <summary>Runs one thread of a grouped kernel.</summary>
    public static void RunGrouped<TKernel>(TKernel kernel)
        where TKernel : struct, IGroupedKernel => kernel.Run();
}
