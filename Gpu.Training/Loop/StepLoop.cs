using Gpu.Kernels.Devices;
using Gpu.Training.Initialization;
using Gpu.Training.Models;
using Gpu.Training.Planning;

namespace Gpu.Training.Loop;

/// <summary>Runs the optimizer steps of a run in their order: position, sample order and learning rate.</summary>
internal sealed class StepLoop
{
    private readonly TrainingSession _session;
    private readonly ResolvedOptions _resolved;
    private readonly EpochSchedule _schedule;
    private readonly int _measuredEpochs;
    private Func<LayerStatistics[]>? _measure;

    public StepLoop(TrainingSession session, ResolvedOptions resolved)
    {
        var options = resolved.Options;
        (_session, _resolved) = (session, resolved);
        StepsPerEpoch = StepsOfEpoch(options, session.BatchesPerEpoch);
        TotalSteps = StepsOfRun(options, session.BatchesPerEpoch);
        _measuredEpochs = MeasuredEpochs(session.Network.Model, session.Train.Count);
        _schedule = new EpochSchedule(LearningRateAt, session.BatchesPerEpoch, session.Batch, options.Accumulate, TotalSteps);
    }

    public int StepsPerEpoch { get; }

    public long TotalSteps { get; }

    /// <summary>Optimizer steps of a run whose epochs have a number of batches.</summary>
    public static long StepsOfRun(TrainingOptions options, int batchesPerEpoch) =>
        options.Steps ?? (long)options.Epochs * StepsOfEpoch(options, batchesPerEpoch);

    private static int StepsOfEpoch(TrainingOptions options, int batchesPerEpoch) => (batchesPerEpoch + options.Accumulate - 1) / options.Accumulate;

    /// <summary>The position of the next step.</summary>
    public LoopPosition Position { get; private set; } = new();

    /// <summary>
    /// Whether the next step is measured: the last one of an epoch, of every epoch or of some (<see cref="MeasuredEpochs"/>). If its learning rate is 0, as at
    /// the end of a cosine, its update says nothing, and a step in the middle of the epoch is measured, too.
    /// </summary>
    public bool IsNextMeasured => _resolved.Options.Statistics
        && (Position.Step + 1 >= TotalSteps
            || (Position.Batch + _resolved.Options.Accumulate >= _session.BatchesPerEpoch && Position.Epoch % _measuredEpochs == 0)
            || IsNextMiddle);

    /// <summary>Whether the epoch or the run has no more steps.</summary>
    public bool IsEpochComplete => Position.Batch >= _session.BatchesPerEpoch || Position.Step >= TotalSteps;

    private ComputeDevice Device => _session.Network.Device;

    // Of an epoch that ends the run at a learning rate of 0.
    private bool IsNextMiddle
    {
        get
        {
            var first = (long)Position.Epoch * StepsPerEpoch;
            return TotalSteps - first <= StepsPerEpoch && TotalSteps - first > 1 && Position.Step == first + (TotalSteps - first) / 2 - 1
                && LearningRateAt(TotalSteps - 1) == 0;
        }
    }

    /// <summary>Learning rate of a step, from 0.</summary>
    public float LearningRateAt(long step) => (float)(_resolved.Optimizer.LearningRate * Position.RateFactor * Position.Plateau.Factor
        * _resolved.Options.Schedule.FactorAt(step, _resolved.Options.Warmup, TotalSteps, StepsPerEpoch));

    /// <summary>The mean learning rate of the steps of the current epoch so far.</summary>
    public double MeanLearningRate()
    {
        var (sum, count) = (0.0, 0L);
        for (var step = (long)Position.Epoch * StepsPerEpoch; step < Position.Step; step++, count++) sum += LearningRateAt(step);
        return count == 0 ? double.NaN : sum / count;
    }

    /// <summary>Prepares the sample order, and at the start of the epoch its metrics.</summary>
    public void BeginEpoch()
    {
        if (_resolved.Options.Shuffle) _session.Train.Shuffle(NamedSeed.Of(_resolved.Options.Seed, "order"), Position.Epoch);
        if (Position.Batch == 0) _session.ResetTrainingMetrics();
    }

    /// <summary>Runs the next optimizer step. Returns its number of samples.</summary>
    /// <param name="onBatch">Called after each batch with its plan and the batches of the step; null for none.</param>
    /// <param name="isMeasured">Whether to measure the parameters; then <see cref="MeasureStatistics"/> must follow.</param>
    public int Step(Action<Plan, int>? onBatch, bool isMeasured = false)
    {
        var learningRate = LearningRateAt(Position.Step);
        var batches = BeginStep();
        var samples = 0;
        for (var i = 0; i < batches; i++)
        {
            // With one batch per step, the optimizer runs in the same recorded step. The launches and their order are the same if it does not.
            var plan = batches == 1 && !isMeasured ? _session.TrainStep(_schedule) : _session.TrainBatch(_schedule);
            EndBatch();
            samples += plan.Batch;
            onBatch?.Invoke(plan, batches);
        }

        if (isMeasured) _measure = _session.ApplyMeasured(batches, learningRate);
        else if (batches > 1) _session.ApplyGradients();
        (Position.Step, Position.Draw) = (_session.Counters.Step, _session.Counters.Draw);
        if (_session.AutoDecay is { } decay && Position.Step % AutoDecay.Period == 0) Position.AutoDecay = decay.Update(Position.AutoDecay ?? decay.Start());
        return samples;
    }

    /// <summary>Measures the parameters after a measured step (<see cref="LoopPosition.Layers"/>). Waits until the device has finished.</summary>
    public void MeasureStatistics()
    {
        var layers = _measure?.Invoke();
        // The step in the middle of the epoch changed the weights.
        if (Position.Layers is { } middle && layers is not null && LearningRateAt(Position.Step - 1) == 0)
            layers = [.. layers.Zip(middle, (end, before) => end with { UpdateRatio = before.UpdateRatio })];
        (Position.Layers, _measure) = (layers, null);
    }

    /// <summary>
    /// Epochs from one that is measured to the next, so that measuring takes less than about 2 % of the time of a run. It depends on the sizes alone, so that a
    /// resumed run measures the same epochs.
    /// </summary>
    internal static int MeasuredEpochs(Model model, int samples)
    {
        // Times on a CPU in those of a multiply-add: a weight passes through 64 counts; launches take about 0.1 ms, the numbers and the histogram of a tensor
        // as text and in the report up to 0.07 ms, and saving an epoch takes about 4 ms.
        const double perWeight = 224, perMeasurement = 1.5e6, perTensor = 1.5e6, perEpoch = 8e7, share = 0.02;
        var measurement = perWeight * model.ParameterCount + perTensor * model.Parameters.Count(parameter => parameter.Trainable) + perMeasurement;
        var epoch = 3.0 * samples * model.MultiplyAdds + perEpoch;
        return (int)Math.Min(1000, Math.Ceiling(measurement / (share * epoch)));
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
        Position.Layers = null;
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
        ApplyDecay();
    }

    /// <summary>Sets the training weights and the position, for a step that is run again.</summary>
    public void Restore(WeightValues weights, LoopPosition position)
    {
        _session.Weights.ReplaceTraining(weights);
        _session.ClearGradients();
        (_session.Counters.Step, _session.Counters.Draw) = (position.Step, position.Draw);
        Position = position with { };
        ApplyDecay();
    }

    private void ApplyDecay()
    {
        if (_session.AutoDecay is { } decay) decay.Apply(Position.AutoDecay ?? decay.Start());
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
