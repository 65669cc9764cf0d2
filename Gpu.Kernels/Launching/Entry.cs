using ILGPU;

namespace Gpu.Kernels.Launching;

/// <summary>The one entry point through which every plain kernel struct runs on an ILGPU accelerator; explicitly grouped, one item a thread.</summary>
public static class Entry
{
    /// <summary>Runs item number "global index" of the kernel.</summary>
    public static void Run<TKernel>(TKernel kernel, int items)
        where TKernel : struct, IKernel
    {
        var item = Grid.GlobalIndex.X;
        if (item < items) kernel.Run(item);
    }
}
