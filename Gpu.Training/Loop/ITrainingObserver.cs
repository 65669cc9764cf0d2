using Gpu.Kernels.Devices;

namespace Gpu.Training.Loop;

/// <summary>
/// Looks on while a <see cref="Trainer"/> works. The library itself prints nothing. Every method has an empty default; all are called on the thread
/// that trains, between two steps.
/// </summary>
public interface ITrainingObserver
{
    /// <summary>The run is about to begin: everything is allocated, nothing is trained yet.</summary>
    void OnStart(TrainingSummary summary)
    {
    }

    /// <summary>Kernels are being compiled, after <see cref="OnStart"/> and before the first step; the last call has all of them done.</summary>
    void OnCompilation(KernelCompilation progress)
    {
    }

    /// <summary>Something that only those want to know who asked for details: how steps are launched, say.</summary>
    void OnDetail(string message)
    {
    }

    /// <summary>An optimizer step was made. Called for every step: it should be quick, and allocate nothing.</summary>
    void OnStep(in StepProgress progress)
    {
    }

    /// <summary>An epoch, and its evaluation, has ended.</summary>
    void OnEpoch(EpochReport report)
    {
    }

    /// <summary>Something that people should know: early stopping, say, or that a checkpoint was written.</summary>
    void OnMessage(string message)
    {
    }
}
