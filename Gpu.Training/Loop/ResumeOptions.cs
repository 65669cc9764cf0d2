namespace Gpu.Training.Loop;

/// <summary>What may differ when a run is resumed.</summary>
public sealed record ResumeOptions
{
    /// <summary>
    /// Allows what decides the result, and may change within a run, to differ: learning rate, schedule, regularization, augmentation, device, test data.
    /// </summary>
    public bool Override { get; init; }

    /// <summary>Starts the optimizer anew: its state is dropped, and it may be another one.</summary>
    public bool ResetOptimizer { get; init; }
}
