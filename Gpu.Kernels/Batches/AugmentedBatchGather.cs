using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Batches;

/// <summary>
/// <see cref="BatchGatherKernel{TBackend,TVector}"/> with random flips and shifts (<see cref="Augmentation"/>): output(y, x) = input(y + dy, x + dx), or
/// input(y + dy, width - 1 - (x + dx)) if flipped. An item is some rows of a sample. For CPUs; GPUs use
/// <see cref="AugmentedElementGather{TBackend,TVector}"/>.
/// </summary>
internal struct AugmentedBatchGather<TBackend, TVector> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>Bytes [samples, height, width, channels]; integers [samples]; sample indices; <see cref="StepStateLayout"/>.</summary>
    public TBackend Bytes, Labels, Order, StepState;

    /// <summary>Scale and shift of each element of a row, one period.</summary>
    public TBackend Scales, Shifts;

    /// <summary>Floats [batch, height, width, channels]; integers [batch].</summary>
    public TBackend Output, OutputLabels;

    /// <summary>Samples in the data set, and in the order.</summary>
    public int Samples, OrderLength;

    /// <summary>Sizes of a sample.</summary>
    public int Height, Width, Channels;

    /// <summary>Parts per sample, and rows per part; the last part may have fewer.</summary>
    public int PartsPerSample, RowsPerPart;

    /// <summary>Elements after which scales and shifts repeat: a multiple of 16 and of the channels.</summary>
    public int Period;

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
        var slot = item / PartsPerSample;
        var part = item - slot * PartsPerSample;
        var sample = BatchOrder<TBackend, TVector>.SampleAt(Order, OrderLength, StepState, Samples, slot);
        if (HasLabels && part == 0) BatchOrder<TBackend, TVector>.CopyLabel(Labels, OutputLabels, sample, slot);
        var isMissing = sample < 0;
        var source = BatchOrder<TBackend, TVector>.SourceOf(sample, StepState, slot, Window, ByWindow);
        var draw = AugmentationSample.Draw<TBackend, TVector>(StepState, sample, Seed0, Seed1, Flip, DrawsPerEpoch, MaxShift);
        var rowLength = Width * Channels;
        var start = (long)source * Height * rowLength;
        var last = (part + 1) * RowsPerPart;
        if (last > Height) last = Height;
        for (var y = part * RowsPerPart; y < last; y++)
        {
            var row = (slot * Height + y) * rowLength;
            var from = AugmentationSample.Reflected(y + draw.RowShift, Height, Reflects);
            if (isMissing || from < 0 || from >= Height)
            {
                WriteBlankRow(row, rowLength);
                continue;
            }

            var rowStart = start + (long)from * rowLength;
            var bytes = TBackend.Slice(Bytes, (int)(rowStart >> 2));
            var byteOffset = (int)(rowStart & 3);
            if (draw.IsFlipped) WriteMirroredRow(bytes, byteOffset, row, draw.ColumnShift);
            else WriteShiftedRow(bytes, byteOffset, row, rowLength, draw.ColumnShift * Channels);
            if (Reflects != 0) WriteReflection(bytes, byteOffset, row, draw.ColumnShift, draw.IsFlipped);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void WriteBlankRow(int row, int rowLength)
    {
        var phase = 0;
        for (var i = 0; i < rowLength; i += TBackend.Width)
        {
            if (i + TBackend.Width <= rowLength) TBackend.Store(Output, row + i, TBackend.Load(Shifts, phase));
            else TBackend.StorePartial(Output, row + i, TBackend.Load(Shifts, phase), rowLength - i);
            phase += TBackend.Width;
            if (phase == Period) phase = 0;
        }
    }

    // Element e is element e + along of the input row: whole vectors where they lie inside the row, single elements at its ends.
    // Here and below, positions count from the start of the batch. Comparisons then depend on the item too, not only on the drawn shift: ILGPU's O2 assumes
    // that values which come out of a loop are the same in all threads, and would use a uniform branch, whose behavior is undefined if they are not.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void WriteShiftedRow(TBackend bytes, int byteOffset, int row, int rowLength, int along)
    {
        var phase = 0;
        var end = row + rowLength;
        for (var i = row; i < end; i += TBackend.Width)
        {
            var source = i + along;
            if (i + TBackend.Width <= end && source >= row && source + TBackend.Width <= end)
            {
                var value = TBackend.LoadBytes(bytes, byteOffset + source - row);
                TBackend.Store(Output, i, TBackend.MultiplyAdd(value, TBackend.Load(Scales, phase), TBackend.Load(Shifts, phase)));
            }
            else
            {
                for (var lane = 0; lane < TBackend.Width && i + lane < end; lane++)
                {
                    var value = TBackend.LoadScalar(Shifts, phase + lane);
                    var from = source + lane;
                    if (from >= row && from < end) value += TBackend.LoadByte(bytes, byteOffset + from - row) * TBackend.LoadScalar(Scales, phase + lane);
                    TBackend.StoreScalar(Output, i + lane, value);
                }
            }

            phase += TBackend.Width;
            if (phase == Period) phase = 0;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void WriteMirroredRow(TBackend bytes, int byteOffset, int row, int along)
    {
        var end = row + Width * Channels;
        var source = end - (along + 1) * Channels;
        for (var i = row; i < end; i += Channels)
        {
            var isInside = source >= row && source < end;
            for (var c = 0; c < Channels; c++)
            {
                var value = TBackend.LoadScalar(Shifts, c);
                if (isInside) value += TBackend.LoadByte(bytes, byteOffset + source - row + c) * TBackend.LoadScalar(Scales, c);
                TBackend.StoreScalar(Output, i + c, value);
            }

            source -= Channels;
        }
    }

    // The columns at one end of a row whose pixels come from outside the image.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void WriteReflection(TBackend bytes, int byteOffset, int row, int along, bool isFlipped)
    {
        var first = along > 0 ? Width - along : 0;
        var end = along > 0 ? Width : -along;
        for (var x = first; x < end; x++)
        {
            var source = AugmentationSample.Reflected(x + along, Width, 1);
            if (isFlipped) source = Width - 1 - source;
            for (var c = 0; c < Channels; c++)
            {
                var value = TBackend.LoadScalar(Shifts, c) + TBackend.LoadByte(bytes, byteOffset + source * Channels + c) * TBackend.LoadScalar(Scales, c);
                TBackend.StoreScalar(Output, row + x * Channels + c, value);
            }
        }
    }
}
