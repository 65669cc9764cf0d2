using ILGPU.Runtime.CPU;

namespace ILGPU.Runtime;

/// <summary>A device in use: allocates memory, makes streams and loads kernels.</summary>
public abstract class Accelerator : IDisposable
{
    private readonly List<WeakReference<AcceleratorObject>> _children = [];
    private int _purgeAt = 256;

    private protected Accelerator(Context context, Device device)
    {
        Context = context;
        Device = device;
        DefaultStream = new CPUStream(this);
    }

    /// <summary>The kind of accelerator that the calling kernel runs on.</summary>
    public static AcceleratorType CurrentType => AcceleratorType.CPU;

    public Context Context { get; }
    public Device Device { get; }
    public AcceleratorStream DefaultStream { get; protected set; }
    public bool IsDisposed { get; private set; }
    public IntPtr NativePtr => IntPtr.Zero;
    public AcceleratorType AcceleratorType => Device.AcceleratorType;
    public string Name => Device.Name;
    public long MemorySize => Device.MemorySize;
    public Index3D MaxGridSize => Device.MaxGridSize;
    public Index3D MaxGroupSize => Device.MaxGroupSize;
    public int MaxNumThreadsPerGroup => Device.MaxNumThreadsPerGroup;
    public int MaxSharedMemoryPerGroup => Device.MaxSharedMemoryPerGroup;
    public int MaxConstantMemory => Device.MaxConstantMemory;
    public int WarpSize => Device.WarpSize;
    public int NumMultiprocessors => Device.NumMultiprocessors;
    public int MaxNumThreadsPerMultiprocessor => Device.MaxNumThreadsPerMultiprocessor;
    public int MaxNumThreads => Device.MaxNumThreads;

    public AcceleratorStream CreateStream() => new CPUStream(this);

    /// <summary>Waits for all streams. Launches of the simulator are finished when they return.</summary>
    public void Synchronize() => ObjectDisposedException.ThrowIf(IsDisposed, this);

    /// <summary>A buffer of <paramref name="length"/> elements with undefined (here: 0xFF) bytes.</summary>
    public MemoryBuffer1D<T, Stride1D.Dense> Allocate1D<T>(long length) where T : unmanaged => new(this, length);

    /// <summary>Ends the accelerator and every buffer and stream of it; a view of one is an error from then on.</summary>
    public void Dispose()
    {
        lock (_children)
        {
            if (IsDisposed)
                return;
            IsDisposed = true;
            foreach (var child in _children)
            {
                if (child.TryGetTarget(out var living))
                    living.Dispose();
            }
            _children.Clear();
        }
        GC.SuppressFinalize(this);
    }

    public override string ToString() => Device.ToString();

    internal void Register(AcceleratorObject child)
    {
        lock (_children)
        {
            ObjectDisposedException.ThrowIf(IsDisposed, this);
            if (_children.Count >= _purgeAt)
            {
                _children.RemoveAll(reference => !reference.TryGetTarget(out var living) || living.IsDisposed);
                _purgeAt = Math.Max(256, 2 * _children.Count);
            }
            _children.Add(new WeakReference<AcceleratorObject>(child));
        }
    }
}

/// <summary>A queue of work on an accelerator. Work of the simulator is finished when the call that queues it returns.</summary>
public abstract class AcceleratorStream : AcceleratorObject
{
    private protected AcceleratorStream(Accelerator accelerator) : base(accelerator) { }

    public abstract void Synchronize();
    public Task SynchronizeAsync() => Task.Run(Synchronize);

    /// <summary>A point in time of this stream. The context must be made with Profiling().</summary>
    public ProfilingMarker AddProfilingMarker() => Accelerator.Context.Properties.EnableProfiling
        ? new CPUProfilingMarker(Accelerator)
        : throw new NotSupportedException("Profiling markers need a context that is built with Profiling().");
}

/// <summary>A point in time of a stream; the difference of two is the time between them.</summary>
public abstract class ProfilingMarker : AcceleratorObject
{
    private protected ProfilingMarker(Accelerator accelerator) : base(accelerator) { }

    public abstract void Synchronize();

    /// <summary>The time from <paramref name="marker"/> to this marker.</summary>
    public abstract TimeSpan MeasureFrom(ProfilingMarker marker);
    public static TimeSpan operator -(ProfilingMarker end, ProfilingMarker start) => end.MeasureFrom(start);
}

/// <summary>An error of an accelerator.</summary>
public abstract class AcceleratorException(string message, Exception? innerException) : Exception(message, innerException)
{
    public abstract AcceleratorType AcceleratorType { get; }
}
