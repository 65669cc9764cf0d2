namespace Gpu.Training.Loop;

/// <summary>Where a run stands after an optimizer step.</summary>
public readonly record struct StepProgress
{
    /// <summary>The epoch, from 1.</summary>
    public int Epoch { get; init; }

    /// <summary>Epochs of the run.</summary>
    public int Epochs { get; init; }

    /// <summary>Steps made in this epoch.</summary>
    public int StepInEpoch { get; init; }

    /// <summary>Steps of this epoch (fewer than those of a whole one when a limit of steps ends it).</summary>
    public int StepsInEpoch { get; init; }

    /// <summary>Steps made in the run, those before a resume included.</summary>
    public long Step { get; init; }

    /// <summary>Steps of the run.</summary>
    public long TotalSteps { get; init; }

    /// <summary>True when the loss was read from the device at this step (every <see cref="TrainingOptions.LogEvery"/> steps).</summary>
    public bool IsLogged { get; init; }

    /// <summary>Mean loss a sample between the last two readings; NaN before the first.</summary>
    public double Loss { get; init; }

    /// <summary>The learning rate of this step.</summary>
    public float LearningRate { get; init; }

    /// <summary>Training samples a second since training began; evaluation does not count.</summary>
    public double SamplesPerSecond { get; init; }

    /// <summary>Seconds of training, without evaluation.</summary>
    public double Seconds { get; init; }
}
