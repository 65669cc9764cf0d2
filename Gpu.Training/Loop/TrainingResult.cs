using Gpu.Kernels;
using Gpu.Kernels.Devices;
using Gpu.Training.Data;

namespace Gpu.Training.Loop;

/// <summary>Why a run ended.</summary>
public enum TrainingEnd
{
    /// <summary>All epochs or steps were completed.</summary>
    Completed,

    /// <summary>The validation loss did not improve for <see cref="TrainingOptions.Patience"/> epochs.</summary>
    StoppedEarly,

    /// <summary>The caller cancelled the run. If there is a run folder, a checkpoint was written.</summary>
    Cancelled,
}

/// <summary>Results of a run, as reported by <c>train --json</c>.</summary>
public sealed record TrainingResult
{
    /// <summary>Why the run ended.</summary>
    public required TrainingEnd End { get; init; }

    /// <summary>The model's name.</summary>
    public required string Model { get; init; }

    /// <summary>The data set's name.</summary>
    public required string Dataset { get; init; }

    /// <summary>The device's identifier, such as <c>cpu</c> or <c>cuda:0</c>.</summary>
    public required string Device { get; init; }

    /// <summary>Epochs completed, including those before a resume.</summary>
    public required int Epochs { get; init; }

    /// <summary>Optimizer steps completed, including those before a resume.</summary>
    public required long Steps { get; init; }

    /// <summary>Mean training loss of the last epoch; NaN if no epoch was completed.</summary>
    public required double TrainLoss { get; init; }

    /// <summary>The penalty on the training weights at the end of the last epoch, and the share of zeros among them.</summary>
    public WeightPenalty Penalty { get; init; }

    /// <summary><see cref="TrainLoss"/>, which is that of the data alone, plus the penalty.</summary>
    public double TotalLoss => TrainLoss + Penalty.Value;

    /// <summary>
    /// Mean loss on the test images: of the best weights if there is a validation split, otherwise of the last weights; NaN if cancelled.
    /// </summary>
    public required double TestLoss { get; init; }

    /// <summary>Precision of matrix products and convolutions.</summary>
    public MatrixPrecision Precision { get; init; }

    /// <summary>State of dynamic loss scaling at the end; null if the precision is not fp16.</summary>
    public LossScaleState? LossScale { get; init; }

    /// <summary>Accuracy on the test samples, 0 to 1; NaN if cancelled, and in regression.</summary>
    public required double TestAccuracy { get; init; }

    /// <summary>Top-k accuracy on the test images, 0 to 1; NaN if cancelled.</summary>
    public required double TestTopK { get; init; }

    /// <summary>k of <see cref="TestTopK"/>.</summary>
    public required int TopK { get; init; }

    /// <summary>What the network was trained to predict.</summary>
    public TaskKind Task { get; init; }

    /// <summary>Root mean squared error on the test rows, in the unit of the target; NaN unless the task is regression.</summary>
    public double TestRmse { get; init; } = double.NaN;

    /// <summary>Coefficient of determination on the test rows; NaN unless the task is regression.</summary>
    public double TestR2 { get; init; } = double.NaN;

    /// <summary>Mean intersection over union on the test images, 0 to 1; NaN unless the task is segmentation, where the accuracy is that of pixels.</summary>
    public double TestMeanIou { get; init; } = double.NaN;

    /// <summary>Epoch of the best validation loss, or the last epoch if there is no validation split; 0 if no epoch was completed.</summary>
    public required int BestEpoch { get; init; }

    /// <summary>Best validation loss; null without validation.</summary>
    public required double? ValidationLoss { get; init; }

    /// <summary>Validation accuracy in the epoch of <see cref="ValidationLoss"/>; null without validation.</summary>
    public required double? ValidationAccuracy { get; init; }

    /// <summary>Training samples per second, without evaluation.</summary>
    public required double SamplesPerSecond { get; init; }

    /// <summary>Seconds from the first step to the end, including evaluation.</summary>
    public required double Seconds { get; init; }

    /// <summary>Seconds of the training steps alone, which <see cref="SamplesPerSecond"/> refers to.</summary>
    public double TrainSeconds { get; init; } = double.NaN;

    /// <summary>Number of trainable parameters.</summary>
    public required long Parameters { get; init; }

    /// <summary>The run folder; null if none was written.</summary>
    public required string? Run { get; init; }

    /// <summary>Loss of each step since the start or resume; null unless <see cref="TrainingOptions.RecordLosses"/> is set.</summary>
    public required IReadOnlyList<float>? Losses { get; init; }

    /// <summary>
    /// The weight decay that the run found (<see cref="TrainingOptions.AutoDecay"/>): a mean over its steps, in which late ones count more. Null if it did not
    /// look for one.
    /// </summary>
    public double? WeightDecay { get; init; }

    /// <summary>Report of each epoch since the start or resume.</summary>
    public required IReadOnlyList<EpochReport> Reports { get; init; }
}
