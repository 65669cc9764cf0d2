namespace Gpu.Training.Loop;

/// <summary>What a run is going to do.</summary>
public sealed record TrainingSummary
{
    /// <summary>The model's name.</summary>
    public required string Model { get; init; }

    /// <summary>The data set's name.</summary>
    public required string Dataset { get; init; }

    /// <summary>The device in words.</summary>
    public required string Device { get; init; }

    /// <summary>Trainable numbers.</summary>
    public required long Parameters { get; init; }

    /// <summary>Images to train on.</summary>
    public required int TrainSamples { get; init; }

    /// <summary>Images to validate on, 0 for none.</summary>
    public required int ValidationSamples { get; init; }

    /// <summary>Images to test on.</summary>
    public required int TestSamples { get; init; }

    /// <summary>Samples a batch.</summary>
    public required int Batch { get; init; }

    /// <summary>Epochs, the last of which may be cut short by a limit of steps.</summary>
    public required int Epochs { get; init; }

    /// <summary>Optimizer steps an epoch.</summary>
    public required int StepsPerEpoch { get; init; }

    /// <summary>Optimizer steps of the run.</summary>
    public required long TotalSteps { get; init; }

    /// <summary>Optimizer steps that were made before, 0 unless resumed.</summary>
    public required long FirstStep { get; init; }

    /// <summary>The optimizer with its numbers.</summary>
    public required OptimizerOptions Optimizer { get; init; }

    /// <summary>The schedule.</summary>
    public required LearningRateSchedule Schedule { get; init; }

    /// <summary>Bytes on the device: parameters, gradients, optimizer state, activations, data.</summary>
    public required long DeviceBytes { get; init; }

    /// <summary>The run folder, or null.</summary>
    public required string? Run { get; init; }
}
