using System.Runtime.CompilerServices;

namespace Gpu.Kernels.Convolution.TensorCore;

/// <summary>
/// Counts in steps of a fixed size with three digits, of which the lower two have bases that are known at launch: (channel, column, row) of the taps, or (column, row, image) of the
/// pixels. Threads advance it without a division and without a branch.
/// </summary>
internal struct MixedRadixCounter
{
    /// <summary>The bases, at least 1, and the digits of a step.</summary>
    public int LowBase, MiddleBase, LowStep, MiddleStep, HighStep;

    /// <summary>One that counts in steps of <paramref name="step"/>.</summary>
    public static MixedRadixCounter By(int step, int lowBase, int middleBase)
    {
        var rest = step / lowBase;
        return new() { LowBase = lowBase, MiddleBase = middleBase, LowStep = step % lowBase, MiddleStep = rest % middleBase, HighStep = rest / middleBase };
    }

    /// <summary>The digits of a number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Start(int number, out int low, out int middle, out int high)
    {
        var rest = number / LowBase;
        low = number - rest * LowBase;
        high = rest / MiddleBase;
        middle = rest - high * MiddleBase;
    }

    /// <summary>Adds a step. Each digit is below twice its base afterwards, so that one subtraction brings it back.</summary>
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
