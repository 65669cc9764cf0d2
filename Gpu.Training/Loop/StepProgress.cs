namespace Gpu.Training.Loop;

/// <summary>Progress of a run after an optimizer step.</summary>
public readonly record struct StepProgress
{
    /// <summary>The epoch, starting at 1.</summary>
    public int Epoch { get; init; }

    /// <summary>Number of epochs of the run.</summary>
    public int Epochs { get; init; }

    /// <summary>Steps completed in this epoch.</summary>
    public int StepInEpoch { get; init; }

    /// <summary>Steps of this epoch; fewer than in a full epoch if <see cref="TrainingOptions.Steps"/> ends it early.</summary>
    public int StepsInEpoch { get; init; }

    /// <summary>Steps completed in the run, including those before a resume.</summary>
    public long Step { get; init; }

    /// <summary>Total steps of the run.</summary>
    public long TotalSteps { get; init; }

    /// <summary>True if the loss was read from the device at this step: every <see cref="TrainingOptions.LogEvery"/> steps and at the first one.</summary>
    public bool IsLogged { get; init; }

    /// <summary>
    /// Mean loss per sample: of the samples since the last reading if the observer wants it (<see cref="ITrainingObserver.WantsLoss"/>), else between the last
    /// two readings; NaN before the first.
    /// </summary>
    public double Loss { get; init; }

    /// <summary>The learning rate of this step.</summary>
    public float LearningRate { get; init; }

    /// <summary>Training samples per second since the start, without evaluation.</summary>
    public double SamplesPerSecond { get; init; }

    /// <summary>Training time in seconds, without evaluation.</summary>
    public double Seconds { get; init; }
}
