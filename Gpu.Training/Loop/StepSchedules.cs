namespace Gpu.Training.Loop;

/// <summary>The passes of an epoch's rest: batches in order, so many to an optimizer step.</summary>
/// <param name="learningRateAt">the learning rate of an optimizer step, from 0</param>
/// <param name="batches">batches of the epoch</param>
/// <param name="batchSize">samples of a batch; the last of the epoch may have fewer</param>
/// <param name="batchesOfStep">batches of an optimizer step; the last step of the epoch may have fewer</param>
/// <param name="totalSteps">optimizer steps of the run</param>
internal sealed class EpochSchedule(Func<long, float> learningRateAt, int batches, int batchSize, int batchesOfStep, long totalSteps) : IStepSchedule
{
    private int _firstBatch;
    private long _step;

    /// <summary>The batch of the epoch that is next.</summary>
    public int NextBatch { get; set; }

    /// <summary>Passes made.</summary>
    public long Draw { get; set; }

    /// <summary>Begins an optimizer step.</summary>
    public void BeginStep(LoopPosition position)
    {
        _firstBatch = position.Batch;
        _step = position.Step;
        NextBatch = position.Batch;
        Draw = position.Draw;
    }

    /// <inheritdoc/>
    public bool TryGet(int ahead, out StepValues values)
    {
        values = default;
        var batch = NextBatch + ahead;
        var stepsAhead = (batch - _firstBatch) / batchesOfStep;
        var step = _step + stepsAhead;
        if (batch >= batches || step >= totalSteps) return false;
        var batchesOfIt = Math.Min(batchesOfStep, batches - _firstBatch - stepsAhead * batchesOfStep);
        values = new StepValues((int)(step + 1), learningRateAt(step), 1f / batchesOfIt, (int)(Draw + ahead), batch * batchSize);
        return true;
    }
}

/// <summary>The passes of an evaluation.</summary>
/// <param name="Counters">where training stands</param>
/// <param name="From">the next sample</param>
/// <param name="Batch">samples of a batch; the last may have fewer</param>
/// <param name="Count">samples of all batches</param>
internal readonly record struct EvaluationSchedule(StepScheduleUploader Counters, int From, int Batch, int Count) : IStepSchedule
{
    /// <inheritdoc/>
    public bool TryGet(int ahead, out StepValues values)
    {
        var from = From + (long)ahead * Batch;
        values = from < Count ? new StepValues((int)(Counters.Step + 1), 0, 0, (int)Counters.Draw, (int)from) : default;
        return from < Count;
    }
}

/// <summary>Passes without end, one to an optimizer step, on a batch that stays where it is.</summary>
/// <param name="Counters">where training stands</param>
/// <param name="LearningRate">the learning rate of all</param>
internal readonly record struct SameBatchSchedule(StepScheduleUploader Counters, float LearningRate) : IStepSchedule
{
    /// <inheritdoc/>
    public bool TryGet(int ahead, out StepValues values)
    {
        values = new StepValues((int)(Counters.Step + 1 + ahead), LearningRate, 1f, (int)(Counters.Draw + ahead), 0);
        return true;
    }
}
