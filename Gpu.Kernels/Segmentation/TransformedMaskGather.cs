using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Batches;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Segmentation;

/// <summary>
/// Copies masks to a batch as integers, through the affine maps that <see cref="DrawTransforms{TBackend,TVector}"/> drew for their images: each pixel gets
/// the label of the nearest pixel of the mask. An item is some pixels of one row.
/// </summary>
internal struct TransformedMaskGather<TBackend, TVector> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>
    /// Bytes [samples, height, width]; sample indices; <see cref="StepStateLayout"/>; <see cref="SampleTransform"/>; integers [batch, height, width].
    /// </summary>
    public TBackend Masks, Order, StepState, Transforms, Labels;

    /// <summary>Samples in the data set, and in the order.</summary>
    public int Samples, OrderLength;

    /// <summary>Sizes of a mask; pixels of an item, and items of a sample.</summary>
    public int Height, Width, PixelsPerItem, ItemsPerSample;

    /// <summary>Divisions by <see cref="ItemsPerSample"/> and <see cref="Width"/>.</summary>
    public FastDivMod ByItems, ByWidth;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        var slot = ByItems.Divide(item);
        var pixel = (item - slot * ItemsPerSample) * PixelsPerItem;
        var y = ByWidth.Divide(pixel);
        // Not the source of the image, which may be in a window.
        var sample = BatchOrder<TBackend, TVector>.SampleAt(Order, OrderLength, StepState, Samples, slot);
        var transform = SampleTransform.Load<TBackend, TVector>(Transforms, slot);
        var start = sample >= 0 ? (long)sample * Height * Width : 0L;
        var masks = TBackend.Slice(Masks, (int)(start >> 2));
        var byteOffset = (int)(start & 3);
        var to = slot * Height * Width + pixel;
        var first = pixel - y * Width;
        for (var x = first; x < first + PixelsPerItem; x++)
        {
            var (row, column) = transform.Nearest(x, y, Width, Height);
            var label = PixelLoss.Void;
            if (sample >= 0 && row >= 0 && row < Height && column >= 0 && column < Width && !transform.Erases(x, y))
                label = TBackend.LoadByte(masks, byteOffset + row * Width + column);
            TBackend.StoreInt(Labels, to + x - first, label);
        }
    }
}
