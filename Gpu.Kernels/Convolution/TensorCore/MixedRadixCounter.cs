using System.Runtime.CompilerServices;

namespace Gpu.Kernels.Convolution.TensorCore;

/// <summary>
/// A mixed-radix counter with three digits and a fixed step: (channel, tap column, tap row) for k of a convolution, or (column, row, image) for pixels. It
/// advances without divisions and branches.
/// </summary>
internal struct MixedRadixCounter
{
    /// <summary>The bases of the lower two digits, at least 1, and the digits of the step.</summary>
    public int LowBase, MiddleBase, LowStep, MiddleStep, HighStep;

    /// <summary>Returns a counter with a step.</summary>
    public static MixedRadixCounter By(int step, int lowBase, int middleBase)
    {
        var rest = step / lowBase;
        return new() { LowBase = lowBase, MiddleBase = middleBase, LowStep = step % lowBase, MiddleStep = rest % middleBase, HighStep = rest / middleBase };
    }

    /// <summary>Returns the digits of a number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Start(int number, out int low, out int middle, out int high)
    {
        var rest = number / LowBase;
        low = number - rest * LowBase;
        high = rest / MiddleBase;
        middle = rest - high * MiddleBase;
    }

    /// <summary>Adds a step. No digit reaches twice its base, so one subtraction is enough for each carry.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Advance(ref int low, ref int middle, ref int high)
    {
        low += LowStep;
        var carry = low >= LowBase ? 1 : 0;
        low -= carry * LowBase;
        middle += MiddleStep + carry;
        carry = middle >= MiddleBase ? 1 : 0;
        middle -= carry * MiddleBase;
        high += HighStep + carry;
    }
}
