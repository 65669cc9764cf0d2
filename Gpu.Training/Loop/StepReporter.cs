using Gpu.Kernels;
using Gpu.Kernels.Devices;

namespace Gpu.Training.Loop;

/// <summary>Tells an observer about the steps: their progress, how they are launched, and the loss scale.</summary>
/// <param name="observer">receives the reports</param>
/// <param name="device">the device</param>
/// <param name="session">what is trained</param>
/// <param name="loop">the steps</param>
/// <param name="clock">the time of the steps</param>
/// <param name="epochs">epochs of the run</param>
internal sealed class StepReporter(ITrainingObserver observer, ComputeDevice device, TrainingSession session, StepLoop loop, TrainingClock clock, int epochs)
{
    private readonly HashSet<RecordedStep> _reportedSteps = [];
    private LaunchMode? _reportedMode;
    private LossScaleState _lossScale;

    /// <summary>Tells how the steps are launched. That of a recorded step is known after its second run, which captures the graph.</summary>
    public void ReportLaunchMode()
    {
        if (session.LastStep is not { IsModeFinal: true } step || _reportedSteps.Contains(step)) return;
        _reportedSteps.Add(step);
        if (step.Mode == _reportedMode) return;
        _reportedMode = step.Mode;
        observer.OnDetail(step.Mode == LaunchMode.Graph
            ? $"A step has {step.LaunchCount} kernel launches, captured as one graph."
            : $"A step has {step.LaunchCount} kernel launches, launched one by one: {step.NoGraphReason}.");
    }

    /// <summary>Tells a change of the loss scale. Call it only where the loss is read anyway, since it waits for the device.</summary>
    public void ReportLossScale()
    {
        if (session.Plans.LossScale.IsEmpty) return;
        var state = LossScaling.Read(device, session.Plans.LossScale);
        if (state.Scale == _lossScale.Scale && state.Skipped == _lossScale.Skipped) return;
        _lossScale = state;
        observer.OnDetail($"Step {session.Counters.Step}: loss scale {state.Scale:N0}, {state.Skipped:N0} skipped updates.");
    }

    /// <summary>Tells the progress after a step.</summary>
    /// <param name="isLogged">whether the loss was read from the device</param>
    /// <param name="loss">the loss</param>
    /// <param name="learningRate">the learning rate of the step</param>
    public void Report(bool isLogged, double loss, float learningRate)
    {
        var stepsBefore = (long)loop.Position.Epoch * loop.StepsPerEpoch;
        var progress = new StepProgress
        {
            Epoch = loop.Position.Epoch + 1,
            Epochs = epochs,
            StepInEpoch = (int)(loop.Position.Step - stepsBefore),
            StepsInEpoch = (int)Math.Min(loop.StepsPerEpoch, loop.TotalSteps - stepsBefore),
            Step = loop.Position.Step,
            TotalSteps = loop.TotalSteps,
            IsLogged = isLogged,
            Loss = loss,
            LearningRate = learningRate,
            SamplesPerSecond = clock.SamplesPerSecond,
            Seconds = clock.TrainSeconds,
        };
        observer.OnStep(progress);
    }
}
