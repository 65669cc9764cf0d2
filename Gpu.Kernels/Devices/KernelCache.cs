using System.Diagnostics;
using System.Reflection;
using Gpu.Kernels.Cuda;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace Gpu.Kernels.Devices;

/// <summary>
/// The compiled kernels of an accelerator: each is compiled once. Where several compilers can be at work at the same time (CUDA), recording a launch only
/// begins the compilation of its kernel, so that those of a plan are compiled side by side; a launch waits for its own.
/// </summary>
internal sealed class KernelCache : IDisposable
{
    private readonly Accelerator _accelerator;
    private readonly SemaphoreSlim? _compilers;
    private readonly Dictionary<Type, PendingKernel> _slots = [];
    private readonly Stopwatch _clock = new();
    private int _done;
    private int _running;
    private volatile bool _isDisposed;

    public KernelCache(Accelerator accelerator)
    {
        _accelerator = accelerator;
        // OpenCL's compilers are called one at a time: not every driver's stands more (ILGPU issue 1519). The simulator compiles nothing.
        if (accelerator.AcceleratorType == AcceleratorType.Cuda)
            _compilers = new SemaphoreSlim(Environment.ProcessorCount);
    }

    /// <summary>How far it is.</summary>
    public KernelCompilation Progress
    {
        get
        {
            lock (_slots) return new KernelCompilation(_done, _slots.Count, _clock.Elapsed.TotalSeconds);
        }
    }

    /// <summary>A plain kernel; its compilation has begun, or is done where that is not left to others.</summary>
    public KernelSlot<Action<AcceleratorStream, ILGPU.KernelConfig, TKernel, int>> GetPlain<TKernel>()
        where TKernel : struct, IKernel
    {
        return GetOrCompile(typeof(TKernel), () => Load(
            new Action<TKernel, int>(KernelEntry.Run).Method, () => _accelerator.LoadKernel<TKernel, int>(KernelEntry.Run)));
    }

    /// <summary>A grouped kernel.</summary>
    public KernelSlot<Action<AcceleratorStream, ILGPU.KernelConfig, TKernel>> GetGrouped<TKernel>()
        where TKernel : struct, IGroupedKernel
    {
        return GetOrCompile(typeof(TKernel), () => Load(
            new Action<TKernel>(KernelEntry.RunGrouped).Method, () => _accelerator.LoadKernel<TKernel>(KernelEntry.RunGrouped)));
    }

    /// <summary>Waits until all that was begun is done.</summary>
    /// <param name="progress">told after each kernel, on this thread; null for nobody</param>
    public KernelCompilation WaitForAll(Action<KernelCompilation>? progress)
    {
        PendingKernel[] slots;
        lock (_slots) slots = [.. _slots.Values];
        foreach (var slot in slots)
        {
            if (slot.IsDone) continue;
            slot.Wait();
            progress?.Invoke(Progress);
        }

        return Progress;
    }

    /// <summary>Ends the compilation: what has not begun does not begin, and what is under way ends first. No kernel can be had afterwards.</summary>
    public void Dispose()
    {
        PendingKernel[] slots;
        lock (_slots)
        {
            _isDisposed = true;
            slots = [.. _slots.Values];
        }

        foreach (var slot in slots) slot.Wait();
    }

    private TDelegate Load<TDelegate>(MethodInfo entry, Func<TDelegate> ordinarily)
        where TDelegate : Delegate
    {
        if (_accelerator is CudaAccelerator cuda) return CudaKernelLoader.Load<TDelegate>(cuda, entry);
        try
        {
            return ordinarily();
        }
        catch (Exception e) when (OpenCLPlatform.TranslateError(e.InnerException ?? e, $"compiling {KernelName.Of(entry.GetGenericArguments()[0])}") is { } explained)
        {
            throw explained;
        }
    }

    private KernelSlot<TDelegate> GetOrCompile<TDelegate>(Type kernel, Func<TDelegate> load)
        where TDelegate : Delegate
    {
        lock (_slots)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, _accelerator);
            if (_slots.TryGetValue(kernel, out var known)) return (KernelSlot<TDelegate>)known;
            var slot = new KernelSlot<TDelegate>(() => LoadTimed(load));
            _slots[kernel] = slot;
            if (_compilers is null) slot.CompileNow();
            else slot.Start();
            return slot;
        }
    }

    // The clock runs while at least one compiler is at work.
    private TDelegate LoadTimed<TDelegate>(Func<TDelegate> load)
    {
        _compilers?.Wait();
        lock (_slots)
        {
            if (_running++ == 0) _clock.Start();
        }

        try
        {
            ObjectDisposedException.ThrowIf(_isDisposed, _accelerator);
            return load();
        }
        finally
        {
            lock (_slots)
            {
                _done++;
                if (--_running == 0) _clock.Stop();
            }

            _compilers?.Release();
        }
    }
}

/// <summary>A kernel that is being compiled, or was.</summary>
internal abstract class PendingKernel
{
    /// <summary>Whether it is compiled.</summary>
    public abstract bool IsDone { get; }

    /// <summary>Waits for it; what went wrong is thrown when it is launched.</summary>
    public abstract void Wait();
}

/// <summary>A kernel that is being compiled, or was.</summary>
internal sealed class KernelSlot<TDelegate>(Func<TDelegate> load) : PendingKernel
    where TDelegate : Delegate
{
    // On a thread of its own: compilers wait for each other, and ILGPU's use the thread pool.
    private readonly Task<TDelegate> _task = new(load, TaskCreationOptions.LongRunning);
    private TDelegate? _launcher;

    public override bool IsDone => _task.IsCompleted;

    /// <summary>What launches it; waits until it is compiled.</summary>
    public TDelegate Launcher => _launcher ??= _task.GetAwaiter().GetResult();

    /// <summary>Compiles on this thread; what goes wrong is thrown at once, and again at each launch.</summary>
    public void CompileNow()
    {
        _task.RunSynchronously(TaskScheduler.Default);
        _ = Launcher;
    }

    /// <summary>Begins to compile on another thread.</summary>
    public void Start() => _task.Start(TaskScheduler.Default);

    public override void Wait() => Task.WaitAny(_task);
}
