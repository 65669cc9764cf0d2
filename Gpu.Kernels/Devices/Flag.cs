namespace Gpu.Kernels.Devices;

/// <summary>A boolean kernel argument. ILGPU passes only blittable structs, and <see cref="bool"/> is not blittable.</summary>
internal readonly struct Flag
{
    private readonly int _value;

    private Flag(int value) => _value = value;

    /// <summary>Converts from bool.</summary>
    public static implicit operator Flag(bool value) => new(value ? 1 : 0);

    /// <summary>Converts to bool.</summary>
    public static implicit operator bool(Flag flag) => flag._value != 0;
}
