namespace Gpu.Training.Loop;

/// <summary>Where a run stands, besides its weights and optimizer state: what a checkpoint keeps in words.</summary>
internal sealed record LoopPosition
{
    /// <summary>The epoch that the next batch belongs to, from 0.</summary>
    public int Epoch { get; set; }

    /// <summary>Batches of that epoch that were trained.</summary>
    public int Batch { get; set; }

    /// <summary>Optimizer steps made.</summary>
    public long Step { get; set; }

    /// <summary>Passes in training made.</summary>
    public long Draw { get; set; }

    /// <summary>The best validation loss so far; infinity before the first.</summary>
    public double BestLoss { get; set; } = double.PositiveInfinity;

    /// <summary>The accuracy beside <see cref="BestLoss"/>.</summary>
    public double BestAccuracy { get; set; }

    /// <summary>The epoch of the best weights, from 1; 0 before the first.</summary>
    public int BestEpoch { get; set; }

    /// <summary>Epochs since then.</summary>
    public int EpochsSinceBest { get; set; }
}
