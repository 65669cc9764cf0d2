using Gpu.Kernels;
using Gpu.Kernels.Devices;
using Gpu.Training.Data;
using Gpu.Training.Data.Tables;
using Gpu.Training.Generation;
using Gpu.Training.Models;
using Gpu.Training.Planning;
using Gpu.Training.Runs;
using Gpu.Training.Weights;

namespace Gpu.Training.Loop;

/// <summary>Trains a model on a data set: loops over epochs and batches, evaluates, stops early and writes the run folder.</summary>
public sealed class Trainer : IDisposable
{
    private const int MaxRewinds = 5;
    private const double RewindFactor = 0.5;

    private readonly Model _model;
    private readonly Dataset _data;
    // Read at most once: a data set may be larger than memory.
    private readonly Lazy<DataFingerprints> _fingerprints;
    private readonly ComputeDevice _device;
    private readonly ResolvedOptions _resolved;
    private readonly ITrainingObserver _observer;
    private readonly TrainingSession _session;
    private readonly StepLoop _loop;
    private readonly TrainingClock _clock = new();
    private readonly List<EpochReport> _reports = [];
    private readonly LossLog _losses;
    private readonly RunWriter? _writer;
    private readonly string? _resumeNote;
    private readonly bool _isResumed;
    private readonly long _firstStep;
    private readonly int _epochs;
    private readonly Action<Plan, int>? _recordLoss;
    private readonly EpochImages? _images;
    private readonly StepReporter _steps;
    private readonly CheckpointSaver _checkpoints;

    private Evaluation? _lastEvaluation;
    private double _trainLoss = double.NaN;
    private WeightPenalty _penalty;
    private float _learningRate;
    private bool _isCollapsed;

    /// <summary>Checks the options, allocates device memory and creates the run folder. Training starts with <see cref="Run"/>.</summary>
    /// <param name="model">The model to train.</param>
    /// <param name="data">The data set.</param>
    /// <param name="device">The device to train on. The caller disposes it.</param>
    /// <param name="options">Training options.</param>
    /// <param name="observer">Receives progress; null for none.</param>
    /// <exception cref="TrainingException">An option is out of range, the data set does not fit the model, or the run folder cannot be written.</exception>
    /// <exception cref="RunLockedException">Another process trains in the run folder.</exception>
    /// <exception cref="OutOfDeviceMemoryException">The run does not fit into device memory. The message names a batch that fits.</exception>
    /// <exception cref="Weights.SafeTensorsException">The initial weights cannot be read, or none of them fits the model.</exception>
    public Trainer(Model model, Dataset data, ComputeDevice device, TrainingOptions options, ITrainingObserver? observer = null)
        : this(model, data, device, options, observer, null, null)
    {
    }

