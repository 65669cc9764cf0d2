using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;

namespace Gpu.Kernels.Devices;

/// <summary>Launches kernels on the worker pool, at once or into a list.</summary>
internal sealed unsafe class CpuLauncher<TBackend>(CpuDevice device, CpuWorkerPool pool, CommandList? list) : ILauncher<TBackend>
    where TBackend : struct, ICpuBackend<TBackend>
{
    public TBackend Bind(DeviceView view) => TBackend.At(CpuBuffer.Pointer(view));

    public GroupLimits? Groups => null;

    public ITensorCoreLauncher? TensorCores => null;

    public TBackend Zeros(int words) => Bind(device.Zeros(words));

    public void LaunchGroups<TKernel>(in TKernel kernel, int groups, int threads)
        where TKernel : struct, IGroupedKernel =>
        throw new NotSupportedException($"{KernelName.Of(typeof(TKernel))} is a grouped kernel, which the CPU device does not support");

    public void Launch<TKernel>(in TKernel kernel, int items, int cost)
        where TKernel : struct, IKernel
    {
        if (items <= 0) return;
        Submit(new CpuCommand<TKernel>(pool, kernel, items, cost));
    }

    public void LaunchWithScratch<TKernel>(in TKernel kernel, int items, int cost, int words)
        where TKernel : struct, IScratchKernel<TBackend>
    {
        if (items <= 0) return;
        Submit(new CpuScratchCommand<TKernel, TBackend>(pool, kernel, items, cost, words));
    }

    private void Submit(Command command)
    {
        if (list is null) command.Execute();
        else list.Add(command);
    }
}

/// <summary>A kernel with its arguments, ready to run on the worker pool.</summary>
internal sealed class CpuCommand<TKernel>(CpuWorkerPool pool, TKernel kernel, int items, int cost) : Command, ICpuJob
    where TKernel : struct, IKernel
{
    private readonly TKernel _kernel = kernel;

    public override string Name => KernelName.Of(typeof(TKernel));

    public override int Items => items;

    public override void Execute() => pool.Run(this, items, cost);

    // Skips tiered compilation: the loop of a kernel would otherwise start in unoptimized code.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void RunItems(int from, int to)
    {
        // A copy on the stack, so that the compiler may keep the arguments in registers.
        var kernel = _kernel;
        for (var item = from; item < to; item++) kernel.Run(item);
    }
}

/// <summary>A kernel with its arguments that needs scratch memory. Each thread has its own.</summary>
internal sealed class CpuScratchCommand<TKernel, TBackend>(CpuWorkerPool pool, TKernel kernel, int items, int cost, int words) : Command, ICpuJob
    where TKernel : struct, IScratchKernel<TBackend>
    where TBackend : struct, ICpuBackend<TBackend>
{
    private readonly TKernel _kernel = kernel;

    public override string Name => KernelName.Of(typeof(TKernel));

    public override int Items => items;

    public override void Execute() => pool.Run(this, items, cost);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public unsafe void RunItems(int from, int to)
    {
        var kernel = _kernel;
        kernel.UseScratch(TBackend.At(ThreadScratch.Get(words)), 0);
        for (var item = from; item < to; item++) kernel.Run(item);
    }
}
