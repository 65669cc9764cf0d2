using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Convolution;

/// <summary>Sums the partial sums of one vector over all splits.</summary>
internal static class SplitKSum<TBackend, TVector>
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>Returns the sum, computed in the order of the splits.</summary>
    /// <param name="partials">partial sums of all splits</param>
    /// <param name="at">index of the vector in the first split</param>
    /// <param name="stride">words from one split to the next</param>
    /// <param name="splits">number of splits, at least 1</param>
    /// <param name="count">floats of the vector</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Of<TAccess>(TBackend partials, int at, int stride, int splits, int count)
        where TAccess : struct, IVectorAccess
    {
        var sum = TAccess.Load<TBackend, TVector>(partials, at, count);
        at += stride;
        var left = splits - 1;
        // Unrolled by hand, as ILGPU unrolls no loops. The eight loads come first, so that a GPU executes them concurrently.
        for (; left >= 8; left -= 8)
        {
            var a = TAccess.Load<TBackend, TVector>(partials, at, count);
            var b = TAccess.Load<TBackend, TVector>(partials, at + stride, count);
            var c = TAccess.Load<TBackend, TVector>(partials, at + 2 * stride, count);
            var d = TAccess.Load<TBackend, TVector>(partials, at + 3 * stride, count);
            var e = TAccess.Load<TBackend, TVector>(partials, at + 4 * stride, count);
            var f = TAccess.Load<TBackend, TVector>(partials, at + 5 * stride, count);
            var g = TAccess.Load<TBackend, TVector>(partials, at + 6 * stride, count);
            var h = TAccess.Load<TBackend, TVector>(partials, at + 7 * stride, count);
            sum = TBackend.Add(TBackend.Add(TBackend.Add(TBackend.Add(sum, a), b), c), d);
            sum = TBackend.Add(TBackend.Add(TBackend.Add(TBackend.Add(sum, e), f), g), h);
            at += 8 * stride;
        }

        for (; left >= 3; left -= 3)
        {
            var a = TAccess.Load<TBackend, TVector>(partials, at, count);
            var b = TAccess.Load<TBackend, TVector>(partials, at + stride, count);
            var c = TAccess.Load<TBackend, TVector>(partials, at + 2 * stride, count);
            sum = TBackend.Add(TBackend.Add(TBackend.Add(sum, a), b), c);
            at += 3 * stride;
        }

        for (; left > 0; left--)
        {
            sum = TBackend.Add(sum, TAccess.Load<TBackend, TVector>(partials, at, count));
            at += stride;
        }

        return sum;
    }
}

/// <summary>Output[i] += sum over splits s of Partials[s * Stride + i], computed in the order of the splits. An item is one vector.</summary>
internal struct SplitKReduce<TBackend, TVector> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>The partial sums, and the tensor that they are added to.</summary>
    public TBackend Partials, Output;

    /// <summary>Words of the output, number of splits, words from one split to the next.</summary>
    public int Count, Splits, Stride;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        var i = item * TBackend.Width;
        var left = Count - i;
        if (left >= TBackend.Width) Sum<WholeVector>(i, TBackend.Width);
        else Sum<PartialVector>(i, left);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Sum<TAccess>(int index, int count)
        where TAccess : struct, IVectorAccess
    {
        var sum = SplitKSum<TBackend, TVector>.Of<TAccess>(Partials, index, Stride, Splits, count);
        TAccess.Store(Output, index, TBackend.Add(TAccess.Load<TBackend, TVector>(Output, index, count), sum), count);
    }
}
