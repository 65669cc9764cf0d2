using Gpu.Kernels;
using Gpu.Kernels.Devices;

namespace Gpu.Training.Loop;

/// <summary>Why a run ended.</summary>
public enum TrainingEnd
{
    /// <summary>All epochs or steps were made.</summary>
    Completed,

    /// <summary>No better validation loss for <see cref="TrainingOptions.Patience"/> epochs.</summary>
    StoppedEarly,

    /// <summary>Cancelled from outside; a checkpoint was written when there is a run folder.</summary>
    Cancelled,
}

/// <summary>What a run came to: the fields of <c>train --json</c>.</summary>
public sealed record TrainingResult
{
    /// <summary>Why it ended.</summary>
    public required TrainingEnd End { get; init; }

    /// <summary>The model's name.</summary>
    public required string Model { get; init; }

    /// <summary>The data set's name.</summary>
    public required string Dataset { get; init; }

    /// <summary>The device's identifier: <c>cpu</c>, <c>cuda:0</c>.</summary>
    public required string Device { get; init; }

    /// <summary>Epochs that were completed, those before a resume included.</summary>
    public required int Epochs { get; init; }

    /// <summary>Optimizer steps that were made, those before a resume included.</summary>
    public required long Steps { get; init; }

    /// <summary>Mean training loss of the last epoch; NaN when none was trained.</summary>
    public required double TrainLoss { get; init; }

    /// <summary>Mean loss on the test images, by the best weights where there is a validation part, else by the last; NaN when cancelled before.</summary>
    public required double TestLoss { get; init; }

    /// <summary>How matrix products and convolutions multiplied.</summary>
    public MatrixPrecision Precision { get; init; }

    /// <summary>Where loss scaling stood at the end; null where there was none.</summary>
    public LossScaleState? LossScale { get; init; }

    /// <summary>Accuracy on the test images, 0 to 1; NaN when cancelled before.</summary>
    public required double TestAccuracy { get; init; }

    /// <summary>Top-k accuracy on the test images, 0 to 1.</summary>
    public required double TestTopK { get; init; }

    /// <summary>The k of <see cref="TestTopK"/>.</summary>
    public required int TopK { get; init; }

    /// <summary>The epoch of the best validation loss, or the last one without validation; 0 when no epoch was completed.</summary>
    public required int BestEpoch { get; init; }

    /// <summary>The best validation loss; null without validation.</summary>
    public required double? ValidationLoss { get; init; }

    /// <summary>The accuracy beside <see cref="ValidationLoss"/>; null without validation.</summary>
    public required double? ValidationAccuracy { get; init; }

    /// <summary>Training samples a second, evaluation not counted.</summary>
    public required double SamplesPerSecond { get; init; }

    /// <summary>Seconds from the first step to the end, evaluation included.</summary>
    public required double Seconds { get; init; }

    /// <summary>Trainable numbers.</summary>
    public required long Parameters { get; init; }

    /// <summary>The run folder, or null.</summary>
    public required string? Run { get; init; }

    /// <summary>The loss of each step of this session, where <see cref="TrainingOptions.RecordLosses"/>.</summary>
    public required IReadOnlyList<float>? Losses { get; init; }

    /// <summary>What each epoch of this session came to.</summary>
    public required IReadOnlyList<EpochReport> Reports { get; init; }
}
