using Gpu.Kernels;
using Gpu.Kernels.Devices;

namespace Gpu.Training.Loop;

/// <summary>The values that change from pass to pass: the words of <see cref="StepStateLayout"/>. A pass runs one batch forward (and backward).</summary>
/// <param name="Step">Optimizer step that the pass belongs to, starting at 1.</param>
/// <param name="LearningRate">Learning rate of that step.</param>
/// <param name="GradientScale">Factor applied to all gradients.</param>
/// <param name="Draw">Random-number index of dropout and augmentation; different for every training pass.</param>
/// <param name="BatchStart">Index of the batch's first sample in the sample order.</param>
internal readonly record struct StepValues(int Step, float LearningRate, float GradientScale, int Draw, int BatchStart);

/// <summary>The upcoming passes, as far as they are known.</summary>
internal interface IStepSchedule
{
    /// <summary>Gets the values of an upcoming pass; false if it is not known.</summary>
    /// <param name="ahead">0 for the next pass, 1 for the one after it, ...</param>
    /// <param name="values">The values.</param>
    bool TryGet(int ahead, out StepValues values);
}

/// <summary>
/// Uploads the values of many passes at once to a table in device memory, from which each pass loads its own (<see cref="StepTable.Advance"/>). A pass
/// therefore needs no host-to-device copy, and the device does not wait for the host. Allocates only in the constructor.
/// </summary>
internal sealed class StepScheduleUploader(ComputeDevice device, DeviceView table)
{
    private const int MaxPasses = 512;

    private readonly int[] _words = new int[StepTableLayout.Length(MaxPasses)];
    private int _uploaded;
    private int _consumed;
    private int _lookahead = 1;

    /// <summary>Words of the table in device memory.</summary>
    public static int TableLength => StepTableLayout.Length(MaxPasses);

    /// <summary>Optimizer steps completed.</summary>
    public long Step { get; set; }

    /// <summary>Training passes completed: the random-number index of dropout and augmentation.</summary>
    public long Draw { get; set; }

    /// <summary>
    /// Ensures that the next <see cref="StepTable.Advance"/> on the device loads the values of the next pass. Call it once before each pass.
    /// </summary>
    public void EnsureUploaded<TSchedule>(in TSchedule schedule)
        where TSchedule : IStepSchedule
    {
        if (!schedule.TryGet(0, out var next)) throw new InvalidOperationException("the schedule has no more passes");
        if (_consumed < _uploaded)
        {
            if (Get(_consumed) == next)
            {
                _consumed++;
                return;
            }

            // The prediction was wrong (a changed learning rate, another data set) and may be wrong again: start over with one pass.
            _lookahead = 1;
        }
        else _lookahead = Math.Min(2 * _lookahead, MaxPasses);

        _uploaded = 0;
        while (_uploaded < _lookahead && schedule.TryGet(_uploaded, out var values)) Set(_uploaded++, values);
        _words[StepTableLayout.Next] = 0;
        // Safe while passes are still queued: the copy is ordered after their launches, so they load their values before it.
        device.Upload<int>(_words.AsSpan(0, StepTableLayout.Length(_uploaded)), table);
        _consumed = 1;
    }

    private Span<int> Entry(int index) => _words.AsSpan(StepTableLayout.Length(index), StepTableLayout.EntryWords);

    private StepValues Get(int index)
    {
        var entry = Entry(index);
        return new StepValues(
            entry[StepStateLayout.Step], BitConverter.Int32BitsToSingle(entry[StepStateLayout.LearningRate]),
            BitConverter.Int32BitsToSingle(entry[StepStateLayout.GradientScale]), entry[StepStateLayout.Draw], entry[StepStateLayout.BatchStart]);
    }

    private void Set(int index, in StepValues values)
    {
        var entry = Entry(index);
        entry[StepStateLayout.Step] = values.Step;
        entry[StepStateLayout.LearningRate] = BitConverter.SingleToInt32Bits(values.LearningRate);
        entry[StepStateLayout.GradientScale] = BitConverter.SingleToInt32Bits(values.GradientScale);
        entry[StepStateLayout.Draw] = values.Draw;
        entry[StepStateLayout.BatchStart] = values.BatchStart;
    }
}
