namespace Gpu.Kernels.Devices;

/// <summary>
/// Something that runs operations: the CPU's worker pool, an ILGPU accelerator, or the simulator. A network does not know which one it runs on.
/// As an <see cref="IExecutor"/> it runs an operation at once, in the order of the calls; a <see cref="CommandList"/> records for later.
/// </summary>
public abstract class ComputeDevice : IExecutor, IDisposable
{
    private readonly Dictionary<int, DeviceBuffer> _zeros = [];
    private readonly Dictionary<int, DeviceBuffer> _scratch = [];
    private readonly HashSet<RecordedStep> _steps = [];
    private MatrixPrecision _precision;

    /// <summary>What the user asked for: <c>cpu</c>, <c>cuda:0</c>, <c>opencl:1</c>, <c>simulator</c>.</summary>
    public abstract string Id { get; }

    /// <summary>The device in words, for people.</summary>
    public abstract string Description { get; }

    /// <summary>Bytes that this device has allocated and not yet given back.</summary>
    public abstract long AllocatedBytes { get; }

    /// <summary>Bytes that could still be allocated, as far as that is known; null where it is not.</summary>
    public long? FreeBytes => MemoryLimit is { } limit ? Math.Min(Math.Max(0, limit - AllocatedBytes), AvailableBytes ?? long.MaxValue) : AvailableBytes;

    /// <summary>Bytes that may be allocated at most; null for what the device has. For tests, and to leave room for others.</summary>
    public long? MemoryLimit { get; set; }

    /// <summary>How matrix products and convolutions multiply; see <see cref="MatrixPrecision"/>. Set it before operations are recorded.</summary>
    /// <exception cref="ArgumentException">the device has no such units; the message says which devices do</exception>
    public MatrixPrecision Precision
    {
        get => _precision;
        set
        {
            if (value != MatrixPrecision.Fp32 && UnsupportedReason(value) is { } reason)
            {
                throw new ArgumentException(
                    $"{value.ToString().ToLowerInvariant()} needs tensor cores, which NVIDIA's GPUs have from compute capability 8.0 on; {Description}: {reason}. "
                    + "Choose a CUDA device, or the precision fp32");
            }

            _precision = value;
        }
    }

    ComputeDevice IExecutor.Device => this;

    /// <summary>Allocates zeroed memory.</summary>
    /// <param name="words">length in 4-byte words, 1 or more</param>
    /// <exception cref="OutOfDeviceMemoryException">the device does not have that much</exception>
    public abstract DeviceBuffer Allocate(int words);

    /// <summary>Copies from the host; returns when the host memory may be used again.</summary>
    /// <exception cref="ArgumentException">the destination is smaller than the source</exception>
    public abstract void Upload<T>(ReadOnlySpan<T> source, DeviceView destination)
        where T : unmanaged;

    /// <summary>Copies to the host, after all that was launched before has ended.</summary>
    /// <exception cref="ArgumentException">the source is smaller than the destination</exception>
    public abstract void Download<T>(DeviceView source, Span<T> destination)
        where T : unmanaged;

    /// <summary>Fills with zeros.</summary>
    public abstract void Clear(DeviceView view);

    /// <summary>Waits until everything launched has ended.</summary>
    public abstract void Synchronize();

    /// <summary>The compilation of kernels so far; none on the CPU, whose kernels are compiled with the program.</summary>
    public virtual KernelCompilation Compilation => default;

    /// <summary>
    /// Waits until the kernels of all that was recorded are compiled: launches wait for theirs in any case, but then it is not said what takes so long.
    /// </summary>
    /// <param name="progress">told after each kernel, on this thread; null for nobody</param>
    public virtual KernelCompilation FinishCompilation(Action<KernelCompilation>? progress = null) => Compilation;

    /// <summary>A stopwatch for what runs on this device; the caller disposes it.</summary>
    public virtual DeviceStopwatch NewStopwatch() => new HostStopwatch(this);

    void IExecutor.Execute<TOperation>(in TOperation operation) => Execute(operation);

    /// <inheritdoc cref="IExecutor.Execute"/>
    internal void Execute<TOperation>(in TOperation operation)
        where TOperation : struct, IOperation => Dispatch(operation, null);

    /// <inheritdoc/>
    public abstract void Dispose();

    /// <summary>Why the device cannot multiply in a precision other than fp32; null where it can.</summary>
    private protected virtual string? UnsupportedReason(MatrixPrecision precision) => "it is no CUDA device";

    /// <summary>Bytes that the driver or the system says it could still give.</summary>
    private protected abstract long? AvailableBytes { get; }

    /// <summary>Refuses an allocation beyond <see cref="MemoryLimit"/>.</summary>
    private protected void CheckLimit(int words)
    {
        var bytes = (long)words * sizeof(float);
        if (MemoryLimit is not null && bytes > FreeBytes) throw new OutOfDeviceMemoryException(bytes, FreeBytes, Description, null);
    }

    /// <summary>Zeros that are never written, a buffer a size class, kept while the device lives.</summary>
    internal DeviceView Zeros(int words) => GetOrAllocate(_zeros, words);

    /// <summary>Memory that a launch may write, and the next one overwrites; a buffer a size class, kept while the device lives.</summary>
    internal DeviceView Scratch(int words) => GetOrAllocate(_scratch, words);

    /// <summary>What makes one launch of many, or null and the reason.</summary>
    internal abstract IGraphDriver? GetGraphDriver(out string? whyNot);

    /// <summary>A step has a graph, which must not outlive the device.</summary>
    internal void RegisterGraph(RecordedStep step)
    {
        lock (_steps) _steps.Add(step);
    }

    /// <summary>A step's graph was given back.</summary>
    internal void UnregisterGraph(RecordedStep step)
    {
        lock (_steps) _steps.Remove(step);
    }

    /// <summary>Gives back what the device keeps of its own: graphs first, for they use the rest.</summary>
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

    /// <summary>Launches an operation's kernels on this device's machine, at once or into a list.</summary>
    internal abstract void Dispatch<TOperation>(in TOperation operation, CommandList? list)
        where TOperation : struct, IOperation;

    /// <summary>Runs what a list has recorded.</summary>
    internal virtual void Run(List<Command> commands)
    {
        foreach (var command in commands) command.Execute();
    }

    /// <summary>Checks that a copy of <paramref name="count"/> values of <paramref name="size"/> bytes fits.</summary>
    private protected static void CheckCopy(int count, int size, DeviceView view)
    {
        if ((long)count * size > (long)view.Length * sizeof(float))
            throw new ArgumentException($"a copy of {(long)count * size} bytes does not fit a view of {(long)view.Length * sizeof(float)} bytes");
    }
}
