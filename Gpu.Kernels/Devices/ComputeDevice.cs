namespace Gpu.Kernels.Devices;

/// <summary>
/// A device that runs operations: the CPU, an ILGPU accelerator, or the simulator. Networks work on all of them. As an <see cref="IExecutor"/> it runs each
/// operation at once, in the order of the calls; a <see cref="CommandList"/> records operations instead.
/// </summary>
/// <example><code>
/// using var device = DeviceCatalog.Open("auto");
/// using var buffer = device.Allocate(1024);
/// ActivationOps.Forward(device, Activation.Relu, buffer.View, buffer.View);
/// </code></example>
public abstract class ComputeDevice : IExecutor, IDisposable
{
    private readonly Dictionary<int, DeviceBuffer> _zeros = [];
    private readonly Dictionary<int, DeviceBuffer> _scratch = [];
    private readonly HashSet<RecordedStep> _steps = [];
    private MatrixPrecision _precision;

    /// <summary>The id that a user selects the device by: <c>cpu</c>, <c>cuda:0</c>, <c>opencl:1</c>, <c>simulator</c>.</summary>
    public abstract string Id { get; }

    /// <summary>A description for people, such as the name of the GPU.</summary>
    public abstract string Description { get; }

    /// <summary>Bytes that are allocated through this device and not yet freed.</summary>
    public abstract long AllocatedBytes { get; }

    /// <summary>Bytes that can still be allocated; null if unknown.</summary>
    public long? FreeBytes => MemoryLimit is { } limit ? Math.Min(Math.Max(0, limit - AllocatedBytes), AvailableBytes ?? long.MaxValue) : AvailableBytes;

    /// <summary>The most bytes that may be allocated; null for the memory of the device. For tests, and to leave memory for other programs.</summary>
    public long? MemoryLimit { get; set; }

    /// <summary>
    /// The precision of matrix products and convolutions; see <see cref="MatrixPrecision"/>. The default is fp32. Set it before operations are recorded.
    /// </summary>
    /// <exception cref="ArgumentException">the device does not support it; the message says which devices do</exception>
    public MatrixPrecision Precision
    {
        get => _precision;
        set
        {
            if (value != MatrixPrecision.Fp32 && UnsupportedReason(value) is { } reason)
            {
                throw new ArgumentException(
                    $"{value.ToString().ToLowerInvariant()} needs tensor cores of an NVIDIA GPU with compute capability 8.0 or later; {Description}: {reason}. "
                    + "Choose a CUDA device, or the precision fp32");
            }

            _precision = value;
        }
    }

    /// <summary>Whether <see cref="Precision"/> may have a value.</summary>
    internal bool Supports(MatrixPrecision precision) => precision == MatrixPrecision.Fp32 || UnsupportedReason(precision) is null;

    ComputeDevice IExecutor.Device => this;

    /// <summary>Allocates memory and sets it to zero.</summary>
    /// <param name="words">length in 4-byte words, at least 1</param>
    /// <returns>the memory, which the caller disposes</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="words"/> is below 1</exception>
    /// <exception cref="OutOfDeviceMemoryException">the device does not have enough memory</exception>
    public abstract DeviceBuffer Allocate(int words);

    /// <summary>
    /// Copies from the host to the start of a view, after the work that was launched before. Returns when <paramref name="source"/> may be changed again.
    /// </summary>
    /// <param name="source">the values; floats and 32-bit integers take one word each</param>
    /// <param name="destination">the view; may be longer than the values</param>
    /// <exception cref="ArgumentException">the destination is shorter than the source</exception>
    public abstract void Upload<T>(ReadOnlySpan<T> source, DeviceView destination)
        where T : unmanaged;

    /// <summary>Copies from the start of a view to the host. Waits until the device has finished the work that was launched before.</summary>
    /// <param name="source">the view; may be longer than <paramref name="destination"/></param>
    /// <param name="destination">receives the values; floats and 32-bit integers take one word each</param>
    /// <exception cref="ArgumentException">the source is shorter than the destination</exception>
    public abstract void Download<T>(DeviceView source, Span<T> destination)
        where T : unmanaged;

    /// <summary>Sets a view to zero.</summary>
    /// <param name="view">the view</param>
    public abstract void Clear(DeviceView view);

    /// <summary>Waits until the device has finished the work that was launched before.</summary>
    public abstract void Synchronize();

