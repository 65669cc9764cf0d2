using System.Runtime.CompilerServices;
using Gpu.Kernels.Launching;
using Gpu.Kernels.Machines;

namespace Gpu.Kernels.Convolution;

/// <summary>The sum of what splits have left of one vector, in the order of the splits.</summary>
internal static class SplitSum<TMachine, TVector>
    where TMachine : struct, IMachine<TMachine, TVector>
    where TVector : unmanaged
{
    /// <summary>Adds up.</summary>
    /// <param name="partials">the partial sums</param>
    /// <param name="at">the vector's place in the first split</param>
    /// <param name="stride">words from one split to the next</param>
    /// <param name="splits">splits, 1 or more</param>
    /// <param name="count">floats of the vector</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Of<TAccess>(TMachine partials, int at, int stride, int splits, int count)
        where TAccess : struct, IVectorAccess
    {
        var sum = TAccess.Load<TMachine, TVector>(partials, at, count);
        at += stride;
        var left = splits - 1;
        // Loads first, eight of them: on a GPU they are then under way together, and a GPU's compiler unrolls no loop for us.
        for (; left >= 8; left -= 8)
        {
            var a = TAccess.Load<TMachine, TVector>(partials, at, count);
            var b = TAccess.Load<TMachine, TVector>(partials, at + stride, count);
            var c = TAccess.Load<TMachine, TVector>(partials, at + 2 * stride, count);
            var d = TAccess.Load<TMachine, TVector>(partials, at + 3 * stride, count);
            var e = TAccess.Load<TMachine, TVector>(partials, at + 4 * stride, count);
            var f = TAccess.Load<TMachine, TVector>(partials, at + 5 * stride, count);
            var g = TAccess.Load<TMachine, TVector>(partials, at + 6 * stride, count);
            var h = TAccess.Load<TMachine, TVector>(partials, at + 7 * stride, count);
            sum = TMachine.Add(TMachine.Add(TMachine.Add(TMachine.Add(sum, a), b), c), d);
            sum = TMachine.Add(TMachine.Add(TMachine.Add(TMachine.Add(sum, e), f), g), h);
            at += 8 * stride;
        }

        for (; left >= 3; left -= 3)
        {
            var a = TAccess.Load<TMachine, TVector>(partials, at, count);
            var b = TAccess.Load<TMachine, TVector>(partials, at + stride, count);
            var c = TAccess.Load<TMachine, TVector>(partials, at + 2 * stride, count);
            sum = TMachine.Add(TMachine.Add(TMachine.Add(sum, a), b), c);
            at += 3 * stride;
        }

        for (; left > 0; left--)
        {
            sum = TMachine.Add(sum, TAccess.Load<TMachine, TVector>(partials, at, count));
            at += stride;
        }

        return sum;
    }
}

/// <summary>Output[i] += sum over splits s of Partials[s * Stride + i], in the order of the splits; an item is a vector.</summary>
public struct SumSplits<TMachine, TVector> : IKernel
    where TMachine : struct, IMachine<TMachine, TVector>
    where TVector : unmanaged
{
    /// <summary>The partial sums, and what they are added to.</summary>
    public TMachine Partials, Output;

    /// <summary>Words of the output; splits; words from one split to the next.</summary>
    public int Count, Splits, Stride;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        var i = item * TMachine.Width;
        var left = Count - i;
        if (left >= TMachine.Width) Sum<WholeVector>(i, TMachine.Width);
        else Sum<PartialVector>(i, left);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Sum<TAccess>(int index, int count)
        where TAccess : struct, IVectorAccess
    {
        var sum = SplitSum<TMachine, TVector>.Of<TAccess>(Partials, index, Stride, Splits, count);
        TAccess.Store(Output, index, TMachine.Add(TAccess.Load<TMachine, TVector>(Output, index, count), sum), count);
    }
}
