using System.Diagnostics.CodeAnalysis;
using Gpu.Kernels;
using Gpu.Training.Models;
using Gpu.Training.Planning;
using Gpu.Training.Shapes;

namespace Gpu.Training.Layers;

/// <summary>
/// Applies an activation function to each element; the shape does not change. After a convolution, dense, batch-normalization or residual layer the plan
/// fuses it into that layer if it can.
/// </summary>
[LayerKind("activation", "activation")]
public sealed class ActivationLayer : Layer
{
    /// <summary>Creates a layer whose required properties are set by an object initializer.</summary>
    public ActivationLayer()
    {
    }

    /// <summary>Creates a layer with the given activation function.</summary>
    [SetsRequiredMembers]
    public ActivationLayer(Activation function) => Function = function;

    /// <summary>The activation function.</summary>
    public required Activation Function { get; init; }

    /// <inheritdoc/>
    public override TensorShape InferShape(TensorShape input) => input;

    /// <inheritdoc/>
    public override PlanTensor Emit(PlanBuilder plan, LayerNode node, PlanTensor input) => plan.Activate(node.Name, input, Function);
}
