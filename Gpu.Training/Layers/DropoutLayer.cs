using System.Diagnostics.CodeAnalysis;
using Gpu.Training.Models;
using Gpu.Training.Shapes;

namespace Gpu.Training.Layers;

/// <summary>In training each value is set to 0 with a probability, and the others are scaled so that the mean stays; nothing in evaluation.</summary>
[LayerKind("dropout", "dropout")]
public sealed class DropoutLayer : Layer
{
    /// <summary>A layer whose properties are set afterwards.</summary>
    public DropoutLayer()
    {
    }

    /// <summary>The probability of being set to 0.</summary>
    [SetsRequiredMembers]
    public DropoutLayer(float probability) => Probability = probability;

    /// <summary>The probability of being set to 0: 0 (off) up to, not including, 1.</summary>
    public required float Probability { get; init; }

    /// <inheritdoc/>
    public override TensorShape InferShape(TensorShape input)
    {
        if (!(Probability is >= 0 and < 1))
            throw new ShapeException($"probability is {Probability}, but must be 0 or more and below 1. It is the share that is dropped, not the share that is kept.");
        return input;
    }
}
