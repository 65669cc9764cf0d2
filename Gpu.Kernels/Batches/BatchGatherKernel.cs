using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Batches;

/// <summary>
/// Output = bytes * scale + shift for the samples of a batch, with their labels. An item is a part of a sample. A position without a sample gets normalized
/// zero bytes and the label -1.
/// </summary>
internal struct BatchGatherKernel<TBackend, TVector> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>Bytes [samples, length]; integers [samples]; sample indices; <see cref="StepStateLayout"/>.</summary>
    public TBackend Bytes, Labels, Order, StepState;

    /// <summary>
    /// Scale and shift of each element up to <see cref="Period"/>, after which they repeat; and as many zeros, the scales of a missing sample.
    /// </summary>
    public TBackend Scales, Shifts, ZeroScales;

    /// <summary>Floats [batch, length]; integers [batch].</summary>
    public TBackend Output, OutputLabels;

    /// <summary>Samples in the data set, and in the order.</summary>
    public int Samples, OrderLength;

    /// <summary>Bytes per sample.</summary>
    public int SampleLength;

    /// <summary>Parts per sample, and bytes per part, a multiple of the vector width; the last part may have fewer.</summary>
    public int PartsPerSample, PartLength;

    /// <summary>Elements after which scales and shifts repeat: a multiple of 16 and of the channels.</summary>
    public int Period;

    /// <summary>Division by <see cref="PartsPerSample"/> and by <see cref="Period"/>.</summary>
    public FastDivMod ByParts, ByPeriod;

    /// <summary>See <see cref="BatchShape.Window"/>.</summary>
    public int Window;

    /// <summary>Division by <see cref="Window"/>.</summary>
    public FastDivMod ByWindow;

    /// <summary>True if there are labels.</summary>
    public Flag HasLabels;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        var slot = ByParts.Divide(item);
        var part = item - slot * PartsPerSample;
        var sample = BatchOrder<TBackend, TVector>.SampleAt(Order, OrderLength, StepState, Samples, slot);
        if (HasLabels && part == 0) BatchOrder<TBackend, TVector>.CopyLabel(Labels, OutputLabels, sample, slot);
        var scales = TBackend.Choose(sample < 0, ZeroScales, Scales);
        var source = BatchOrder<TBackend, TVector>.SourceOf(sample, StepState, slot, Window, ByWindow);

        // A data set may have more than 2^31 bytes: slice at a word, then index bytes from there.
        var start = (long)source * SampleLength;
        var bytes = TBackend.Slice(Bytes, (int)(start >> 2));
        var byteOffset = (int)(start & 3);
        var row = slot * SampleLength;
        var i = part * PartLength;
        var to = i + PartLength;
        if (to > SampleLength) to = SampleLength;
        var phase = i - ByPeriod.Divide(i) * Period;
        for (; i + TBackend.Width <= to; i += TBackend.Width)
        {
            var value = TBackend.LoadBytes(bytes, byteOffset + i);
            TBackend.Store(Output, row + i, TBackend.MultiplyAdd(value, TBackend.Load(scales, phase), TBackend.Load(Shifts, phase)));
            phase += TBackend.Width;
            if (phase == Period) phase = 0;
        }

        var left = to - i;
        if (left > 0)
        {
            // Reads past the sample; the data set has unused bytes at its end.
            var value = TBackend.MultiplyAdd(TBackend.LoadBytes(bytes, byteOffset + i), TBackend.Load(scales, phase), TBackend.Load(Shifts, phase));
            TBackend.StorePartial(Output, row + i, value, left);
        }
    }
}
