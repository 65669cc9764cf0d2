using Gpu.Kernels;
using Gpu.Kernels.Devices;
using Gpu.Training.Initialization;
using Gpu.Training.Planning;

namespace Gpu.Training.Loop;

/// <summary>Runs the optimizer steps of a run in their order: position, sample order and learning rate.</summary>
internal sealed class StepLoop
{
    private readonly TrainingSession _session;
    private readonly ResolvedOptions _resolved;
    private readonly EpochSchedule _schedule;

    public StepLoop(TrainingSession session, ResolvedOptions resolved)
    {
        var options = resolved.Options;
        (_session, _resolved) = (session, resolved);
        StepsPerEpoch = (session.BatchesPerEpoch + options.Accumulate - 1) / options.Accumulate;
        TotalSteps = options.Steps ?? (long)options.Epochs * StepsPerEpoch;
        _schedule = new EpochSchedule(LearningRateAt, session.BatchesPerEpoch, session.Batch, options.Accumulate, TotalSteps);
    }

    public int StepsPerEpoch { get; }

    public long TotalSteps { get; }

    /// <summary>The position of the next step.</summary>
    public LoopPosition Position { get; private set; } = new();

    /// <summary>Whether the epoch or the run has no more steps.</summary>
    public bool IsEpochComplete => Position.Batch >= _session.BatchesPerEpoch || Position.Step >= TotalSteps;

    private ComputeDevice Device => _session.Network.Device;

    /// <summary>Learning rate of a step, from 0.</summary>
    public float LearningRateAt(long step) => (float)(_resolved.Optimizer.LearningRate * Position.RateFactor * Position.Plateau.Factor
        * _resolved.Options.Schedule.FactorAt(step, _resolved.Options.Warmup, TotalSteps, StepsPerEpoch));

    /// <summary>Prepares the sample order, and at the start of the epoch its metrics.</summary>
    public void BeginEpoch()
    {
        if (_resolved.Options.Shuffle) _session.Train.Shuffle(NamedSeed.Of(_resolved.Options.Seed, "order"), Position.Epoch);
        if (Position.Batch == 0) Metrics.Reset(Device, _session.Plans.TrainingMetrics);
    }

    /// <summary>Runs the next optimizer step. Returns its number of samples.</summary>
    /// <param name="onBatch">Called after each batch with its plan and the batches of the step; null for none.</param>
    public int Step(Action<Plan, int>? onBatch)
    {
        var batches = BeginStep();
        var samples = 0;
        for (var i = 0; i < batches; i++)
        {
            // With one batch per step, the optimizer runs in the same recorded step.
            var plan = batches == 1 ? _session.TrainStep(_schedule) : _session.TrainBatch(_schedule);
            EndBatch();
            samples += plan.Batch;
            onBatch?.Invoke(plan, batches);
        }

        if (batches > 1) _session.ApplyGradients();
        (Position.Step, Position.Draw) = (_session.Counters.Step, _session.Counters.Draw);
        return samples;
    }

    /// <summary>
    /// Runs forward and backward pass of the next step operation by operation, without the optimizer. The position must be restored afterwards.
    /// </summary>
    public void Observe(PlanObserver observer)
    {
        var batches = BeginStep();
        for (var i = 0; i < batches; i++)
        {
            _session.ObserveBatch(_schedule, observer);
            EndBatch();
        }
    }

    /// <summary>Goes to the next epoch, unless a limit of steps ended this one early: then a resume with more steps continues within it.</summary>
    public void EndEpoch()
    {
        if (Position.Batch == _session.BatchesPerEpoch) (Position.Epoch, Position.Batch) = (Position.Epoch + 1, 0);
    }

    /// <summary>Copies the training state to the host.</summary>
    public TrainingState Capture() => _session.Capture(Position);

    /// <summary>Sets session and position to a state; null for the start of the run.</summary>
    public void Restore(TrainingState? state, bool resetsOptimizer = false)
    {
        if (state is null) _session.Initialize();
        else _session.Restore(state, resetsOptimizer);
        Position = state is null ? new LoopPosition() : state.Position with { };
    }

    /// <summary>Sets the training weights and the position, for a step that is run again.</summary>
    public void Restore(WeightValues weights, LoopPosition position)
    {
        _session.Weights.ReplaceTraining(weights);
        _session.ClearGradients();
        (_session.Counters.Step, _session.Counters.Draw) = (position.Step, position.Draw);
        Position = position with { };
    }

    private int BeginStep()
    {
        _schedule.BeginStep(Position);
        return Math.Min(_resolved.Options.Accumulate, _session.BatchesPerEpoch - Position.Batch);
    }

    private void EndBatch()
    {
        _schedule.NextBatch = ++Position.Batch;
        _schedule.Draw = _session.Counters.Draw;
    }
}
