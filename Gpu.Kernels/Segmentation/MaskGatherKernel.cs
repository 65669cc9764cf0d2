using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Batches;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Segmentation;

/// <summary>
/// Copies masks to a batch as integers, with the flips and shifts of their images (<see cref="AugmentationSample"/>). An item is some pixels of one row.
/// </summary>
internal struct MaskGatherKernel<TBackend, TVector> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>Bytes [samples, height, width]; sample indices; <see cref="StepStateLayout"/>; integers [batch, height, width].</summary>
    public TBackend Masks, Order, StepState, Labels;

    /// <summary>Samples in the data set, and in the order.</summary>
    public int Samples, OrderLength;

    /// <summary>Sizes of a mask; pixels of an item, and items of a sample.</summary>
    public int Height, Width, PixelsPerItem, ItemsPerSample;

    /// <summary>Divisions by <see cref="ItemsPerSample"/> and <see cref="Width"/>.</summary>
    public FastDivMod ByItems, ByWidth;

    /// <summary>See <see cref="Augmentation.Flip"/>.</summary>
    public Flag Flip;

    /// <summary>See <see cref="Augmentation.DrawsPerEpoch"/>.</summary>
    public int DrawsPerEpoch;

    /// <summary>See <see cref="Augmentation.Shift"/>.</summary>
    public int MaxShift;

    /// <summary>1 with <see cref="Augmentation.ReflectsShift"/>, else 0.</summary>
    public int Reflects;

    /// <summary>Low and high word of <see cref="Augmentation.Seed"/>.</summary>
    public uint Seed0, Seed1;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        var slot = ByItems.Divide(item);
        var pixel = (item - slot * ItemsPerSample) * PixelsPerItem;
        var y = ByWidth.Divide(pixel);
        var sample = BatchOrder<TBackend, TVector>.SampleAt(Order, OrderLength, StepState, Samples, slot);
        var draw = AugmentationSample.Draw<TBackend, TVector>(StepState, sample, Seed0, Seed1, Flip, DrawsPerEpoch, MaxShift);
        var row = AugmentationSample.Reflected(y + draw.RowShift, Height, Reflects);
        var isInside = sample >= 0 && row >= 0 && row < Height;
        var start = isInside ? (long)sample * Height * Width + (long)row * Width : 0L;
        var masks = TBackend.Slice(Masks, (int)(start >> 2));
        var byteOffset = (int)(start & 3);
        var to = slot * Height * Width + pixel;
        var first = pixel - y * Width;
        for (var x = first; x < first + PixelsPerItem; x++)
        {
            var column = AugmentationSample.Reflected(x + draw.ColumnShift, Width, Reflects);
            if (draw.IsFlipped) column = Width - 1 - column;
            var label = PixelLoss.Void;
            if (isInside && column >= 0 && column < Width) label = TBackend.LoadByte(masks, byteOffset + column);
            TBackend.StoreInt(Labels, to + x - first, label);
        }
    }
}
