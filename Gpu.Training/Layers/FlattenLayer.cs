using Gpu.Training.Models;
using Gpu.Training.Planning;
using Gpu.Training.Shapes;

namespace Gpu.Training.Layers;

/// <summary>Flattens an image [height, width, channels] to features [height * width * channels]. Only the shape changes: no kernel runs.</summary>
[LayerKind("flatten", "flatten")]
public sealed class FlattenLayer : Layer
{
    /// <inheritdoc/>
    public override TensorShape InferShape(TensorShape input) => TensorShape.Features(input.Length);

    /// <inheritdoc/>
    public override PlanTensor Emit(PlanBuilder plan, LayerNode node, PlanTensor input) => input with { Shape = node.Output };
}
