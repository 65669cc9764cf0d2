using Gpu.Kernels;

namespace Gpu.Training.Planning;

/// <summary>What a plan depends on besides the model and the batch.</summary>
public sealed record PlanSettings
{
    /// <summary>Seed of dropout.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Replaces the probability of every dropout layer.</summary>
    public float? Dropout { get; init; }

    /// <summary>Share of the target that is spread over all classes, in training.</summary>
    public float LabelSmoothing { get; init; }

    /// <summary>How convolutions are computed.</summary>
    public Conv2dAlgorithm Convolution { get; init; }

    /// <summary>k of the top-k count.</summary>
    public int TopK { get; init; } = 5;
}
