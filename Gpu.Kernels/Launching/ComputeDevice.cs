namespace Gpu.Kernels.Launching;

/// <summary>
/// Something that runs operations: the CPU's worker pool, an ILGPU accelerator, or the simulator. A network does not know which one it runs on.
/// As an <see cref="IExecutor"/> it runs an operation at once, in the order of the calls; a <see cref="CommandList"/> records for later.
/// </summary>
public abstract class ComputeDevice : IExecutor, IDisposable
{
    private readonly Dictionary<int, DeviceBuffer> _zeros = [];
    private readonly Dictionary<int, DeviceBuffer> _scratch = [];

    /// <summary>What the user asked for: <c>cpu</c>, <c>cuda:0</c>, <c>opencl:1</c>, <c>simulator</c>.</summary>
    public abstract string Id { get; }

    /// <summary>The device in words, for people.</summary>
    public abstract string Description { get; }

    /// <summary>Bytes that this device has allocated and not yet given back.</summary>
    public abstract long AllocatedBytes { get; }

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

    /// <inheritdoc/>
    public void Execute<TOperation>(in TOperation operation)
        where TOperation : struct, IOperation => Dispatch(operation, null);

    /// <inheritdoc/>
    public abstract void Dispose();

    /// <summary>Zeros that are never written, a buffer a size class, kept while the device lives.</summary>
    internal DeviceView Zeros(int words) => Keep(_zeros, words);

    /// <summary>Memory that a launch may write, and the next one overwrites; a buffer a size class, kept while the device lives.</summary>
    internal DeviceView Scratch(int words) => Keep(_scratch, words);

    /// <summary>Gives the zeros and the scratch memory back.</summary>
    private protected void DisposeKept()
    {
        foreach (var buffer in _zeros.Values.Concat(_scratch.Values)) buffer.Dispose();
        _zeros.Clear();
        _scratch.Clear();
    }

    private DeviceView Keep(Dictionary<int, DeviceBuffer> kept, int words)
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

/// <summary>A device has too little memory for an allocation.</summary>
public sealed class OutOfDeviceMemoryException(long bytesNeeded, string device, Exception? inner = null)
    : Exception($"{device} could not allocate {bytesNeeded:N0} bytes", inner)
{
    /// <summary>Bytes that were asked for.</summary>
    public long BytesNeeded { get; } = bytesNeeded;
}
