using System.Diagnostics.CodeAnalysis;
using Gpu.Kernels;
using Gpu.Training.Models;
using Gpu.Training.Planning;
using Gpu.Training.Shapes;

namespace Gpu.Training.Layers;

/// <summary>
/// Dropout: in training, sets each value to 0 with a given probability and scales the others by 1 / (1 - probability), which keeps the expected value. Does
/// nothing in evaluation. The shape does not change.
/// </summary>
[LayerKind("dropout", "dropout")]
public sealed class DropoutLayer : Layer
{
    /// <summary>Creates a layer whose required properties are set by an object initializer.</summary>
    public DropoutLayer()
    {
    }

    /// <summary>Creates a layer with the given probability to drop a value.</summary>
    [SetsRequiredMembers]
    public DropoutLayer(float probability) => Probability = probability;

    /// <summary>The probability to drop a value: at least 0 (no dropout) and below 1.</summary>
    public required float Probability { get; init; }

    /// <summary>
    /// Whether whole channels of a sample are dropped instead of single values (spatial dropout); only for images, [height, width, channels].
    /// </summary>
    public bool Spatial { get; init; }

    /// <inheritdoc/>
    public override TensorShape InferShape(TensorShape input)
    {
        if (!(Probability is >= 0 and < 1))
            throw new ShapeException($"probability is {NumberText.Of(Probability)}, but must be 0 or more and below 1. It is the probability to drop a "
                + "value, not to keep it.");
        if (Spatial) RequireImage(input);
        return input;
    }

    /// <inheritdoc/>
    public override PlanTensor Emit(PlanBuilder plan, LayerNode node, PlanTensor input)
    {
        var probability = plan.DropoutProbability(Probability);
        if (!plan.Training || probability == 0) return input;
        DropoutUnit? unit = Spatial || (plan.SpatialDropout && input.Shape.IsImage) ? DropoutUnit.Channel : null;
        return plan.Add(new DropoutOperation(node.Name, probability, plan.SeedFor(node.Name), input, unit), node.Output);
    }
}
