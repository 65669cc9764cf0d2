namespace Gpu.Training.Loop;

/// <summary>The state of the training loop other than weights and optimizer state. A checkpoint stores it as JSON.</summary>
internal sealed record LoopPosition
{
    /// <summary>Epoch of the next batch, starting at 0.</summary>
    public int Epoch { get; set; }

    /// <summary>Batches completed in that epoch.</summary>
    public int Batch { get; set; }

    /// <summary>Optimizer steps completed.</summary>
    public long Step { get; set; }

    /// <summary>Training passes (forward and backward) completed; the random-number index of dropout and augmentation.</summary>
    public long Draw { get; set; }

    /// <summary>Best validation loss so far; infinity before the first evaluation.</summary>
    public double BestLoss { get; set; } = double.PositiveInfinity;

    /// <summary>Validation accuracy of the weights that gave <see cref="BestLoss"/>.</summary>
    public double BestAccuracy { get; set; }

    /// <summary>Epoch of the best weights, starting at 1; 0 before the first evaluation.</summary>
    public int BestEpoch { get; set; }

    /// <summary>Epochs since <see cref="BestEpoch"/>.</summary>
    public int EpochsSinceBest { get; set; }
}
