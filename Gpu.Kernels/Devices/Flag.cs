namespace Gpu.Kernels.Devices;

/// <summary>A yes or no among a kernel's arguments: ILGPU passes blittable structs alone, and <see cref="bool"/> is not blittable.</summary>
internal readonly struct Flag
{
    private readonly int _value;

    private Flag(int value) => _value = value;

    /// <summary>From a bool.</summary>
    public static implicit operator Flag(bool value) => new(value ? 1 : 0);

    /// <summary>To a bool.</summary>
    public static implicit operator bool(Flag flag) => flag._value != 0;
}
