using Gpu.Kernels;
using Gpu.Kernels.Devices;
using Gpu.Training.Runs;

namespace Gpu.Training.Loop;

// What a run tells those who look on, and what it leaves written.
public sealed partial class Trainer
{
    private readonly HashSet<RecordedStep> _told = [];
    private LossScaleState _lossScale;
    private LaunchMode? _toldMode;

    private void FinishCompilation()
    {
        var compilation = _device.FinishCompilation(progress =>
        {
            if (progress.Done < progress.Total) _observer.OnCompilation(progress);
        });
        if (compilation.Total > 0) _observer.OnCompilation(compilation);
    }

    // How the steps are launched is known after the second of each kind.
    private void TellLaunching()
    {
        if (_session.LastStep is not { IsSettled: true } step || _told.Contains(step)) return;
        _told.Add(step);
        if (step.Mode == _toldMode) return;
        _toldMode = step.Mode;
        _observer.OnDetail(step.Mode == LaunchMode.Graph
            ? $"The {step.LaunchCount} launches of a step are captured as a graph and launched as one."
            : $"The {step.LaunchCount} launches of a step are launched one by one: {step.WhyNoGraph}.");
    }

    // Whoever asks for details hears of every change that is seen; the device is read where the loss is read, too.
    private void TellLossScale()
    {
        if (_session.Plans.LossScale.IsEmpty) return;
        var state = LossScaling.Read(_device, _session.Plans.LossScale);
        if (state.Scale == _lossScale.Scale && state.Skipped == _lossScale.Skipped) return;
        _lossScale = state;
        _observer.OnDetail($"Step {_session.Counters.Step}: the loss scale is {state.Scale:N0}; {state.Skipped:N0} updates were skipped.");
    }

    private void Report(bool isLogged)
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
        DataFingerprint = TrainingData.Fingerprint(_data),
        ClassNames = _data.ClassNames,
        Normalization = _data.Statistics,
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
}
