using System.Runtime.CompilerServices;
using Gpu.Kernels.Machines;

namespace Gpu.Kernels.Convolution;

/// <summary>The sum of an element's partial sums, in the order of the splits.</summary>
internal static class SplitChain<TMachine, TVector>
    where TMachine : struct, IMachine<TMachine, TVector>
    where TVector : unmanaged
{
    /// <summary>Memory[first] + memory[first + stride] + ..., one chain of additions. Four values are read at a time: a GPU's thread waits once for all of them.</summary>
    /// <param name="memory">the partial sums</param>
    /// <param name="first">word of the first split's</param>
    /// <param name="stride">words from one split to the next</param>
    /// <param name="splits">how many, at least 1</param>
    /// <param name="left">words that there are of the vector, or more</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Sum(TMachine memory, int first, int stride, int splits, int left)
    {
        var sum = TMachine.LoadPartial(memory, first, left);
        var split = 1;
        var at = first + stride;
        for (; split + 3 < splits; split += 4)
        {
            var (a, b) = (TMachine.LoadPartial(memory, at, left), TMachine.LoadPartial(memory, at + stride, left));
            var (c, d) = (TMachine.LoadPartial(memory, at + 2 * stride, left), TMachine.LoadPartial(memory, at + 3 * stride, left));
            sum = TMachine.Add(TMachine.Add(TMachine.Add(TMachine.Add(sum, a), b), c), d);
            at += 4 * stride;
        }

        for (; split < splits; split++)
        {
            sum = TMachine.Add(sum, TMachine.LoadPartial(memory, at, left));
            at += stride;
        }

        return sum;
    }
}
