using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Optimizers;

namespace Gpu.Kernels.Reductions;

/// <summary>Sum of squares, sum of absolute values and number of zeros of each block of a <see cref="SegmentTable"/>. An item is a block.</summary>
internal struct ParameterSumsKernel<TBackend, TVector> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>Words per block: the three sums, and one unused.</summary>
    public const int Words = 4;

    /// <summary>The arena, and the sums.</summary>
    public TBackend Parameters, Sums;

    /// <summary>The items.</summary>
    public SegmentBlocks<TBackend, TVector> Blocks;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        Blocks.Get(item, out var from, out var length, out _);
        var to = from + length;
        TVector squares = TBackend.Zero, absolutes = squares, zeros = squares;
        for (var i = from; i < to; i += TBackend.Width)
        {
            var x = TBackend.LoadPartial(Parameters, i, to - i);
            squares = TBackend.MultiplyAdd(x, x, squares);
            absolutes = TBackend.Add(absolutes, TBackend.Abs(x));
            zeros = TBackend.Add(zeros, TBackend.SelectEqual(x, TBackend.Zero, TBackend.Splat(1f), TBackend.Zero));
        }

        // The lanes behind the end are zero.
        var padding = (length + TBackend.Width - 1) / TBackend.Width * TBackend.Width - length;
        TBackend.StoreScalar(Sums, item * Words, TBackend.Sum(squares));
        TBackend.StoreScalar(Sums, item * Words + 1, TBackend.Sum(absolutes));
        TBackend.StoreScalar(Sums, item * Words + 2, TBackend.Sum(zeros) - padding);
        TBackend.StoreScalar(Sums, item * Words + 3, 0f);
    }
}
