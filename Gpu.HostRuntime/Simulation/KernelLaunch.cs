using System.Collections.Concurrent;

namespace ILGPU.Runtime.CPU;

/// <summary>
/// One launch. The calling thread and helpers of the thread pool take contiguous ranges of its groups. Which of them runs a
/// group does not matter to a kernel whose groups are independent.
/// </summary>
internal sealed class KernelLaunch(Accelerator accelerator, string kernelName, KernelConfig config, long items, Action body) : IThreadPoolWorkItem
{
    private static readonly ConcurrentStack<GroupScheduler> s_schedulers = new();

    private readonly long _groups = config.GridDim.LongSize;
    private readonly ManualResetEventSlim _done = new();
    private readonly object _lock = new();
    private long _range, _claimed, _completed;
    private long _failedGroup = long.MaxValue;
    private KernelFaultException? _fault;

    public Accelerator Accelerator => accelerator;
    public string KernelName => kernelName;
    public KernelConfig Config => config;
    public Action Body => body;
    public bool IsImplicitlyGrouped => items >= 0;

    /// <summary>Runs every group, and throws what the first group that failed, in the order of the grid, threw.</summary>
    public void Run()
    {
        var workers = (int)Math.Min(_groups, Environment.ProcessorCount);
        _range = Math.Max(1, _groups / (4 * workers));
        for (var helper = 1; helper < workers; helper++)
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        Work();
        _done.Wait();
        if (_fault is not null)
            throw _fault;
    }

    void IThreadPoolWorkItem.Execute() => Work();

    /// <summary>False for groups after one that failed; those before it still run, so that the error is always the same one.</summary>
    public bool IsWanted(long group) => group < Volatile.Read(ref _failedGroup);

    public void Report(long group, KernelFaultException fault)
    {
        lock (_lock)
        {
            if (group < _failedGroup)
                (_failedGroup, _fault) = (group, fault);
        }
    }

    public Index3D GridIndex(long group) => new(
        (int)(group % config.GridDim.X), (int)(group / config.GridDim.X % config.GridDim.Y), (int)(group / config.GridDim.X / config.GridDim.Y));

    /// <summary>The threads that a group runs: in an implicitly grouped kernel, only those that have an item.</summary>
    public int ThreadsOf(long group) =>
        IsImplicitlyGrouped ? (int)Math.Min(config.GroupDim.X, items - group * config.GroupDim.X) : config.GroupDim.Size;

    private void Work()
    {
        GroupScheduler? scheduler = null;
        while (Interlocked.Add(ref _claimed, _range) - _range is var first && first < _groups)
        {
            if (scheduler is null && !s_schedulers.TryPop(out scheduler))
                scheduler = new GroupScheduler();
            var end = Math.Min(first + _range, _groups);
            try
            {
                scheduler.RunGroups(this, first, end);
            }
            catch (Exception exception)
            {
                // Not the kernel but the simulator failed, for want of threads or memory. Here it would end the process.
                Report(first, new KernelFaultException(kernelName, GridIndex(first), Index3D.Zero, config, exception));
            }
            if (Interlocked.Add(ref _completed, end - first) == _groups)
                _done.Set();
        }
        if (scheduler is not null)
            s_schedulers.Push(scheduler);
    }
}
