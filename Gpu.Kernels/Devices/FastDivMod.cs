using System.Numerics;
using System.Runtime.CompilerServices;

namespace Gpu.Kernels.Devices;

/// <summary>
/// Integer division by a divisor that the host knows, as a multiplication and a shift. GPUs have no instruction for integer division and need about twenty.
/// Source: T. Granlund, P. L. Montgomery, "Division by invariant integers using multiplication", 1994.
/// </summary>
internal struct FastDivMod
{
    private uint _multiplier;
    private int _shift;

    /// <summary>Division by <paramref name="value"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="value"/> is below 1</exception>
    public static FastDivMod By(int value)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(value);
        // The multiplier is ceil(2^shift / value), with 31 bits more than the divisor, so that its error times 2^31 is below 2^shift.
        var shift = 31 + (value == 1 ? 0 : BitOperations.Log2((uint)value - 1) + 1);
        return new FastDivMod { _multiplier = (uint)((((UInt128)1 << shift) + (uint)value - 1) / (uint)value), _shift = shift };
    }

    /// <summary>The quotient, rounded down. <paramref name="number"/> must not be negative.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly int Divide(int number) => (int)((ulong)(uint)number * _multiplier >> _shift);
}
