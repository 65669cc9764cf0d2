using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Batches;

/// <summary>
/// <see cref="AugmentedBatchGather{TBackend,TVector}"/> for GPUs. An item is one element, so that consecutive threads write consecutive words and read
/// consecutive bytes, flipped or not.
/// </summary>
internal struct AugmentedElementGather<TBackend, TVector> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>Bytes [samples, height, width, channels]; integers [samples]; sample indices; <see cref="StepStateLayout"/>.</summary>
    public TBackend Bytes, Labels, Order, StepState;

    /// <summary>Scale and shift of each channel.</summary>
    public TBackend Scales, Shifts;

    /// <summary>Floats [batch, height, width, channels]; integers [batch].</summary>
    public TBackend Output, OutputLabels;

    /// <summary>Samples in the data set, and in the order.</summary>
    public int Samples, OrderLength;

    /// <summary>Sizes of a sample.</summary>
    public int Height, Width, Channels;

    /// <summary>Division by the number of elements in a sample, a row and a pixel.</summary>
    public FastDivMod BySample, ByRow, ByPixel;

    /// <summary>See <see cref="BatchShape.Window"/>.</summary>
    public int Window;

    /// <summary>Division by <see cref="Window"/>.</summary>
    public FastDivMod ByWindow;

    /// <summary>True if there are labels.</summary>
    public Flag HasLabels;

    /// <summary>See <see cref="Augmentation.Flip"/>.</summary>
    public Flag Flip;

    /// <summary>See <see cref="Augmentation.DrawsPerEpoch"/> and <see cref="Augmentation.Shift"/>.</summary>
    public int DrawsPerEpoch, MaxShift;

    /// <summary>1 with <see cref="Augmentation.ReflectsShift"/>, else 0.</summary>
    public int Reflects;

    /// <summary>Low and high word of <see cref="Augmentation.Seed"/>.</summary>
    public uint Seed0, Seed1;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        var rowLength = Width * Channels;
        var slot = BySample.Divide(item);
        var element = item - slot * Height * rowLength;
        var sample = BatchOrder<TBackend, TVector>.SampleAt(Order, OrderLength, StepState, Samples, slot);
        if (HasLabels && element == 0) BatchOrder<TBackend, TVector>.CopyLabel(Labels, OutputLabels, sample, slot);
        var draw = AugmentationSample.Draw<TBackend, TVector>(StepState, sample, Seed0, Seed1, Flip, DrawsPerEpoch, MaxShift);
        var y = ByRow.Divide(element);
        element -= y * rowLength;
        var x = ByPixel.Divide(element);
        var channel = element - x * Channels;
        y = AugmentationSample.Reflected(y + draw.RowShift, Height, Reflects);
        x = AugmentationSample.Reflected(x + draw.ColumnShift, Width, Reflects);
        if (draw.IsFlipped) x = Width - 1 - x;
        var value = TBackend.LoadScalar(Shifts, channel);
        if (sample >= 0 && y >= 0 && y < Height && x >= 0 && x < Width)
        {
            // A data set may have more than 2^31 bytes: slice at a word, then index bytes from there.
            var start = (long)BatchOrder<TBackend, TVector>.SourceOf(sample, StepState, slot, Window, ByWindow) * Height * rowLength;
            var bytes = TBackend.Slice(Bytes, (int)(start >> 2));
            value += TBackend.LoadByte(bytes, (int)(start & 3) + y * rowLength + x * Channels + channel) * TBackend.LoadScalar(Scales, channel);
        }

        TBackend.StoreScalar(Output, item, value);
    }
}
