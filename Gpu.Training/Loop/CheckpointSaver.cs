using System.Diagnostics;
using Gpu.Training.Runs;

namespace Gpu.Training.Loop;

/// <summary>Saves checkpoints of a run, by time or steps, and keeps the last good state of a run without folder that may rewind.</summary>
/// <param name="writer">the run folder; null for none</param>
/// <param name="session">what is trained</param>
/// <param name="loop">the steps</param>
/// <param name="options">the options of the run</param>
internal sealed class CheckpointSaver(RunWriter? writer, TrainingSession session, StepLoop loop, TrainingOptions options)
{
    private long _lastTime;
    private long _lastStep;

    /// <summary>The last good state of a run without folder that may rewind; null for none.</summary>
    public TrainingState? Good { get; private set; }

    /// <summary>Whether the interval of checkpoints is over.</summary>
    public bool IsDue =>
        loop.Position.Step - _lastStep >= options.CheckpointInterval.Steps || Stopwatch.GetElapsedTime(_lastTime) >= options.CheckpointInterval.Time;

    /// <summary>Starts the interval again.</summary>
    public void RestartInterval() => (_lastTime, _lastStep) = (Stopwatch.GetTimestamp(), loop.Position.Step);

    /// <summary>Saves a checkpoint, if there is a run folder, and starts the interval again.</summary>
    /// <exception cref="NotFiniteException">the loss or a weight is not a finite number</exception>
    public void Save()
    {
        var state = Capture();
        if (state is not null) writer?.SaveCheckpoint(state);
        RestartInterval();
    }

    /// <summary>The training state, if something keeps it. Never one with numbers that are not finite.</summary>
    /// <exception cref="NotFiniteException">the loss or a weight is not a finite number</exception>
    public TrainingState? Capture()
    {
        var keeps = writer is null && options.OnDivergence == DivergenceAction.Rewind;
        if (writer is null && !keeps) return null;
        var totals = session.Plans.TrainingMetrics.Read();
        if (totals.Samples > 0) NotFiniteException.Require(totals.MeanLoss);
        var state = loop.Capture();
        if (!state.IsFinite()) throw new NotFiniteException("a weight is not a finite number");
        if (keeps) Good = state;
        return state;
    }

    /// <summary>Saves a checkpoint when the run is cancelled, and tells so.</summary>
    public void SaveOnCancel(ITrainingObserver observer)
    {
        if (writer is null) return;
        try
        {
            Save();
            if (loop.Position.Step < loop.TotalSteps && loop.Position.Batch > 0)
                observer.OnMessage($"Checkpoint saved at step {loop.Position.Step}. To continue, use --resume {options.OutputFolder}.");
        }
        catch (NotFiniteException e)
        {
            observer.OnWarning($"No checkpoint was saved at step {loop.Position.Step}, because {e.Message}: training diverged. "
                + (writer.HasCheckpoint ? "The one before it is intact." : "There was none before it."));
        }
    }
}