    /// <summary>
    /// Bytes of device memory that training needs at least, without the data and the state of the optimizer; null if a buffer would have more than 2^31 - 1
    /// values, so that no device can train it.
    /// </summary>
    /// <param name="model">the model</param>
    /// <param name="batch">samples of a batch, 1 or more</param>
    public static long? LeastBytes(Model model, int batch)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(batch);
        return new MemoryRequirements(model, new PlanSettings()).PlanBytes([batch], []) + sizeof(float) * ParameterMemory.WordsFor(model);
    }

    private Trainer(
        Model model, Dataset data, ComputeDevice device, TrainingOptions options, ITrainingObserver? observer, RunFolder? resumed, ResumeOptions? allowed)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(options);
        if (options.Activation is { } activation) model = model.With(new Activation(activation));
        if (options.WeightStandardization) model = model.WithWeightStandardization();
        _model = model;
        _device = device;
        _isResumed = resumed is not null;
        _observer = observer ?? new NullObserver();
        options = options with { Precision = SetPrecision(device, options.Precision) };
        _resolved = ResolvedOptions.Resolve(options, model, TaskModel.BinaryThreshold(data.Task, model.Recipe.Loss));
        data = WithNormalization(data, options, resumed);
        _data = TrainingData.Prepare(data, model, options);
        _fingerprints = new(() => DataFingerprints.Of(_data));
        if (options.ClassWeights is { } weighting)
        {
            var weights = weighting.Resolve(_data, Losses.LossFunction.Of(model.Recipe.Loss).Classes(model));
            _resolved = _resolved with { PlanSettings = _resolved.PlanSettings with { ClassWeights = weights } };
        }

        if (resumed is not null)
        {
            var before = ResolvedOptions.Resolve(resumed.Configuration.Options, model);
            ResumeCheck.Require(resumed, before, _resolved, _data, _fingerprints.Value, device, allowed ?? new ResumeOptions());
        }

        _writer = resumed is not null ? RunWriter.Continue(resumed) : options.OutputFolder is { } folder ? RunWriter.Create(folder, model) : null;
        try
        {
            _session = new TrainingSession(model, _data, device, _resolved);
            _loop = new StepLoop(_session, _resolved);
            _images = EpochImages.Create(_session, _data);
            _epochs = (int)((_loop.TotalSteps + _loop.StepsPerEpoch - 1) / _loop.StepsPerEpoch);
            _steps = new StepReporter(_observer, device, _session, _loop, _clock, _epochs);
            _checkpoints = new CheckpointSaver(_writer, _session, _loop, _resolved.Options);
            _losses = new LossLog(options.RecordLosses ? _loop.TotalSteps : 0, _session.Batch);
            if (options.RecordLosses) _recordLoss = (plan, batches) => _losses.Add(_device, plan, batches);
            if (resumed is not null) _resumeNote = RestoreCheckpoint(resumed, allowed?.ResetOptimizer == true);
            else _writer?.Start(Configuration(options), RecordedSplit.Of(data, _data), RecordedRows.Of(data, _data));
            _firstStep = _loop.Position.Step;
        }
        catch
        {
            _session?.Dispose();
            if (resumed is null) _writer?.Delete();
            _writer?.Dispose();
            throw;
        }
    }

    // Weights that tell the normalization that they were trained with keep it. A run that goes on keeps its own.
    private static Dataset WithNormalization(Dataset data, TrainingOptions options, RunFolder? resumed)
    {
        if (data is not ImageDataset images) return data;
        var statistics = resumed?.Configuration.Normalization
            ?? (options.InitFile is { } file && File.Exists(file) ? WeightMetadata.Normalization(file) : null);
        // The images of a run must have its channels, which the comparison of the data reports.
        return statistics is null || (resumed is not null && statistics.Mean.Length != images.Channels) ? data : images.WithStatistics(statistics);
    }

    /// <summary>The network being trained. After <see cref="Run"/> completes it has the best weights.</summary>
    public Network Network => _session.Network;

    /// <summary>The learning rate of a step, from 0, as schedule and warm-up give it.</summary>
    public float LearningRateAt(long step) => _loop.LearningRateAt(step);

    /// <summary>
    /// Resumes a run from its last checkpoint, which may be within an epoch. The result is bitwise identical to that of an uninterrupted run. A run that died
    /// before its first checkpoint starts again.
    /// </summary>
    /// <param name="runFolder">The run folder.</param>
    /// <param name="data">The data set of the run.</param>
    /// <param name="device">The device to train on. The caller disposes it.</param>
    /// <param name="change">Changes options, such as the number of epochs; null for none. They are stored with the next checkpoint.</param>
    /// <param name="observer">Receives progress; null for none.</param>
    /// <param name="allowed">What may differ from the run; null for nothing that decides the result but its length.</param>
    /// <exception cref="TrainingException">
    /// The folder is no run or is damaged, or the data or an option differs. Then the message is a table of the differences.
    /// </exception>
    /// <exception cref="RunLockedException">Another process trains in the run folder.</exception>
    public static Trainer Resume(
        string runFolder, Dataset data, ComputeDevice device, Func<TrainingOptions, TrainingOptions>? change = null, ITrainingObserver? observer = null,
        ResumeOptions? allowed = null)
    {
        var run = RunFolder.OpenToResume(runFolder);
        var options = run.Configuration.Options with { OutputFolder = runFolder };
        // A run that starts again needs its initial weights.
        if (run.Checkpoint is not null) options = options with { InitFile = null };
        return new Trainer(run.Model, data, device, change?.Invoke(options) ?? options, observer, run, allowed);
    }

    /// <summary>Trains until the last step, early stopping or cancellation. If there is a run folder, cancellation writes a checkpoint.</summary>
    /// <param name="cancellation">Checked before each step and each evaluation batch.</param>
    /// <exception cref="DivergenceException">The loss or a weight is NaN or infinite. What was saved before is unchanged.</exception>
    /// <exception cref="TrainingException">The run folder is gone or cannot be written. What was saved before is unchanged.</exception>
    public TrainingResult Run(CancellationToken cancellation = default)
    {
        _observer.OnStart(Summary());
        foreach (var message in _session.Messages) _observer.OnMessage(message);
        if (_resumeNote is not null) _observer.OnWarning(_resumeNote);
        if (_resolved.Options.Warmup > _loop.TotalSteps)
        {
            _observer.OnWarning($"The warm-up has {_resolved.Options.Warmup} steps, but the run only {_loop.TotalSteps}: the learning rate ends at "
                + $"{_loop.LearningRateAt(_loop.TotalSteps - 1):G4} instead of {_resolved.Optimizer.LearningRate:G4}. Use a shorter --warmup.");
        }
        if (_resolved.Rules.Describe(_model) is { } frozen) _observer.OnMessage(frozen);
        FinishCompilation();
        _clock.Start();
        _checkpoints.RestartInterval();
        while (true)
        {
            try
            {
                return RunToEnd(cancellation);
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                _checkpoints.SaveOnCancel(_observer);
                return Result(TrainingEnd.Cancelled, null);
            }
            catch (NotFiniteException e)
            {
                HandleDivergence(e);
            }
        }
    }

    /// <summary>Evaluates the weights that the network has on the training samples, without dropout and augmentation.</summary>
    internal Evaluation EvaluateTraining(CancellationToken cancellation) => _session.EvaluateTraining(_data, cancellation);

    /// <inheritdoc/>
    public void Dispose()
    {
        _images?.Dispose();
        _session.Dispose();
        _writer?.Dispose();
    }

    private TrainingResult RunToEnd(CancellationToken cancellation)
    {
        // A run that was cancelled while it evaluated its last epoch evaluates again.
        while (_loop.Position.Step < _loop.TotalSteps || (_loop.Position.Batch > 0 && _loop.Position.EvaluatedStep < _loop.Position.Step))
        {
            // Also true at the start, if the run was killed after it had stopped.
            if (_resolved.Options.Patience is { } patience && _loop.Position.EpochsSinceBest >= patience && _loop.Position.Batch == 0)
            {
                _observer.OnMessage($"Stopped early: the validation loss has not improved for {patience} epochs. The best was {_loop.Position.BestLoss:F4} in "
                    + $"epoch {_loop.Position.BestEpoch}.");
                return Result(TrainingEnd.StoppedEarly, FinalEvaluation(cancellation));
            }

            TrainEpoch(cancellation);
            FinishEpoch(cancellation);
        }

        return Result(TrainingEnd.Completed, FinalEvaluation(cancellation));
    }

    // Trains from the current position to the end of the epoch or run.
    private void TrainEpoch(CancellationToken cancellation)
    {
        _loop.BeginEpoch();
        _losses.BeginEpoch(_session.Plans.TrainingMetrics.Read());
        _clock.BeginEpoch();
        while (!_loop.IsEpochComplete)
        {
            cancellation.ThrowIfCancellationRequested();
            TrainStep();
            if (!_loop.IsEpochComplete && _checkpoints.IsDue) _checkpoints.Save();
        }
    }

    private void TrainStep()
    {
        _clock.Resume();
        var options = _resolved.Options;
        _learningRate = _loop.LearningRateAt(_loop.Position.Step);
        var isMeasured = _loop.IsNextMeasured;
        var samples = _loop.Step(_recordLoss, isMeasured);
        _steps.ReportLaunchMode();
        if (options.RecordLosses) NotFiniteException.Require(_losses.EndStep());
        // Also log the first step, so that the user sees a loss right away.
        var isLogged = _loop.Position.Step % options.LogEvery == 0 || double.IsNaN(_losses.Last);
        if (isLogged) _steps.ReportLossScale();
        var loss = _losses.Last;
        if (isLogged) NotFiniteException.Require(loss = _losses.ReadMean(_session.Plans.TrainingMetrics.Read()));
        else if (_observer.WantsLoss) loss = _losses.MeanSinceReading(_session.Plans.TrainingMetrics.Read());
        // The time of the steps does not include that of the measurement.
        if (isMeasured) _device.Synchronize();
        _clock.Pause(samples);
        if (isMeasured) _loop.MeasureStatistics();
        _steps.Report(isLogged, loss, _learningRate);
    }

    private void FinishEpoch(CancellationToken cancellation)
    {
        // Reading the metrics waits for the queued steps, so their time is counted.
        _clock.Resume();
        var totals = _session.Plans.TrainingMetrics.Read();
        var trainPixels = _session.Plans.TrainingMetrics.ReadPixels() is { } counts ? new PixelScores(counts) : null;
        var trainDivergence = _session.Plans.TrainingMetrics.ReadDivergence();
        _clock.Pause(0);
        NotFiniteException.Require(totals.MeanLoss);
        _clock.EndEpoch();
        _trainLoss = totals.MeanLoss;
        _penalty = _session.Update.MeasurePenalty();
        var position = _loop.Position;
        var epoch = position.Epoch + 1;
        var discriminator = _session.Discriminator?.Metrics.Read();
        if (discriminator is { } other) NotFiniteException.Require(other.MeanLoss, "loss of the discriminator");
        var (evaluation, weights, images) = Evaluate(epoch, cancellation);
        // Only now does the position change: if the evaluation is cancelled, a resumed run evaluates again.
        var isBest = _session.Validation is null || IsGenerator || evaluation.Loss < position.BestLoss;
        position.EpochsSinceBest = isBest ? 0 : position.EpochsSinceBest + 1;
        if (isBest)
        {
            if (_session.Validation is not null) (position.BestLoss, position.BestAccuracy) = (evaluation.Loss, evaluation.Accuracy);
            (position.BestEpoch, position.BestStep) = (epoch, position.Step);
            _session.Weights.Best = weights;
        }

        position.EvaluatedStep = position.Step;
        var (learningRate, meanRate) = (_loop.LearningRateAt(position.Step - 1), _loop.MeanLearningRate());
        position.Plateau = _resolved.Options.Schedule.Observe(position.Plateau, _session.Validation is null || IsGenerator ? totals.MeanLoss : evaluation.Loss);
        var layers = position.Layers;
        _loop.EndEpoch();
        _lastEvaluation = _session.Validation is null ? evaluation : null;
        var report = new EpochReport
        {
            Epoch = epoch,
            Epochs = _epochs,
            Step = position.Step,
            TrainLoss = totals.MeanLoss,
            Penalty = _penalty,
            WeightDecay = position.AutoDecay?.WeightDecay,
            TrainAccuracy = !TaskModel.HasAccuracy(_data.Task) ? double.NaN : trainPixels?.Accuracy ?? totals.Accuracy,
            TrainMeanIou = trainPixels?.MeanIou ?? double.NaN,
            MeanIou = evaluation.Pixels?.MeanIou ?? double.NaN,
            Diversity = images.Diversity,
            Frechet = images.Distance.Frechet,
            Precision = images.Distance.Precision,
            Recall = images.Distance.Recall,
            // The sum of the means of both halves.
            DiscriminatorLoss = 2 * discriminator?.MeanLoss ?? double.NaN,
            DiscriminatorAccuracy = discriminator?.Accuracy ?? double.NaN,
            TrainDivergence = trainDivergence,
            Divergence = evaluation.Divergence,
            TrainReconstruction = totals.MeanLoss - _resolved.PlanSettings.DivergenceFactor(_model) * trainDivergence,
            Reconstruction = evaluation.Loss - _resolved.PlanSettings.DivergenceFactor(_model) * evaluation.Divergence,
            EvaluatedOn = _session.Validation is null ? "test" : "validation",
            Loss = evaluation.Loss,
            Accuracy = evaluation.Accuracy,
            TopKAccuracy = evaluation.TopKAccuracy,
            TopK = evaluation.TopK,
            Rmse = evaluation.Rmse,
            R2 = evaluation.R2,
            Layers = layers,
            IsBest = isBest,
            LearningRate = learningRate,
            MeanLearningRate = meanRate,
            TrainSeconds = _clock.EpochSeconds,
            EvaluationSeconds = evaluation.Seconds,
            SamplesPerSecond = _clock.EpochSamplesPerSecond,
        };
        _reports.Add(report);
        var isDue = epoch % _resolved.Options.CheckpointEvery == 0 || position.Step >= _loop.TotalSteps;
        var state = isDue ? _checkpoints.Capture() : null;
        _writer?.SaveEpoch(report, weights, isBest, state);
        foreach (var picture in images.Pictures) _writer?.SavePicture(picture.Name, epoch, picture.Image);
        if (isDue) _checkpoints.RestartInterval();
        _observer.OnEpoch(report);
        WarnOfCollapse();
    }

    // Evaluates the weights that are saved, the average if there is one, and returns them, and what they make.
    private (Evaluation Evaluation, WeightValues Weights, (IReadOnlyList<RunPicture> Pictures, double Diversity, GenerationScores Distance) Images) Evaluate(
        int epoch, CancellationToken cancellation)
    {
        var weights = _session.Weights;
        weights.Use(weights.Evaluated);
        try
        {
            var evaluation = EvaluateSplit(_session.Validation ?? _session.Test, cancellation);
            if (!IsGenerator) NotFiniteException.Require(evaluation.Loss, _session.Validation is null ? "test loss" : "validation loss");
            var isJudged = _resolved.Options.FrechetEvery is { } every && (epoch % every == 0 || _loop.Position.Step >= _loop.TotalSteps);
            _images?.TakeWeights();
            return (evaluation, weights.DownloadCurrent(), (
                _writer is null ? [] : _images?.Draw() ?? [], _images?.Diversity() ?? double.NaN,
                isJudged ? _images!.Judge(cancellation) : GenerationScores.None));
        }
        finally
        {
            weights.Use(WeightSet.Training);
        }
    }

    // Once, until it has ended.
    private void WarnOfCollapse()
    {
        var message = Collapse.Describe(_reports);
        if (message is not null && !_isCollapsed) _observer.OnWarning(message);
        _isCollapsed = message is not null;
    }

    private bool IsGenerator => _data.Task == TaskKind.Generation;

    // A generator has no loss on images that it does not see.
    private Evaluation EvaluateSplit(DeviceSplit split, CancellationToken cancellation) => IsGenerator
        ? Evaluation.None : _session.Evaluator.Run(split, _session.EvaluationBatch, confusion: false, cancellation);

    // Leaves the best weights in the network, and evaluates them on the test split.
    private Evaluation FinalEvaluation(CancellationToken cancellation)
    {
        // After a resume at the end of a run without validation, the best weights are the last ones.
        _session.Weights.Use(_session.Weights.Best is null ? _session.Weights.Evaluated : WeightSet.Best);
        return _lastEvaluation ?? EvaluateSplit(_session.Test, cancellation);
    }

    // Goes back to the last good state, or throws.
    private void HandleDivergence(NotFiniteException cause)
    {
        var (options, noticed, rate) = (_resolved.Options, _loop.Position with { }, _learningRate);
        var good = _writer?.ReadCheckpoint(_session.Network) ?? _checkpoints.Good;
        var origin = options.LocatesDivergence ? DivergenceLocator.Find(_loop, _session, good, noticed.Step) : null;
        var where = origin is null
            ? $"The learning rate was {rate:G4}."
            : $"It began in step {origin.Step} with {origin.What}, at a learning rate of {origin.LearningRate:G4}.";
        var what = $"Training diverged: {cause.Message} at step {noticed.Step} (epoch {noticed.Epoch + 1}). {where}";
        if (options.OnDivergence == DivergenceAction.Rewind && noticed.Rewinds < MaxRewinds)
        {
            _loop.Restore(good);
            var position = _loop.Position;
            (position.RateFactor, position.Rewinds) = (noticed.RateFactor * RewindFactor, noticed.Rewinds + 1);
            _losses.Truncate((int)(position.Step - _firstStep));
            _reports.RemoveAll(report => report.Epoch > position.Epoch);
            _writer?.Rewind(position);
            _lastEvaluation = null;
            _checkpoints.RestartInterval();
            _observer.OnWarning($"{what} The run goes back to step {position.Step}, and continues with {position.RateFactor:G4} of its learning rate (rewind "
                + $"{position.Rewinds} of at most {MaxRewinds}).");
            return;
        }

        var advice = options.OnDivergence == DivergenceAction.Rewind ? $"After {MaxRewinds} rewinds the run stops. " : "";
        throw new DivergenceException(
            $"{what} {advice}Try a lower learning rate, warm-up (--warmup 100), gradient clipping (--clip-norm 1) or --on-divergence rewind. {Saved(good)}",
            origin?.Step, origin?.Layer);
    }

    private string Saved(TrainingState? good)
    {
        if (_writer is null) return "";
        var folder = _resolved.Options.OutputFolder!;
        if (good is null && _isResumed) return $"The run has no checkpoint yet: start it again with --resume {folder} and other options.";
        if (good is null)
        {
            // A run without checkpoint has nothing to continue, and would block its name.
            _writer.Delete();
            return $"Nothing was saved yet, so the run folder '{folder}' was removed.";
        }

        var best = good.Position.BestEpoch == 0 ? "" : $"The best weights are those of epoch {good.Position.BestEpoch}, in "
            + $"{Path.Combine(folder, RunFolder.BestFile)}. ";
        return $"{best}The checkpoint of step {good.Position.Step} is intact: to continue it, use --resume {folder} --override and a lower --lr.";
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

    // Returns what the user should know.
    private string? RestoreCheckpoint(RunFolder run, bool resetsOptimizer)
    {
        var configuration = Configuration(_resolved.Options with { InitFile = run.Configuration.Options.InitFile }) with
        {
            Dataset = run.Configuration.Dataset, DatasetSource = _resolved.Options.DatasetSource ?? run.Configuration.DatasetSource,
            Normalization = run.Configuration.Normalization, Transform = run.Configuration.Transform, Table = run.Configuration.Table,
        };
        if (run.Checkpoint is not { } path)
            return JoinNotes("The run was killed before its first checkpoint; it starts again.", _writer!.Resume(run, configuration, null));
        var checkpoint = Checkpoint.Read(path, _model, WeightValues.Allocate(Network), WeightValues.Allocate(Network));
        var state = checkpoint.State;
        state.Position.Require(path, _session.BatchesPerEpoch, _resolved.Options.Accumulate);
        if (state.Best is null && state.Position.BestEpoch > 0 && _session.Validation is not null)
            state = state with { Best = ReadBestWeights(run) };
        var note = _writer!.Resume(run, configuration, checkpoint with { State = state });
        _loop.Restore(state, resetsOptimizer);
        var totals = _session.Plans.TrainingMetrics.Read();
        if (state.Position.Epoch > 0 && state.Position.Batch == 0 && totals.Samples > 0)
            (_trainLoss, _penalty) = (totals.MeanLoss, _session.Update.MeasurePenalty());
        return JoinNotes(run.CheckpointNote, note);
    }

    // For checkpoints of versions that did not store them.
    private WeightValues ReadBestWeights(RunFolder run)
    {
        try
        {
            Checksums.Verify(run.Path, RunFolder.BestFile);
            var values = WeightValues.Allocate(Network);
            using var reader = new Weights.SafeTensorsReader(run.BestWeights);
            Weights.WeightFile.Read(reader, _model, values, "", null);
            return values;
        }
        catch (Weights.SafeTensorsException e)
        {
            throw new TrainingException($"The run '{run.Path}' cannot be resumed: its best weights cannot be read. {e.Message}", e);
        }
    }

    private static string? JoinNotes(params string?[] notes) => string.Join(' ', notes.Where(note => note is not null)) is { Length: > 0 } text ? text : null;

    private void FinishCompilation()
    {
        var compilation = _device.FinishCompilation(progress =>
        {
            if (progress.Done < progress.Total) _observer.OnCompilation(progress);
        });
        if (compilation.Total > 0) _observer.OnCompilation(compilation);
    }

    private RunConfiguration Configuration(TrainingOptions options) => new()
    {
        Model = _model.Name,
        Dataset = _data.Name,
        DatasetSource = options.DatasetSource,
        DataFingerprint = _fingerprints.Value.Train,
        ValidationFingerprint = _fingerprints.Value.Validation,
        TestFingerprint = _fingerprints.Value.Test,
        ClassNames = _data.ClassNames,
        Transform = (_data as ImageDataset)?.Transform,
        Normalization = (_data as ImageDataset)?.Statistics ?? new ChannelStatistics([], []),
        Task = _data.Task,
        Table = (_data as TableDataset)?.Schema,
        Device = _device.Id,
        Options = options,
    };

    /// <summary>Describes the run: what is trained on what, and the memory that is allocated.</summary>
    public TrainingSummary Summary() => new()
    {
        Model = _model.Name,
        Dataset = _data.Name,
        Device = _device.Description,
        Parameters = _model.ParameterCount,
        Layers = [.. _model.Nodes.SelectMany(node => node.Flatten()).Where(node => node.FindParameter("weight") is not null)
            .Select(node => $"{node.Name} {node.Output}")],
        TrainSamples = _data.Train.Count,
        ValidationSamples = _data.Validation?.Count ?? 0,
        TestSamples = _data.Test.Count,
        Classes = _data.Classes,
        SampleNoun = _data.Train.SampleNoun,
        Task = _data.Task,
        Batch = _session.Batch,
        Epochs = _epochs,
        StepsPerEpoch = _loop.StepsPerEpoch,
        TotalSteps = _loop.TotalSteps,
        FirstStep = _loop.Position.Step,
        Optimizer = _resolved.Optimizer,
        DecayFor = _resolved.Options.DecayFor,
        LearningRateScales = _resolved.Options.LearningRateScales,
        Freeze = _resolved.Options.Freeze,
        HasL1 = _resolved.Rules.HasL1,
        FindsDecay = _resolved.Options.AutoDecay,
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
        Epochs = _loop.Position.Epoch,
        Steps = _loop.Position.Step,
        TrainLoss = _trainLoss,
        Penalty = _penalty,
        WeightDecay = _loop.Position.AutoDecay?.Average,
        TestLoss = test?.Loss ?? double.NaN,
        Precision = _device.Precision,
        LossScale = _session.Plans.LossScale.IsEmpty ? null : LossScaling.Read(_device, _session.Plans.LossScale),
        TestAccuracy = test?.Accuracy ?? double.NaN,
        TestTopK = test?.TopKAccuracy ?? double.NaN,
        TopK = _resolved.Options.TopK,
        Task = _data.Task,
        TestRmse = test?.Rmse ?? double.NaN,
        TestR2 = test?.R2 ?? double.NaN,
        TestMeanIou = test?.Pixels?.MeanIou ?? double.NaN,
        BestEpoch = _loop.Position.BestEpoch,
        ValidationLoss = _session.Validation is null || _loop.Position.BestEpoch == 0 ? null : _loop.Position.BestLoss,
        ValidationAccuracy = _session.Validation is null || _loop.Position.BestEpoch == 0 ? null : _loop.Position.BestAccuracy,
        SamplesPerSecond = _clock.SamplesPerSecond,
        Seconds = _clock.TotalSeconds,
        TrainSeconds = _clock.TrainSeconds,
        Parameters = _model.ParameterCount,
        Run = _resolved.Options.OutputFolder,
        Losses = _resolved.Options.RecordLosses ? _losses.Recorded : null,
        Reports = _reports,
    };

    private sealed class NullObserver : ITrainingObserver;
}
