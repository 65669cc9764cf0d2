using Gpu.Training.Loop;

namespace Gpu.Training.Models;

/// <summary>How a model is trained when nobody says otherwise.</summary>
public sealed record TrainingRecipe
{
    /// <summary>The loss.</summary>
    public LossKind Loss { get; init; } = LossKind.SoftmaxCrossEntropy;

    /// <summary>The optimizer with its numbers.</summary>
    public OptimizerOptions Optimizer { get; init; } = new();

    /// <summary>Share of the target that is spread over all classes.</summary>
    public float LabelSmoothing { get; init; }
}
