using System.Runtime.CompilerServices;
using Gpu.Kernels.Launching;
using Gpu.Kernels.Machines;

namespace Gpu.Kernels.Batches;

/// <summary>
/// <see cref="AugmentedGather{TMachine,TVector}"/> for GPUs: an item is one element, so that neighbouring threads write neighbouring words and read neighbouring
/// bytes, whether a sample is mirrored or not.
/// </summary>
public struct AugmentedElements<TMachine, TVector> : IKernel
    where TMachine : struct, IMachine<TMachine, TVector>
    where TVector : unmanaged
{
    /// <summary>[samples, height, width, channels] bytes; integers [samples]; integers; <see cref="Launching.StepState"/>.</summary>
    public TMachine Bytes, Labels, Order, StepState;

    /// <summary>Scale and shift of each channel.</summary>
    public TMachine Scales, Shifts;

    /// <summary>[batch, height, width, channels]; integers [batch].</summary>
    public TMachine Output, OutputLabels;

    /// <summary>Samples in the data set, and in the order.</summary>
    public int Samples, OrderLength;

    /// <summary>Extents of a sample.</summary>
    public int Height, Width, Channels;

    /// <summary>Divisions by the elements of a sample, of a row and of a pixel.</summary>
    public Divisor BySample, ByRow, ByPixel;

    /// <summary>True when there are labels.</summary>
    public Flag HasLabels;

    /// <summary>See <see cref="Augmentation.Flip"/>.</summary>
    public Flag Flip;

    /// <summary>See <see cref="Augmentation.Shift"/>.</summary>
    public int LargestShift;

    /// <summary>See <see cref="Augmentation.Seed"/>: its low and its high word.</summary>
    public uint Seed0, Seed1;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        var rowLength = Width * Channels;
        var slot = BySample.Divide(item);
        var element = item - slot * Height * rowLength;
        var sample = BatchOrder<TMachine, TVector>.SampleAt(Order, OrderLength, StepState, Samples, slot);
        if (HasLabels && element == 0) BatchOrder<TMachine, TVector>.CopyLabel(Labels, OutputLabels, sample, slot);
        var draw = AugmentationDraw.Of<TMachine, TVector>(StepState, sample, Seed0, Seed1, Flip, LargestShift);
        var y = ByRow.Divide(element);
        element -= y * rowLength;
        var x = ByPixel.Divide(element);
        var channel = element - x * Channels;
        y += draw.Down;
        x += draw.Along;
        if (draw.IsFlipped) x = Width - 1 - x;
        var value = TMachine.LoadScalar(Shifts, channel);
        if (sample >= 0 && y >= 0 && y < Height && x >= 0 && x < Width)
        {
            // Data sets may pass 2^31 bytes: first to the word, then bytes from there.
            var start = (long)sample * Height * rowLength;
            var bytes = TMachine.Slice(Bytes, (int)(start >> 2));
            value += TMachine.LoadByte(bytes, (int)(start & 3) + y * rowLength + x * Channels + channel) * TMachine.LoadScalar(Scales, channel);
        }

        TMachine.StoreScalar(Output, item, value);
    }
}
