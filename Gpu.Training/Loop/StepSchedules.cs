namespace Gpu.Training.Loop;

/// <summary>The remaining training passes of an epoch, one per batch.</summary>
/// <param name="learningRateAt">Learning rate of an optimizer step, starting at 0.</param>
/// <param name="batches">Batches per epoch.</param>
/// <param name="batchSize">Samples per batch; the last batch of the epoch may have fewer.</param>
/// <param name="batchesPerStep">Batches accumulated per optimizer step; the last step of the epoch may have fewer.</param>
/// <param name="totalSteps">Optimizer steps of the run.</param>
internal sealed class EpochSchedule(Func<long, float> learningRateAt, int batches, int batchSize, int batchesPerStep, long totalSteps) : IStepSchedule
{
    private int _firstBatch;
    private long _step;

    /// <summary>Index of the next batch in the epoch.</summary>
    public int NextBatch { get; set; }

    /// <summary>Training passes completed in the run.</summary>
    public long Draw { get; set; }

    /// <summary>Starts an optimizer step.</summary>
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
        var stepsAhead = (batch - _firstBatch) / batchesPerStep;
        var step = _step + stepsAhead;
        if (batch >= batches || step >= totalSteps) return false;
        var batchesInStep = Math.Min(batchesPerStep, batches - _firstBatch - stepsAhead * batchesPerStep);
        values = new StepValues((int)(step + 1), learningRateAt(step), 1f / batchesInStep, (int)(Draw + ahead), batch * batchSize);
        return true;
    }
}

/// <summary>The passes of an evaluation.</summary>
/// <param name="Counters">Step and pass counters of the training run.</param>
/// <param name="From">Index of the next sample.</param>
/// <param name="Batch">Samples per batch; the last batch may have fewer.</param>
/// <param name="Count">Total number of samples.</param>
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

/// <summary>Endless training passes on the same batch, one per optimizer step.</summary>
/// <param name="Counters">Step and pass counters of the training run.</param>
/// <param name="LearningRate">Learning rate of all steps.</param>
internal readonly record struct SameBatchSchedule(StepScheduleUploader Counters, float LearningRate) : IStepSchedule
{
    /// <inheritdoc/>
    public bool TryGet(int ahead, out StepValues values)
    {
        values = new StepValues((int)(Counters.Step + 1 + ahead), LearningRate, 1f, (int)(Counters.Draw + ahead), 0);
        return true;
    }
}
