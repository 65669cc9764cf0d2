namespace Gpu.Kernels.Devices;

/// <summary>Memory of a device, in 4-byte words; zero when allocated. See <see cref="DeviceView"/>.</summary>
public abstract class DeviceBuffer : IDisposable
{
    /// <summary>Length in words.</summary>
    public abstract int Length { get; }

    /// <summary>The device that the memory belongs to.</summary>
    public abstract ComputeDevice Device { get; }

    /// <summary>Whether the memory was freed.</summary>
    internal abstract bool IsDisposed { get; }

    /// <summary>Whether the offsets of views of two buffers can be compared. Two wraps of one ILGPU buffer are not recognised.</summary>
    internal bool SharesMemory(DeviceBuffer other) => ReferenceEquals(this, other);

    /// <summary>The whole memory.</summary>
    public DeviceView View => new(this, 0, Length);

    /// <summary>Frees the memory, after the work that may use it. A view that belongs to the caller is not freed.</summary>
    public abstract void Dispose();
}

/// <summary>
/// A contiguous part of a device's memory. All lengths and offsets in this library are in words. A word is 4 bytes: a 32-bit float or a 32-bit integer, as
/// the operation says. Bytes are packed four to a word. Tensors are dense and row-major; images are [batch, height, width, channels] (NHWC).
/// </summary>
/// <param name="Buffer">the memory; null only for an empty view</param>
/// <param name="Offset">the first word in <paramref name="Buffer"/></param>
/// <param name="Length">the number of words</param>
/// <example><code>
/// using var buffer = device.Allocate(2048);
/// var secondHalf = buffer.View.Slice(1024, 1024);
/// </code></example>
public readonly record struct DeviceView(DeviceBuffer? Buffer, int Offset, int Length)
{
    /// <summary>True for a view of 0 words, such as <c>default</c>. An empty view stands for an omitted optional argument.</summary>
    public bool IsEmpty => Length == 0;

    /// <summary>A part of this view.</summary>
    /// <param name="offset">the first word in this view</param>
    /// <param name="length">the number of words</param>
    /// <exception cref="ArgumentOutOfRangeException">the part reaches outside this view</exception>
    public DeviceView Slice(int offset, int length)
    {
        if (offset < 0 || length < 0 || offset > Length - length)
            throw new ArgumentOutOfRangeException(nameof(offset), $"words {offset} to {(long)offset + length} are not inside a view of {Length} words");
        return new(Buffer, Offset + offset, length);
    }

    /// <summary>The first words of this view.</summary>
    /// <param name="length">the number of words</param>
    /// <exception cref="ArgumentOutOfRangeException">this view is shorter</exception>
    public DeviceView First(int length) => Slice(0, length);

    /// <summary>Whether the view lies inside its buffer. Only a view that was made by the constructor can lie outside.</summary>
    internal bool IsInside => Offset >= 0 && Length >= 0 && Buffer is not null && Offset <= Buffer.Length - Length;

    /// <summary>Checks that the view lies inside its buffer.</summary>
    /// <exception cref="ArgumentException">it does not</exception>
    internal void RequireInside()
    {
        if (!IsInside)
            throw new ArgumentException($"a view of {Length} words from word {Offset} on reaches outside its buffer of {Buffer?.Length ?? 0} words");
    }

    /// <summary>Checks that the view has exactly the length that an operation needs, and returns it.</summary>
    /// <param name="length">the required number of words</param>
    /// <param name="name">the name of the argument, for the message</param>
    /// <exception cref="ArgumentException">the length differs; the message names the argument and both lengths</exception>
    public DeviceView Require(int length, string name) =>
        Length == length ? this : throw new ArgumentException($"{name} must hold {length} words, but holds {Length}", name);

    /// <summary>Checks that the view has at least the length that an operation needs, and returns it. For workspaces.</summary>
    /// <param name="length">the required number of words</param>
    /// <param name="name">the name of the argument, for the message</param>
    /// <exception cref="ArgumentException">the view is shorter; the message names the argument and both lengths</exception>
    public DeviceView RequireAtLeast(int length, string name) =>
        Length >= length ? this : throw new ArgumentException($"the {name} must hold at least {length} words, but holds {Length}", name);
}
