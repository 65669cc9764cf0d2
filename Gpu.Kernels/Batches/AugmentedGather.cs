using Gpu.Kernels.Launching;
using Gpu.Kernels.Machines;

namespace Gpu.Kernels.Batches;

/// <summary>
/// As <see cref="BatchGather{TMachine,TVector}"/>, with each sample mirrored and moved at random (<see cref="Augmentation"/>): output(y, x) is
/// input(y + dy, x + dx), mirrored input(y + dy, width - 1 - (x + dx)). An item is some rows of a sample.
/// </summary>
public struct AugmentedGather<TMachine, TVector> : IKernel
    where TMachine : struct, IMachine<TMachine, TVector>
    where TVector : unmanaged
{
    /// <summary>[samples, height, width, channels] bytes; integers [samples]; integers; <see cref="Launching.StepState"/>.</summary>
    public TMachine Bytes, Labels, Order, StepState;

    /// <summary>Scale and shift of each element of a row, repeating after a period.</summary>
    public TMachine Scales, Shifts;

    /// <summary>[batch, height, width, channels]; integers [batch].</summary>
    public TMachine Output, OutputLabels;

    /// <summary>Samples in the data set, and in the order.</summary>
    public int Samples, OrderLength;

    /// <summary>Extents of a sample.</summary>
    public int Height, Width, Channels;

    /// <summary>Parts of a sample, and rows of each but the last.</summary>
    public int PartsOfSample, RowsOfPart;

    /// <summary>Elements after which scales and shifts repeat: a multiple of 16 and of the channels.</summary>
    public int Period;

    /// <summary>1 when there are labels.</summary>
    public int HasLabels;

    /// <summary>See <see cref="Augmentation"/>: 1 to mirror half of the samples; the largest shift; the seed.</summary>
    public int Flip, LargestShift;

    /// <inheritdoc cref="Flip"/>
    public uint Seed0, Seed1;

    /// <inheritdoc/>
    public void Run(int item)
    {
        var slot = item / PartsOfSample;
        var part = item - slot * PartsOfSample;
        var sample = BatchOrder<TMachine, TVector>.SampleAt(Order, OrderLength, StepState, Samples, slot);
        if (HasLabels != 0 && part == 0) BatchOrder<TMachine, TVector>.CopyLabel(Labels, OutputLabels, sample, slot);
        var isMissing = sample < 0;
        if (isMissing) sample = 0;

        uint word0 = (uint)sample, word1 = (uint)TMachine.LoadInt(StepState, Launching.StepState.Draw), word2 = 0, word3 = 0;
        Philox.Generate(Seed0, Seed1, ref word0, ref word1, ref word2, ref word3);
        var isFlipped = Flip != 0 && (word0 >> 31) != 0;
        var down = (int)(Philox.ToUniform(word1) * (2 * LargestShift + 1)) - LargestShift;
        var along = (int)(Philox.ToUniform(word2) * (2 * LargestShift + 1)) - LargestShift;

        var rowLength = Width * Channels;
        var start = (long)sample * Height * rowLength;
        var last = (part + 1) * RowsOfPart;
        if (last > Height) last = Height;
        for (var y = part * RowsOfPart; y < last; y++)
        {
            var output = TMachine.Slice(Output, (slot * Height + y) * rowLength);
            var from = y + down;
            if (isMissing || from < 0 || from >= Height)
            {
                Blank(output, rowLength);
                continue;
            }

            var rowStart = start + (long)from * rowLength;
            var bytes = TMachine.Slice(Bytes, (int)(rowStart >> 2));
            var skipped = (int)(rowStart & 3);
            if (isFlipped) Mirrored(bytes, skipped, output, along);
            else Moved(bytes, skipped, output, rowLength, along * Channels);
        }
    }

    private readonly void Blank(TMachine output, int rowLength)
    {
        var phase = 0;
        for (var i = 0; i < rowLength; i += TMachine.Width)
        {
            if (i + TMachine.Width <= rowLength) TMachine.Store(output, i, TMachine.Load(Shifts, phase));
            else TMachine.StorePartial(output, i, TMachine.Load(Shifts, phase), rowLength - i);
            phase += TMachine.Width;
            if (phase == Period) phase = 0;
        }
    }

    // Element e comes from element e + along of the row: whole vectors where all of theirs lie in the row, single elements at its ends.
    private readonly void Moved(TMachine bytes, int skipped, TMachine output, int rowLength, int along)
    {
        var phase = 0;
        for (var i = 0; i < rowLength; i += TMachine.Width)
        {
            var source = i + along;
            if (i + TMachine.Width <= rowLength && source >= 0 && source + TMachine.Width <= rowLength)
            {
                var value = TMachine.LoadBytes(bytes, skipped + source);
                TMachine.Store(output, i, TMachine.MultiplyAdd(value, TMachine.Load(Scales, phase), TMachine.Load(Shifts, phase)));
            }
            else
            {
                for (var lane = 0; lane < TMachine.Width && i + lane < rowLength; lane++)
                {
                    var value = TMachine.LoadScalar(Shifts, phase + lane);
                    if (source + lane >= 0 && source + lane < rowLength)
                        value += TMachine.LoadByte(bytes, skipped + source + lane) * TMachine.LoadScalar(Scales, phase + lane);
                    TMachine.StoreScalar(output, i + lane, value);
                }
            }

            phase += TMachine.Width;
            if (phase == Period) phase = 0;
        }
    }

    private readonly void Mirrored(TMachine bytes, int skipped, TMachine output, int along)
    {
        var element = 0;
        for (var x = 0; x < Width; x++)
        {
            var column = Width - 1 - (x + along);
            var isInside = column >= 0 && column < Width;
            var source = skipped + column * Channels;
            for (var c = 0; c < Channels; c++)
            {
                var value = TMachine.LoadScalar(Shifts, c);
                if (isInside) value += TMachine.LoadByte(bytes, source + c) * TMachine.LoadScalar(Scales, c);
                TMachine.StoreScalar(output, element + c, value);
            }

            element += Channels;
        }
    }
}
