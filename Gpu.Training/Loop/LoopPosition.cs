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

    /// <summary>Optimizer steps completed at <see cref="BestEpoch"/>.</summary>
    public long BestStep { get; set; }

    /// <summary>Optimizer steps completed at the last evaluation.</summary>
    public long EvaluatedStep { get; set; }

    /// <summary>What was measured in the last step of the epoch, until its report is made; null if nothing was.</summary>
    public IReadOnlyList<LayerStatistics>? Layers { get; set; }

    /// <summary>Factor of the learning rate; each rewind after a divergence makes it smaller.</summary>
    public double RateFactor { get; set; } = 1;

    /// <summary>The state of the learning-rate schedule <c>plateau</c>.</summary>
    public PlateauState Plateau { get; set; } = PlateauState.Initial;

    /// <summary>The weight decay and how it was found (<see cref="TrainingOptions.AutoDecay"/>); null without it, and before the first step.</summary>
    public AutoDecayState? AutoDecay { get; set; }

    /// <summary>Number of rewinds.</summary>
    public int Rewinds { get; set; }

    private bool HasValidDecay => AutoDecay is null or { LogDecay: >= -100 and <= 100, Updates: >= 0, Square: >= 0, Average: >= 0 };

    /// <summary>Checks a position that was read from a file.</summary>
    /// <exception cref="TrainingException">The position is not one of a run with these sizes.</exception>
    public void Require(string path, int batchesPerEpoch, int batchesPerStep)
    {
        var stepsPerEpoch = (batchesPerEpoch + batchesPerStep - 1) / batchesPerStep;
        var isValid = HasValidDecay && Epoch >= 0 && Batch >= 0 && Batch <= batchesPerEpoch && (Batch % batchesPerStep == 0 || Batch == batchesPerEpoch)
            && Step == (long)Epoch * stepsPerEpoch + (Batch + batchesPerStep - 1) / batchesPerStep && Draw == (long)Epoch * batchesPerEpoch + Batch
            && BestEpoch >= 0 && BestEpoch <= Epoch + 1 && EpochsSinceBest >= 0 && !double.IsNaN(BestLoss) && RateFactor is > 0 and <= 1 && Rewinds >= 0
            && Plateau is { BadEpochs: >= 0, CooldownEpochs: >= 0, Factor: >= 0 and <= 1 } && !double.IsNaN(Plateau.BestLoss);
        if (isValid) return;
        throw new TrainingException(
            $"The checkpoint '{path}' has a position that does not exist in this run: epoch {Epoch}, batch {Batch} of {batchesPerEpoch}, step {Step}, "
            + $"draw {Draw}, best epoch {BestEpoch}. Restore it from a copy of the run, or start a new run with --init and the last weights of this one.");
    }
}
