using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Segmentation;

/// <summary>The confusion matrix of a part of the pixels of a batch. An item is a part.</summary>
internal struct PixelConfusionPart<TBackend, TVector> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>[pixels, classes]; integers [pixels]; counts of two words [classes, classes], then integers [parts, classes, classes].</summary>
    public TBackend Logits, Labels, Counters;

    /// <summary>Pixels of the batch; classes; pixels of a part.</summary>
    public int Pixels, Classes, PixelsPerPart;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        var cells = Classes * Classes;
        var at = (2 + item) * cells;
        for (var i = at; i < at + cells; i++) TBackend.StoreInt(Counters, i, 0);
        var pixel = item * PixelsPerPart;
        var end = pixel + PixelsPerPart;
        if (end > Pixels) end = Pixels;
        for (; pixel < end; pixel++)
        {
            var label = TBackend.LoadInt(Labels, pixel);
            if (label < 0 || label >= Classes) continue;
            var row = pixel * Classes;
            var largest = TBackend.LoadScalar(Logits, row);
            var best = 0;
            for (var c = 1; c < Classes; c++)
            {
                var value = TBackend.LoadScalar(Logits, row + c);
                // Computed, not chosen in branches; see "Kernels" in CONTRIBUTING.md.
                var isLarger = value > largest ? 1 : 0;
                best += isLarger * (c - best);
                largest = value > largest ? value : largest;
            }

            var cell = at + label * Classes + best;
            TBackend.StoreInt(Counters, cell, TBackend.LoadInt(Counters, cell) + 1);
        }
    }
}

/// <summary>Adds the confusion matrices of the parts to the counts. An item is a cell of the matrix.</summary>
internal struct PixelConfusionSum<TBackend, TVector> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>As in <see cref="PixelConfusionPart{TBackend,TVector}"/>.</summary>
    public TBackend Counters;

    /// <summary>Parts of the batch; classes * classes.</summary>
    public int Parts, Cells;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        var low = TBackend.LoadInt(Counters, 2 * item);
        for (var part = 0; part < Parts; part++) low += TBackend.LoadInt(Counters, (2 + part) * Cells + item);
        // A batch has fewer than 2^30 pixels, so the sum of two numbers below 2^30 does not overflow.
        var carry = low >= PixelConfusion.Base ? 1 : 0;
        TBackend.StoreInt(Counters, 2 * item, low - carry * PixelConfusion.Base);
        TBackend.StoreInt(Counters, 2 * item + 1, TBackend.LoadInt(Counters, 2 * item + 1) + carry);
    }
}

/// <summary>Sets the counts to zero. An item is a word.</summary>
internal struct PixelConfusionReset<TBackend, TVector> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>As in <see cref="PixelConfusionPart{TBackend,TVector}"/>.</summary>
    public TBackend Counters;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item) => TBackend.StoreInt(Counters, item, 0);
}
