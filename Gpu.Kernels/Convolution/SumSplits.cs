using System.Runtime.CompilerServices;
using Gpu.Kernels.Launching;
using Gpu.Kernels.Machines;

namespace Gpu.Kernels.Convolution;

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
        var sum = SplitChain<TMachine, TVector>.Sum(Partials, i, Stride, Splits, left);
        TMachine.StorePartial(Output, i, TMachine.Add(TMachine.LoadPartial(Output, i, left), sum), left);
    }
}
