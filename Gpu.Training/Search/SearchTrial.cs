using System.Text.Json.Serialization;

namespace Gpu.Training.Search;

/// <summary>Result of one training run of a search.</summary>
public sealed record SearchTrial
{
    /// <summary>The fold that was held out, from 0.</summary>
    public required int Fold { get; init; }

    /// <summary>The seed of the run.</summary>
    public required ulong Seed { get; init; }

    /// <summary>Epochs trained.</summary>
    public required int Epochs { get; init; }

    /// <summary>Mean loss on the held-out samples, in evaluation mode; NaN if the run diverged.</summary>
    public required double Loss { get; init; }

    /// <summary>Accuracy on the held-out samples, 0 to 1; NaN in regression, 0 if the run diverged.</summary>
    public required double Accuracy { get; init; }

    /// <summary>Mean intersection over union on the held-out images, 0 to 1, 0 if the run diverged; null unless the task is segmentation.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? MeanIou { get; init; }

    /// <summary>Mean loss on the training samples, in evaluation mode and without augmentation; NaN if the run diverged.</summary>
    public required double TrainLoss { get; init; }

    /// <summary>Time of the run in seconds.</summary>
    public required double Seconds { get; init; }
}
