using System.Diagnostics.CodeAnalysis;
using Gpu.Kernels;
using Gpu.Training.Models;
using Gpu.Training.Planning;
using Gpu.Training.Shapes;

namespace Gpu.Training.Layers;

/// <summary>An activation function by itself. After a convolution, dense or batch-normalisation layer the plan fuses it into that one.</summary>
[LayerKind("activation", "activation")]
public sealed class ActivationLayer : Layer
{
    /// <summary>A layer whose properties are set afterwards.</summary>
    public ActivationLayer()
    {
    }

    /// <summary>The function.</summary>
    [SetsRequiredMembers]
    public ActivationLayer(Activation function) => Function = function;

    /// <summary>The function.</summary>
    public required Activation Function { get; init; }

    /// <inheritdoc/>
    public override TensorShape InferShape(TensorShape input) => input;

    /// <inheritdoc/>
    public override PlanTensor Emit(PlanBuilder plan, LayerNode node, PlanTensor input) => plan.Activate(node.Name, input, Function);
}
