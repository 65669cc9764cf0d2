using Gpu.Training.Loop;

namespace Gpu.Training.Models;

/// <summary>The default training settings of a model.</summary>
public sealed record TrainingRecipe
{
    /// <summary>The loss function.</summary>
    public LossKind Loss { get; init; } = LossKind.SoftmaxCrossEntropy;

    /// <summary>The optimizer and its options.</summary>
    public OptimizerOptions Optimizer { get; init; } = new();

    /// <summary>Label smoothing: the share of the target that is spread evenly over all classes, 0 (off) to 1.</summary>
    public float LabelSmoothing { get; init; }
}
