using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Batches;

/// <summary>
/// Output = bytes * scale + shift for the samples of a batch, and their labels. An item is a part of a sample.
/// A place without a sample becomes zero bytes, normalised, with the label -1.
/// </summary>
internal struct BatchGatherKernel<TBackend, TVector> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>[samples, length] bytes; integers [samples]; integers; <see cref="StepStateLayout"/>.</summary>
    public TBackend Bytes, Labels, Order, StepState;

    /// <summary>Scale and shift of each element up to <see cref="Period"/>, after which they repeat; zeros in place of scales.</summary>
    public TBackend Scales, Shifts, ZeroScales;

    /// <summary>[batch, length]; integers [batch].</summary>
    public TBackend Output, OutputLabels;

    /// <summary>Samples in the data set, and in the order.</summary>
    public int Samples, OrderLength;

    /// <summary>Bytes of a sample.</summary>
    public int SampleLength;

    /// <summary>Parts of a sample, and bytes of each but the last: a multiple of the vector width.</summary>
    public int PartsPerSample, PartLength;

    /// <summary>Elements after which scales and shifts repeat: a multiple of 16 and of the channels.</summary>
    public int Period;

    /// <summary>Divisions by <see cref="PartsPerSample"/> and <see cref="Period"/>.</summary>
    public FastDivMod ByParts, ByPeriod;

    /// <summary>True when there are labels.</summary>
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
        if (sample < 0) sample = 0;

        // Data sets may pass 2^31 bytes: first to the word, then bytes from there.
        var start = (long)sample * SampleLength;
        var bytes = TBackend.Slice(Bytes, (int)(start >> 2));
        var skipped = (int)(start & 3);
        var row = slot * SampleLength;
        var i = part * PartLength;
        var to = i + PartLength;
        if (to > SampleLength) to = SampleLength;
        var phase = i - ByPeriod.Divide(i) * Period;
        for (; i + TBackend.Width <= to; i += TBackend.Width)
        {
            TBackend.Store(Output, row + i, TBackend.MultiplyAdd(TBackend.LoadBytes(bytes, skipped + i), TBackend.Load(scales, phase), TBackend.Load(Shifts, phase)));
            phase += TBackend.Width;
            if (phase == Period) phase = 0;
        }

        var left = to - i;
        if (left > 0)
        {
            // Reads past the sample; there are spare bytes after the last one.
            var value = TBackend.MultiplyAdd(TBackend.LoadBytes(bytes, skipped + i), TBackend.Load(scales, phase), TBackend.Load(Shifts, phase));
            TBackend.StorePartial(Output, row + i, value, left);
        }
    }
}
