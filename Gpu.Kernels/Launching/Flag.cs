using System.Runtime.CompilerServices;

namespace Gpu.Kernels.Launching;

/// <summary>True or false as a kernel's argument: ILGPU takes no struct with a <see cref="bool"/> in it, whose size differs between host and device.</summary>
public readonly struct Flag
{
    private readonly int _value;

    private Flag(int value) => _value = value;

    /// <summary>The flag of a condition.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static implicit operator Flag(bool value) => new(value ? 1 : 0);

    /// <summary>The condition.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static implicit operator bool(Flag flag) => flag._value != 0;
}
