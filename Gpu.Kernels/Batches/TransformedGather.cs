using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Batches;

/// <summary>
/// Assembles a batch with the changes that <see cref="DrawTransforms{TBackend,TVector}"/> drew, in one pass: each output pixel is sampled from the bytes
/// through the affine map, its colors are changed, it is normalized, erased and mixed. An item is some pixels of a sample.
/// </summary>
internal struct TransformedGather<TBackend, TVector> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>Bytes [samples, height, width, channels]; scale and shift of each channel; see <see cref="SampleTransform"/>.</summary>
    public TBackend Bytes, Scales, Shifts, Transforms;

    /// <summary>Floats [batch, height, width, channels].</summary>
    public TBackend Output;

    /// <summary>Sizes of a sample.</summary>
    public int Height, Width, Channels;

    /// <summary>Parts per sample, and pixels per part; the last part may have fewer.</summary>
    public int PartsPerSample, PixelsPerPart;

    /// <summary>Division by <see cref="PartsPerSample"/> and <see cref="Width"/>.</summary>
    public FastDivMod ByParts, ByWidth;

    /// <summary>Whether positions lie between pixels, colors change, and samples are mixed.</summary>
    public Flag IsAffine, ChangesColors, Mixes;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        var slot = ByParts.Divide(item);
        var part = item - slot * PartsPerSample;
        var first = part * PixelsPerPart;
        var last = Math.Min(first + PixelsPerPart, Height * Width);
        var own = SampleTransform.Load<TBackend, TVector>(Transforms, slot);
        if (!Mixes)
        {
            for (var pixel = first; pixel < last; pixel++) Write(own, slot, pixel, 1, false);
            return;
        }

        var at = slot * AugmentationBuffers.WordsPerSample;
        var weight = TBackend.LoadScalar(Transforms, at + SampleTransform.Weight);
        var other = SampleTransform.Load<TBackend, TVector>(Transforms, TBackend.LoadInt(Transforms, at + SampleTransform.Partner));
        int top = TBackend.LoadInt(Transforms, at + SampleTransform.Cut), left = TBackend.LoadInt(Transforms, at + SampleTransform.Cut + 1);
        int bottom = TBackend.LoadInt(Transforms, at + SampleTransform.Cut + 2), right = TBackend.LoadInt(Transforms, at + SampleTransform.Cut + 3);
        for (var pixel = first; pixel < last; pixel++)
        {
            var y = ByWidth.Divide(pixel);
            var x = pixel - y * Width;
            var isCut = y >= top && y < bottom && x >= left && x < right;
            if (!isCut) Write(own, slot, pixel, weight, false);
            if (isCut || weight < 1) Write(other, slot, pixel, isCut ? 1 : 1 - weight, !isCut);
        }
    }

    // Writes or adds the pixel of a sample, multiplied by a weight.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Write(SampleTransform transform, int slot, int pixel, float weight, bool adds)
    {
        var y = ByWidth.Divide(pixel);
        transform.MoveTo(pixel - y * Width, y, Width, Height, Channels);
        var target = (slot * Height * Width + pixel) * Channels;
        var present = Math.Min(transform.SourceIndex + 1, 1);
        // A data set may have more than 2^31 bytes: slice at a word, then index bytes from there. A missing sample is read from the first and weighted 0.
        var start = (long)Math.Max(transform.SourceIndex, 0) * Height * Width * Channels;
        var bytes = TBackend.Slice(Bytes, (int)(start >> 2));
        var offset = (int)(start & 3);
        if (Channels == 3)
        {
            var red = present * transform.Read<TBackend, TVector>(bytes, offset, IsAffine);
            var green = present * transform.Read<TBackend, TVector>(bytes, offset + 1, IsAffine);
            var blue = present * transform.Read<TBackend, TVector>(bytes, offset + 2, IsAffine);
            if (ChangesColors) transform.ChangeColors(ref red, ref green, ref blue);
            Store(transform, target, 0, red, weight, adds);
            Store(transform, target, 1, green, weight, adds);
            Store(transform, target, 2, blue, weight, adds);
            return;
        }

        for (var i = target; i < target + Channels; i++)
        {
            var value = present * transform.Read<TBackend, TVector>(bytes, offset + i - target, IsAffine);
            if (ChangesColors) value = transform.ChangeColor(value);
            Store(transform, target, i - target, value, weight, adds);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Store(SampleTransform transform, int target, int channel, float value, float weight, bool adds)
    {
        value = weight * (value * TBackend.LoadScalar(Scales, channel) + TBackend.LoadScalar(Shifts, channel));
        if (transform.IsErased) value = 0;
        if (adds) value += TBackend.LoadScalar(Output, target + channel);
        TBackend.StoreScalar(Output, target + channel, value);
    }
}
