using Gpu.Kernels;
using Gpu.Training.Models;
using Gpu.Training.Planning;
using Gpu.Training.Shapes;

namespace Gpu.Training.Layers;

/// <summary>Sum of two or more inputs of the same shape, with an activation: y = f(a + b + ...).</summary>
[LayerKind("addition", "add")]
public sealed class AddLayer : MergeLayer
{
    /// <summary>The activation f.</summary>
    public Activation Activation { get; init; } = Activation.None;

    /// <inheritdoc/>
    public override TensorShape InferShape(IReadOnlyList<NamedShape> inputs)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        foreach (var input in inputs)
        {
            if (input.Shape != inputs[0].Shape || input.Shape.IsImage != inputs[0].Shape.IsImage)
                throw new ShapeException($"it adds {inputs[0]} and {input}, whose shapes must be equal.");
        }

        return inputs[0].Shape;
    }

    /// <inheritdoc/>
    public override PlanTensor Emit(PlanBuilder plan, LayerNode node, IReadOnlyList<PlanTensor> inputs)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(node);
        ArgumentNullException.ThrowIfNull(inputs);
        var shape = node.Output;
        var same = new ShortcutShape(1, shape.Height, shape.Width, shape.Channels, shape.Channels, 1);
        var sum = inputs[0];
        for (var i = 1; i < inputs.Count; i++) sum = plan.Add(new ResidualAddOperation(node.Name, same, sum, inputs[i]), shape);
        return plan.Activate(node.Name, sum, Activation);
    }
}
