using Gpu.Kernels;
using Gpu.Kernels.Devices;
using Gpu.Training.Data;
using Gpu.Training.Data.Tables;
using Gpu.Training.Initialization;
using Gpu.Training.Models;
using Gpu.Training.Planning;
using Gpu.Training.Runs;

namespace Gpu.Training.Loop;

/// <summary>Trains a model on a data set: loops over epochs and batches, evaluates, stops early and writes the run folder.</summary>
public sealed class Trainer : IDisposable
{
    private readonly Model _model;
    private readonly Dataset _data;
    private readonly ComputeDevice _device;
    private readonly ResolvedOptions _resolved;
    private readonly ITrainingObserver _observer;
    private readonly TrainingSession _session;
    private readonly WeightSnapshot _bestWeights;
    private readonly WeightSnapshot? _trainedWeights;
    private readonly TrainingClock _clock = new();
    private readonly List<EpochReport> _reports = [];
    private readonly LossLog _losses;
    private readonly EpochSchedule _schedule;
    private readonly int _stepsPerEpoch;
    private readonly long _totalSteps;
    private readonly int _epochs;
    private readonly HashSet<RecordedStep> _reportedSteps = [];
    private LoopPosition _position = new();
    private RunWriter? _writer;
    private Evaluation? _lastEvaluation;
    private double _trainLoss = double.NaN;
    private float _learningRate;
    private LossScaleState _lossScale;
    private LaunchMode? _reportedMode;

    /// <summary>Checks the options, allocates device memory and creates the run folder. Training starts with <see cref="Run"/>.</summary>
    /// <param name="model">The model to train.</param>
    /// <param name="data">The data set.</param>
    /// <param name="device">The device to train on. The caller disposes it.</param>
    /// <param name="options">Training options.</param>
    /// <param name="observer">Receives progress; null for none.</param>
    /// <exception cref="TrainingException">An option is out of range, the data set does not fit the model, or the run folder cannot be written.</exception>
    /// <exception cref="OutOfDeviceMemoryException">The run does not fit into device memory. The message names a batch that fits.</exception>
    /// <exception cref="Weights.SafeTensorsException">The initial weights cannot be read, or none of them fits the model.</exception>
    public Trainer(Model model, Dataset data, ComputeDevice device, TrainingOptions options, ITrainingObserver? observer = null)
        : this(model, data, device, options, observer, null)
    {
    }

    private Trainer(Model model, Dataset data, ComputeDevice device, TrainingOptions options, ITrainingObserver? observer, RunFolder? resumed)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(options);
        _model = model;
        _device = device;
        _observer = observer ?? new NullObserver();
        options = options with { Precision = SetPrecision(device, options.Precision) };
        _resolved = ResolvedOptions.Resolve(options, model, TaskModel.BinaryThreshold(data.Task, model.Recipe.Loss));
        _data = TrainingData.Prepare(data, model, options);
        if (options.ClassWeights is { } weighting)
        {
            var weights = weighting.Resolve(_data, model.Output.Length);
            _resolved = _resolved with { PlanSettings = _resolved.PlanSettings with { ClassWeights = weights } };
        }