    /// <summary>The progress of kernel compilation. All zero on the CPU, whose kernels are compiled with the program.</summary>
    public virtual KernelCompilation Compilation => default;

    /// <summary>
    /// Waits until the kernels of all recorded operations are compiled. Optional, because a launch waits for its kernel in any case; with this a program can
    /// report progress.
    /// </summary>
    /// <param name="progress">called after each kernel, on the calling thread; null for no calls</param>
    /// <returns>the progress at the end</returns>
    public virtual KernelCompilation FinishCompilation(Action<KernelCompilation>? progress = null) => Compilation;

    /// <summary>Creates a stopwatch for work on this device. The caller disposes it.</summary>
    public virtual DeviceStopwatch NewStopwatch() => new HostStopwatch(this);

    void IExecutor.Execute<TOperation>(in TOperation operation) => Execute(operation);

    /// <inheritdoc cref="IExecutor.Execute"/>
    internal void Execute<TOperation>(in TOperation operation)
        where TOperation : struct, IOperation => Dispatch(operation, null);

    /// <inheritdoc/>
    public abstract void Dispose();

    /// <summary>Why the device does not support a precision other than fp32; null if it does.</summary>
    private protected virtual string? UnsupportedReason(MatrixPrecision precision) => "it is no CUDA device";

    /// <summary>Free bytes according to the driver or the operating system; null if unknown.</summary>
    private protected abstract long? AvailableBytes { get; }

    /// <summary>Throws if an allocation would exceed <see cref="MemoryLimit"/>.</summary>
    private protected void CheckLimit(int words)
    {
        var bytes = (long)words * sizeof(float);
        if (MemoryLimit is not null && bytes > FreeBytes) throw new OutOfDeviceMemoryException(bytes, FreeBytes, Description, null);
    }

    /// <summary>Whether operations of this device may use a buffer.</summary>
    internal virtual bool Owns(DeviceBuffer buffer) => buffer.Device == this;

    /// <summary>Zeros that kernels only read. One buffer per power of two, kept until the device is disposed.</summary>
    internal DeviceView Zeros(int words) => GetOrAllocate(_zeros, words);

    /// <summary>Scratch memory of a single launch; the next launch overwrites it. One buffer per power of two, kept until the device is disposed.</summary>
    internal DeviceView Scratch(int words) => GetOrAllocate(_scratch, words);

    /// <summary>The graph driver; null if there is none, with the reason.</summary>
    internal abstract IGraphDriver? GetGraphDriver(out string? reason);

    /// <summary>Registers a step that has a graph, because graphs must be destroyed before the device.</summary>
    internal void RegisterGraph(RecordedStep step)
    {
        lock (_steps) _steps.Add(step);
    }

    /// <summary>Unregisters a step whose graph was destroyed.</summary>
    internal void UnregisterGraph(RecordedStep step)
    {
        lock (_steps) _steps.Remove(step);
    }

    /// <summary>Disposes the resources of the device: graphs first, because they use the others.</summary>
    private protected void DisposeOwnedResources()
    {
        foreach (var step in _steps.ToArray()) step.Dispose();
        foreach (var buffer in _zeros.Values.Concat(_scratch.Values)) buffer.Dispose();
        _zeros.Clear();
        _scratch.Clear();
    }

    private DeviceView GetOrAllocate(Dictionary<int, DeviceBuffer> kept, int words)
    {
        var size = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Max(words, 1024));
        lock (kept)
        {
            if (!kept.TryGetValue(size, out var buffer)) kept[size] = buffer = Allocate(size);
            return buffer.View.First(words);
        }
    }

    /// <summary>Launches the kernels of an operation with the backend of this device, at once or into a list.</summary>
    internal abstract void Dispatch<TOperation>(in TOperation operation, CommandList? list)
        where TOperation : struct, IOperation;

    /// <summary>Runs the launches of lists, in order.</summary>
    internal virtual void Run(params ReadOnlySpan<CommandList> lists)
    {
        foreach (var list in lists) list.ExecuteCommands();
    }

    /// <summary>Checks that <paramref name="count"/> values of <paramref name="size"/> bytes fit in a view.</summary>
    private protected static void CheckCopy(int count, int size, DeviceView view)
    {
        if ((long)count * size > (long)view.Length * sizeof(float))
            throw new ArgumentException($"a copy of {(long)count * size} bytes does not fit a view of {(long)view.Length * sizeof(float)} bytes");
    }
}
