using ILGPU;

namespace Gpu.Kernels.Devices;

/// <summary>The entry points through which every kernel struct runs on an ILGPU accelerator, explicitly grouped: a plain kernel with one item a thread, a grouped one as it is.</summary>
internal static class KernelEntry
{
    /// <summary>Runs item number "global index" of the kernel.</summary>
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
