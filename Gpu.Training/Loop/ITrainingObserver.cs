using Gpu.Kernels.Devices;

namespace Gpu.Training.Loop;

/// <summary>
/// Receives progress of a <see cref="Trainer"/>. The library itself prints nothing. Every method has an empty default implementation. All methods are called
/// on the training thread, between two steps.
/// </summary>
public interface ITrainingObserver
{
    /// <summary>Called before training starts, when all device memory is allocated.</summary>
    void OnStart(TrainingSummary summary)
    {
    }

    /// <summary>Called while kernels are compiled, after <see cref="OnStart"/> and before the first step. In the last call all of them are done.</summary>
    void OnCompilation(KernelCompilation progress)
    {
    }

    /// <summary>Diagnostic message for verbose output, such as how steps are launched.</summary>
    void OnDetail(string message)
    {
    }

    /// <summary>
    /// Whether the next <see cref="OnStep"/> needs a fresh <see cref="StepProgress.Loss"/> between two readings (<see cref="TrainingOptions.LogEvery"/>). Asked
    /// after every step; reading the loss waits for the device.
    /// </summary>
    bool WantsLoss => false;

    /// <summary>Called after every optimizer step. Implementations should be fast and not allocate.</summary>
    void OnStep(in StepProgress progress)
    {
    }

    /// <summary>Called after each epoch and its evaluation.</summary>
    void OnEpoch(EpochReport report)
    {
    }

    /// <summary>Message for the user, such as early stopping or a written checkpoint.</summary>
    void OnMessage(string message)
    {
    }

    /// <summary>Warning for the user, such as a warm-up that is longer than the run.</summary>
    void OnWarning(string message)
    {
    }
}
