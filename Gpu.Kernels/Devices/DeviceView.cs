namespace Gpu.Kernels.Devices;

/// <summary>Memory of a device, in 4-byte words. Zeroed when allocated.</summary>
public abstract class DeviceBuffer : IDisposable
{
    /// <summary>Length in words.</summary>
    public abstract int Length { get; }

    /// <summary>The device that the memory belongs to.</summary>
    public abstract ComputeDevice Device { get; }

    /// <summary>All of it.</summary>
    public DeviceView View => new(this, 0, Length);

    /// <inheritdoc/>
    public abstract void Dispose();
}

/// <summary>A stretch of a device's memory, in 4-byte words.</summary>
/// <param name="Buffer">the memory</param>
/// <param name="Offset">the first word</param>
/// <param name="Length">how many words</param>
public readonly record struct DeviceView(DeviceBuffer? Buffer, int Offset, int Length)
{
    /// <summary>True for the view of nothing.</summary>
    public bool IsEmpty => Length == 0;

    /// <summary>A part of this view.</summary>
    /// <exception cref="ArgumentOutOfRangeException">the part reaches outside</exception>
    public DeviceView Slice(int offset, int length)
    {
        if (offset < 0 || length < 0 || offset > Length - length)
            throw new ArgumentOutOfRangeException(nameof(offset), $"words {offset} to {(long)offset + length} do not lie in a view of {Length} words");
        return new(Buffer, Offset + offset, length);
    }

    /// <summary>The first words of this view.</summary>
    /// <exception cref="ArgumentOutOfRangeException">the view is shorter</exception>
    public DeviceView First(int length) => Slice(0, length);

    /// <summary>Checks that a view holds exactly what an operation needs.</summary>
    /// <exception cref="ArgumentException">it does not; the message names the argument and both lengths</exception>
    public DeviceView Require(int length, string name) =>
        Length == length ? this : throw new ArgumentException($"{name} must hold {length} words, but holds {Length}", name);

    /// <summary>Checks that a workspace is as large as an operation needs; it may be larger.</summary>
    /// <exception cref="ArgumentException">it is smaller; the message names the argument and both lengths</exception>
    public DeviceView RequireAtLeast(int length, string name) =>
        Length >= length ? this : throw new ArgumentException($"the {name} must hold at least {length} words, but holds {Length}", name);
}
