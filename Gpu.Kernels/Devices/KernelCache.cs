using System.Diagnostics;
using System.Reflection;
using Gpu.Kernels.Cuda;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace Gpu.Kernels.Devices;

/// <summary>
/// The compiled kernels of an accelerator; each is compiled once. On CUDA, recording a launch only starts the compilation of its kernel, so that the kernels of
/// a plan are compiled in parallel. A launch waits for its own kernel.
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
        // On OpenCL, kernels are compiled one at a time, because not every driver supports more (ILGPU issue 1519). The simulator does not compile kernels.
        if (accelerator.AcceleratorType == AcceleratorType.Cuda)
            _compilers = new SemaphoreSlim(Environment.ProcessorCount);
    }

    /// <summary>Where compiled kernels are kept from one process to the next; null for nowhere.</summary>
    public ICompiledKernelStore? Store { get; set; }

    /// <summary>The progress of compilation.</summary>
    public KernelCompilation Progress
    {
        get
        {
            lock (_slots) return new KernelCompilation(_done, _slots.Count, _clock.Elapsed.TotalSeconds);
        }
    }

    /// <summary>A plain kernel. Its compilation has started on CUDA, and has finished on other accelerators.</summary>
    public KernelSlot<Action<AcceleratorStream, ILGPU.KernelConfig, TKernel, int>> GetPlain<TKernel>()
        where TKernel : struct, IKernel
    {
        return GetOrCompile(typeof(TKernel), () => Load(
            new Action<TKernel, int>(KernelEntry.Run).Method, () => _accelerator.LoadKernel<TKernel, int>(KernelEntry.Run)), throws: true);
    }

    /// <summary>
    /// A grouped kernel, as <see cref="GetPlain"/>, except that an error of its compilation is not thrown but kept in <see cref="PendingKernel.Failure"/>.
    /// </summary>
    public KernelSlot<Action<AcceleratorStream, ILGPU.KernelConfig, TKernel>> GetGrouped<TKernel>()
        where TKernel : struct, IGroupedKernel
    {
        return GetOrCompile(typeof(TKernel), () => Load(
            new Action<TKernel>(KernelEntry.RunGrouped).Method, () => _accelerator.LoadKernel<TKernel>(KernelEntry.RunGrouped)), throws: false);
    }

    /// <summary>Waits for all compilations that have started.</summary>
    /// <param name="progress">called after each kernel, on the calling thread; null for no calls</param>
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

    /// <summary>Stops compilation: waits for running compilations and does not start others. Kernels cannot be requested afterwards.</summary>
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

    /// <summary>The names of the grouped kernels that were requested, without type arguments.</summary>
    public IReadOnlyList<string> GroupedNames
    {
        get
        {
            lock (_slots)
                return [.. _slots.Keys.Where(kernel => kernel.IsAssignableTo(typeof(IGroupedKernel))).Select(KernelName.Of).Distinct(StringComparer.Ordinal)];
        }
    }

    /// <summary>Refuses kernels, for tests.</summary>
    internal Predicate<Type>? Refuses { get; set; }

    /// <summary>Starts the compilation of a closed kernel type, and returns it.</summary>
    public PendingKernel Get(Type kernel)
    {
        var name = kernel.IsAssignableTo(typeof(IGroupedKernel)) ? nameof(GetGrouped) : nameof(GetPlain);
        try
        {
            return (PendingKernel)typeof(KernelCache).GetMethod(name)!.MakeGenericMethod(kernel).Invoke(this, [])!;
        }
        catch (TargetInvocationException)
        {
            // A plain kernel that failed at once; its slot has the error.
            lock (_slots) return _slots[kernel];
        }
    }

    private TDelegate Load<TDelegate>(MethodInfo entry, Func<TDelegate> loadDefault)
        where TDelegate : Delegate
    {
        if (Refuses?.Invoke(entry.GetGenericArguments()[0]) == true)
            throw new DriverException($"loading {KernelName.Of(entry.GetGenericArguments()[0])}", -1, "refused for a test");
        if (_accelerator is CudaAccelerator cuda) return CudaKernelLoader.Load<TDelegate>(cuda, entry, Store);
        try
        {
            return loadDefault();
        }
        catch (Exception e) when (TranslateError(e.InnerException ?? e) is { } translated)
        {
            throw translated;
        }

        Exception? TranslateError(Exception e) => OpenCLPlatform.TranslateError(e, $"compiling {KernelName.Of(entry.GetGenericArguments()[0])}");
    }

    private KernelSlot<TDelegate> GetOrCompile<TDelegate>(Type kernel, Func<TDelegate> load, bool throws)
        where TDelegate : Delegate
    {
        lock (_slots)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, _accelerator);
            if (_slots.TryGetValue(kernel, out var known)) return (KernelSlot<TDelegate>)known;
            var slot = new KernelSlot<TDelegate>(() => LoadTimed(load));
            _slots[kernel] = slot;
            if (_compilers is null) slot.CompileNow(throws);
            else slot.Start();
            return slot;
        }
    }

    // The clock runs while at least one compilation does.
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

/// <summary>A kernel that is compiled or being compiled.</summary>
internal abstract class PendingKernel
{
    /// <summary>Whether compilation has finished.</summary>
    public abstract bool IsDone { get; }

    /// <summary>Waits for the compilation. Its exception is thrown when the kernel is launched.</summary>
    public abstract void Wait();

    /// <summary>Waits for the compilation, and returns its error; null for none.</summary>
    public abstract Exception? Failure { get; }
}

/// <summary>A kernel that is compiled or being compiled, with its launcher.</summary>
internal sealed class KernelSlot<TDelegate>(Func<TDelegate> load) : PendingKernel
    where TDelegate : Delegate
{
    // On a thread of its own: compilations wait for each other, and ILGPU's use the thread pool.
    private readonly Task<TDelegate> _task = new(load, TaskCreationOptions.LongRunning);
    private TDelegate? _launcher;

    public override bool IsDone => _task.IsCompleted;

    /// <summary>The delegate that launches the kernel. Waits for the compilation.</summary>
    public TDelegate Launcher => _launcher ??= _task.GetAwaiter().GetResult();

    /// <summary>Compiles on the calling thread.</summary>
    /// <param name="throws">whether an error is thrown at once; in any case it is thrown at each launch</param>
    public void CompileNow(bool throws)
    {
        _task.RunSynchronously(TaskScheduler.Default);
        if (throws) _ = Launcher;
    }

    /// <summary>Starts the compilation on another thread.</summary>
    public void Start() => _task.Start(TaskScheduler.Default);

    public override void Wait() => Task.WaitAny(_task);

    public override Exception? Failure
    {
        get
        {
            Wait();
            return _task.Exception?.InnerException;
        }
    }
}
