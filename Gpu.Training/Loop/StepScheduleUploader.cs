using Gpu.Kernels;
using Gpu.Kernels.Devices;

namespace Gpu.Training.Loop;

/// <summary>What changes from pass to pass: the words of <see cref="StepStateLayout"/>.</summary>
/// <param name="Step">the number of the optimizer step that the pass belongs to, 1 at the first</param>
/// <param name="LearningRate">its learning rate</param>
/// <param name="GradientScale">the factor of all gradients</param>
/// <param name="Draw">what dropout and augmentation draw by</param>
/// <param name="BatchStart">the place of the batch's first sample in the order of samples</param>
internal readonly record struct StepValues(int Step, float LearningRate, float GradientScale, int Draw, int BatchStart);

/// <summary>The passes to come, as far as they are known.</summary>
internal interface IStepSchedule
{
    /// <summary>The values of the pass that lies so many passes ahead, 0 for the one that is about to run; false for none that is known.</summary>
    bool TryGet(int ahead, out StepValues values);
}

/// <summary>
/// The host's side of <see cref="StepStateLayout"/>: sends the values of many passes to the device at once, where each pass then takes its own
/// (<see cref="StepTable.Advance"/>). So a pass needs no copy of its own, and the device never waits for the host. Allocates nothing.
/// </summary>
internal sealed class StepScheduleUploader(ComputeDevice device, DeviceView table)
{
    private const int MaxPasses = 512;

    private readonly int[] _words = new int[StepTableLayout.Length(MaxPasses)];
    private int _uploaded;
    private int _consumed;
    private int _lookahead = 1;

    /// <summary>Words of the table on the device.</summary>
    public static int TableLength => StepTableLayout.Length(MaxPasses);

    /// <summary>Optimizer steps made.</summary>
    public long Step { get; set; }

    /// <summary>Forward passes in training made: what dropout and augmentation draw by.</summary>
    public long Draw { get; set; }

    /// <summary>
    /// Sees to it that the next <see cref="StepTable.Advance"/> on the device takes the values of the pass that is about to run. Call it once before
    /// each pass.
    /// </summary>
    public void EnsureUploaded<TPasses>(in TPasses passes)
        where TPasses : IStepSchedule
    {
        if (!passes.TryGet(0, out var now)) throw new InvalidOperationException("a pass was announced that does not exist");
        if (_consumed < _uploaded)
        {
            if (Get(_consumed) == now)
            {
                _consumed++;
                return;
            }

            // Something else than was foreseen (another learning rate, another data set): then perhaps so again.
            _lookahead = 1;
        }
        else _lookahead = Math.Min(2 * _lookahead, MaxPasses);

        _uploaded = 0;
        while (_uploaded < _lookahead && passes.TryGet(_uploaded, out var values)) Set(_uploaded++, values);
        _words[StepTableLayout.Next] = 0;
        // In the order of the launches: passes that are still to run have taken theirs before.
        device.Upload<int>(_words.AsSpan(0, StepTableLayout.Length(_uploaded)), table);
        _consumed = 1;
    }

    private Span<int> Entry(int number) => _words.AsSpan(StepTableLayout.Length(number), StepTableLayout.EntryWords);

    private StepValues Get(int number)
    {
        var entry = Entry(number);
        return new StepValues(
            entry[StepStateLayout.Step], BitConverter.Int32BitsToSingle(entry[StepStateLayout.LearningRate]),
            BitConverter.Int32BitsToSingle(entry[StepStateLayout.GradientScale]), entry[StepStateLayout.Draw], entry[StepStateLayout.BatchStart]);
    }

    private void Set(int number, in StepValues values)
    {
        var entry = Entry(number);
        entry[StepStateLayout.Step] = values.Step;
        entry[StepStateLayout.LearningRate] = BitConverter.SingleToInt32Bits(values.LearningRate);
        entry[StepStateLayout.GradientScale] = BitConverter.SingleToInt32Bits(values.GradientScale);
        entry[StepStateLayout.Draw] = values.Draw;
        entry[StepStateLayout.BatchStart] = values.BatchStart;
    }
}
