using System.Numerics;
using System.Runtime.CompilerServices;

namespace Gpu.Kernels.Devices;

/// <summary>
/// Division by a number that the host knows: a multiplication and a shift. GPUs have no instruction that divides integers; they take some twenty for it. Source:
/// T. Granlund, P. L. Montgomery, "Division by invariant integers using multiplication", 1994.
/// </summary>
internal struct FastDivMod
{
    private uint _multiplier;
    private int _shift;

    /// <summary>Division by a number.</summary>
    /// <exception cref="ArgumentOutOfRangeException">it is not 1 or more</exception>
    public static FastDivMod By(int value)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(value);
        // The multiplier is 2^shift / value rounded up, 31 bits more than the value has, so that its error times 2^31 is less than 2^shift.
        var shift = 31 + (value == 1 ? 0 : BitOperations.Log2((uint)value - 1) + 1);
        return new FastDivMod { _multiplier = (uint)((((UInt128)1 << shift) + (uint)value - 1) / (uint)value), _shift = shift };
    }

    /// <summary>The quotient, rounded down, of a number from 0 on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly int Divide(int number) => (int)((ulong)(uint)number * _multiplier >> _shift);
}