        _session = new TrainingSession(model, _data, device, _resolved);
        try
        {
            _bestWeights = new WeightSnapshot(_session.Network);
            _trainedWeights = options.Ema is null ? null : new WeightSnapshot(_session.Network);
            _stepsPerEpoch = (_session.BatchesPerEpoch + options.Accumulate - 1) / options.Accumulate;
            _totalSteps = options.Steps ?? (long)options.Epochs * _stepsPerEpoch;
            _epochs = (int)((_totalSteps + _stepsPerEpoch - 1) / _stepsPerEpoch);
            _losses = new LossLog(options.RecordLosses ? _totalSteps : 0, _session.Batch);
            _schedule = new EpochSchedule(LearningRateAt, _session.BatchesPerEpoch, _session.Batch, options.Accumulate, _totalSteps);
            if (resumed is not null) RestoreCheckpoint(resumed);
            else if (options.OutputFolder is { } folder) _writer = RunWriter.Create(
                folder, Configuration(options), model, RecordedSplit.Of(data, _data), RecordedRows.Of(data, _data));
        }
        catch
        {
            _session.Dispose();
            throw;
        }
    }

    /// <summary>The network being trained. After <see cref="Run"/> completes it has the best weights.</summary>
    public Network Network => _session.Network;

    /// <summary>Resumes a run from its last checkpoint. The result is bitwise identical to that of an uninterrupted run.</summary>
    /// <param name="runFolder">The run folder.</param>
    /// <param name="data">The data set of the run.</param>
    /// <param name="device">The device to train on. The caller disposes it.</param>
    /// <param name="change">Changes options, such as the number of epochs; null for none.</param>
    /// <param name="observer">Receives progress; null for none.</param>
    /// <exception cref="TrainingException">The folder has no checkpoint, the training images differ, or an option changed that must stay the same.</exception>
    public static Trainer Resume(
        string runFolder, Dataset data, ComputeDevice device, Func<TrainingOptions, TrainingOptions>? change = null, ITrainingObserver? observer = null)
    {
        var run = RunFolder.Open(runFolder);
        if (!run.HasCheckpoint) throw new TrainingException($"The run '{runFolder}' has no {RunFolder.CheckpointFile}: it ended before its first "
            + "checkpoint. Start a new run.");
        var options = run.Configuration.Options with { OutputFolder = runFolder, InitFile = null };
        var changed = change?.Invoke(options) ?? options;
        TrainingData.RequireResumable(options, changed);
        return new Trainer(run.Model, data, device, changed, observer, run);
    }

    /// <summary>Trains until the last step, early stopping or cancellation. If there is a run folder, cancellation writes a checkpoint.</summary>
    /// <param name="cancellation">Checked before each step and each evaluation batch.</param>
    /// <exception cref="TrainingException">The loss is NaN or infinite. The saved best weights are unchanged.</exception>
    public TrainingResult Run(CancellationToken cancellation = default)
    {
        _observer.OnStart(Summary());
        foreach (var message in _session.Messages) _observer.OnMessage(message);
        if (_resolved.Selection.Describe(_model) is { } frozen) _observer.OnMessage(frozen);
        FinishCompilation();
        _clock.Start();
        var end = TrainingEnd.Completed;
        try
        {
            while (_position.Step < _totalSteps)
            {
                if (!TrainEpoch(cancellation))
                {
                    end = TrainingEnd.Cancelled;
                    break;
                }

                FinishEpoch(cancellation);
                if (_resolved.Options.Patience is { } patience && _position.EpochsSinceBest >= patience && _position.Step < _totalSteps)
                {
                    _observer.OnMessage($"Stopped early: the validation loss has not improved for {patience} epochs. The best was {_position.BestLoss:F4} in "
                        + $"epoch {_position.BestEpoch}.");
                    end = TrainingEnd.StoppedEarly;
                    break;
                }
            }

            return Result(end, end == TrainingEnd.Cancelled ? null : FinalEvaluation(cancellation));
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            SaveCheckpoint();
            return Result(TrainingEnd.Cancelled, null);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _session.Dispose();

    // Trains from the current position to the end of the epoch or run. Returns false if cancelled, after writing a checkpoint.
    private bool TrainEpoch(CancellationToken cancellation)
    {
        var options = _resolved.Options;
        var batches = _session.BatchesPerEpoch;
        if (options.Shuffle) _session.Train.Shuffle(NamedSeed.Of(options.Seed, "order"), _position.Epoch);
        if (_position.Batch == 0) Metrics.Reset(_device, _session.Plans.TrainingMetrics);
        _losses.BeginEpoch(Metrics.Read(_device, _session.Plans.TrainingMetrics));
        _clock.BeginEpoch();
        while (_position.Batch < batches && _position.Step < _totalSteps)
        {
            if (cancellation.IsCancellationRequested)
            {
                SaveCheckpoint();
                return false;
            }

            TrainStep(Math.Min(options.Accumulate, batches - _position.Batch));
        }

        return true;
    }

    private void TrainStep(int batches)
    {
        _clock.Resume();
        var options = _resolved.Options;
        _learningRate = LearningRateAt(_position.Step);
        var samples = 0;
        _schedule.BeginStep(_position);
        for (var i = 0; i < batches; i++)
        {
            // With one batch per step, the optimizer runs in the same recorded step.
            var plan = batches == 1 ? _session.TrainStep(_schedule) : _session.TrainBatch(_schedule);
            _schedule.NextBatch = ++_position.Batch;
            _schedule.Draw = _session.Counters.Draw;
            samples += plan.Batch;
            if (options.RecordLosses) _losses.Add(_device, plan, batches);
        }

        if (batches > 1) _session.ApplyGradients();
        ReportLaunchMode();
        (_position.Step, _position.Draw) = (_session.Counters.Step, _session.Counters.Draw);
        if (options.RecordLosses) RequireFinite(_losses.EndStep());
        // Also log the first step, so that the user sees a loss right away.
        var isLogged = _position.Step % options.LogEvery == 0 || double.IsNaN(_losses.Last);
        if (isLogged) ReportLossScale();
        if (isLogged) RequireFinite(_losses.ReadMean(Metrics.Read(_device, _session.Plans.TrainingMetrics)));
        _clock.Pause(samples);
        ReportStep(isLogged);
    }

    private float LearningRateAt(long step) => (float)(_resolved.Optimizer.LearningRate
        * _resolved.Options.Schedule.FactorAt(step, _resolved.Options.Warmup, _totalSteps, _stepsPerEpoch));

    private void FinishEpoch(CancellationToken cancellation)
    {
        // Reading the metrics waits for the queued steps, so their time is counted.
        _clock.Resume();
        var totals = Metrics.Read(_device, _session.Plans.TrainingMetrics);
        _clock.Pause(0);
        RequireFinite(totals.MeanLoss);
        _clock.EndEpoch();
        _trainLoss = totals.MeanLoss;
        var epoch = _position.Epoch + 1;
        var evaluation = WithAveragedWeights(() => EvaluateAndSave(epoch, cancellation));
        if (_position.Batch == _session.BatchesPerEpoch)
        {
            // If a step limit ended the epoch early, keep the position: a resume with more steps continues in the middle of the epoch.
            (_position.Epoch, _position.Batch) = (epoch, 0);
        }

        _lastEvaluation = _session.Validation is null ? evaluation : null;
        var report = new EpochReport
        {
            Epoch = epoch,
            Epochs = _epochs,
            Step = _position.Step,
            TrainLoss = totals.MeanLoss,
            TrainAccuracy = _data.Task == TaskKind.Regression ? double.NaN : totals.Accuracy,
            EvaluatedOn = _session.Validation is null ? "test" : "validation",
            Loss = evaluation.Loss,
            Accuracy = evaluation.Accuracy,
            TopKAccuracy = evaluation.TopKAccuracy,
            TopK = evaluation.TopK,
            Rmse = evaluation.Rmse,
            R2 = evaluation.R2,
            IsBest = _position.EpochsSinceBest == 0,
            LearningRate = LearningRateAt(_position.Step - 1),
            TrainSeconds = _clock.EpochSeconds,
            EvaluationSeconds = evaluation.Seconds,
            SamplesPerSecond = _clock.EpochSamplesPerSecond,
        };
        _reports.Add(report);
        _writer?.Add(report);
        if (epoch % _resolved.Options.CheckpointEvery == 0 || _position.Step >= _totalSteps) SaveCheckpoint();
        _observer.OnEpoch(report);
    }

    // Evaluates and saves the weights. The best weights are those with the lowest validation loss, or the latest if there is no validation split.
    private Evaluation EvaluateAndSave(int epoch, CancellationToken cancellation)
    {
        // If cancelled here, the position is still at the end of the epoch, so a resumed run evaluates again.
        var evaluation = _session.Evaluator.Run(_session.Validation ?? _session.Test, _session.EvaluationBatch, confusion: false, cancellation);
        RequireFinite(evaluation.Loss);
        var isBest = _session.Validation is null || evaluation.Loss < _position.BestLoss;
        _position.EpochsSinceBest = isBest ? 0 : _position.EpochsSinceBest + 1;
        if (isBest)
        {
            if (_session.Validation is not null) (_position.BestLoss, _position.BestAccuracy) = (evaluation.Loss, evaluation.Accuracy);
            _position.BestEpoch = epoch;
            _bestWeights.Capture();
            _writer?.WriteBest(Network, epoch, _position.Step);
        }

        _writer?.WriteLast(Network, epoch, _position.Step);
        return evaluation;
    }

    // With EMA, evaluation and saved files use the averaged weights.
    private T WithAveragedWeights<T>(Func<T> action)
    {
        if (_trainedWeights is null) return action();
        _trainedWeights.Capture();
        _trainedWeights.LoadAverage(_session.Update.Average);
        try
        {
            return action();
        }
        finally
        {
            _trainedWeights.Restore();
        }
    }

    // Restores the best weights and evaluates them on the test split.
    private Evaluation? FinalEvaluation(CancellationToken cancellation)
    {
        if (_bestWeights.HasValue) _bestWeights.Restore();
        return _lastEvaluation ?? _session.Evaluator.Run(_session.Test, _session.EvaluationBatch, confusion: false, cancellation);
    }

    private void RequireFinite(double loss)
    {
        if (double.IsFinite(loss)) return;
        var saved = _position.BestEpoch == 0 ? "Nothing was saved yet." : $"The best weights are those of epoch {_position.BestEpoch}"
            + (_resolved.Options.OutputFolder is { } folder ? $", in {Path.Combine(folder, RunFolder.BestFile)}." : ".");
        throw new TrainingException(
            $"The loss is {(double.IsNaN(loss) ? "NaN" : "infinite")} at step {_position.Step}: training diverged at a learning rate of {_learningRate:G4}. "
            + $"Try a lower learning rate, warm-up (--warmup 100) or gradient clipping (--clip-norm 1). {saved}");
    }

    private void SaveCheckpoint()
    {
        if (_writer is null) return;
        _writer.WriteCheckpoint(_session, _position);
        if (_position.Step < _totalSteps && _position.Batch > 0) _observer.OnMessage($"Checkpoint saved at step {_position.Step}. To continue, use "
            + $"--resume {_resolved.Options.OutputFolder}.");
    }

    private static MatrixPrecision SetPrecision(ComputeDevice device, MatrixPrecision? precision)
    {
        try
        {
            return device.Precision = precision ?? device.Precision;
        }
        catch (ArgumentException e)
        {
            throw new TrainingException(e.Message, e);
        }
    }

    private void RestoreCheckpoint(RunFolder run)
    {
        var fingerprint = _data.Fingerprint;
        if (run.Configuration.DataFingerprint != fingerprint)
        {
            throw new TrainingException(
                $"The run was trained on different {_data.Train.SampleNoun} ('{run.Configuration.Dataset}', {run.Configuration.DataFingerprint}) from these "
                + $"('{_data.Name}', {fingerprint}). Resume it with the same data set and limits.");
        }

        _position = Checkpoint.Load(_session, run.CheckpointPath);
        (_session.Counters.Step, _session.Counters.Draw) = (_position.Step, _position.Draw);
        _writer = RunWriter.Continue(run.Path,
            run.Configuration with { Options = _resolved.Options with { InitFile = run.Configuration.Options.InitFile } }, _position.Epoch);
        if (_position.BestEpoch > 0 && _session.Validation is not null && File.Exists(run.BestWeights))
        {
            var current = new WeightSnapshot(Network);
            current.Capture();
            Weights.WeightFile.Load(Network, run.BestWeights);
            _bestWeights.Capture();
            current.Restore();
        }
    }


    private void FinishCompilation()
    {
        var compilation = _device.FinishCompilation(progress =>
        {
            if (progress.Done < progress.Total) _observer.OnCompilation(progress);
        });
        if (compilation.Total > 0) _observer.OnCompilation(compilation);
    }

    // The launch mode of a recorded step is known after its second run, which captures the graph.
    private void ReportLaunchMode()
    {
        if (_session.LastStep is not { IsModeFinal: true } step || _reportedSteps.Contains(step)) return;
        _reportedSteps.Add(step);
        if (step.Mode == _reportedMode) return;
        _reportedMode = step.Mode;
        _observer.OnDetail(step.Mode == LaunchMode.Graph
            ? $"A step has {step.LaunchCount} kernel launches, captured as one graph."
            : $"A step has {step.LaunchCount} kernel launches, launched one by one: {step.NoGraphReason}.");
    }

    // Called only where the loss is read anyway, since it waits for the device.
    private void ReportLossScale()
    {
        if (_session.Plans.LossScale.IsEmpty) return;
        var state = LossScaling.Read(_device, _session.Plans.LossScale);
        if (state.Scale == _lossScale.Scale && state.Skipped == _lossScale.Skipped) return;
        _lossScale = state;
        _observer.OnDetail($"Step {_session.Counters.Step}: loss scale {state.Scale:N0}, {state.Skipped:N0} skipped updates.");
    }

    private void ReportStep(bool isLogged)
    {
        var stepsBefore = (long)_position.Epoch * _stepsPerEpoch;
        var progress = new StepProgress
        {
            Epoch = _position.Epoch + 1,
            Epochs = _epochs,
            StepInEpoch = (int)(_position.Step - stepsBefore),
            StepsInEpoch = (int)Math.Min(_stepsPerEpoch, _totalSteps - stepsBefore),
            Step = _position.Step,
            TotalSteps = _totalSteps,
            IsLogged = isLogged,
            Loss = _losses.Last,
            LearningRate = _learningRate,
            SamplesPerSecond = _clock.SamplesPerSecond,
            Seconds = _clock.TrainSeconds,
        };
        _observer.OnStep(progress);
    }

    private RunConfiguration Configuration(TrainingOptions options) => new()
    {
        Model = _model.Name,
        Dataset = _data.Name,
        DatasetSource = options.DatasetSource,
        DataFingerprint = _data.Fingerprint,
        ClassNames = _data.ClassNames,
        Transform = (_data as ImageDataset)?.Transform,
        Normalization = (_data as ImageDataset)?.Statistics ?? new ChannelStatistics([], []),
        Task = _data.Task,
        Table = (_data as TableDataset)?.Schema,
        Device = _device.Id,
        Options = options,
    };

    private TrainingSummary Summary() => new()
    {
        Model = _model.Name,
        Dataset = _data.Name,
        Device = _device.Description,
        Parameters = _model.ParameterCount,
        TrainSamples = _data.Train.Count,
        ValidationSamples = _data.Validation?.Count ?? 0,
        TestSamples = _data.Test.Count,
        Classes = _data.Classes,
        SampleNoun = _data.Train.SampleNoun,
        Task = _data.Task,
        Batch = _session.Batch,
        Epochs = _epochs,
        StepsPerEpoch = _stepsPerEpoch,
        TotalSteps = _totalSteps,
        FirstStep = _position.Step,
        Optimizer = _resolved.Optimizer,
        Schedule = _resolved.Options.Schedule,
        DeviceBytes = _device.AllocatedBytes,
        Run = _resolved.Options.OutputFolder,
    };

    private TrainingResult Result(TrainingEnd end, Evaluation? test) => new()
    {
        End = end,
        Model = _model.Name,
        Dataset = _data.Name,
        Device = _device.Id,
        Epochs = _position.Epoch,
        Steps = _position.Step,
        TrainLoss = _trainLoss,
        TestLoss = test?.Loss ?? double.NaN,
        Precision = _device.Precision,
        LossScale = _session.Plans.LossScale.IsEmpty ? null : LossScaling.Read(_device, _session.Plans.LossScale),
        TestAccuracy = test?.Accuracy ?? double.NaN,
        TestTopK = test?.TopKAccuracy ?? double.NaN,
        TopK = _resolved.Options.TopK,
        Task = _data.Task,
        TestRmse = test?.Rmse ?? double.NaN,
        TestR2 = test?.R2 ?? double.NaN,
        BestEpoch = _position.BestEpoch,
        ValidationLoss = _session.Validation is null || _position.BestEpoch == 0 ? null : _position.BestLoss,
        ValidationAccuracy = _session.Validation is null || _position.BestEpoch == 0 ? null : _position.BestAccuracy,
        SamplesPerSecond = _clock.SamplesPerSecond,
        Seconds = _clock.TotalSeconds,
        Parameters = _model.ParameterCount,
        Run = _resolved.Options.OutputFolder,
        Losses = _resolved.Options.RecordLosses ? _losses.Recorded : null,
        Reports = _reports,
    };

    private sealed class NullObserver : ITrainingObserver;
}
