using Gpu.Training.Models;
using Gpu.Training.Planning;
using Gpu.Training.Shapes;

namespace Gpu.Training.Layers;

/// <summary>A layer of several inputs, which <see cref="Layer.Inputs"/> names. It has no parameters.</summary>
public abstract class MergeLayer : Layer
{
    /// <summary>Computes the output shape of a sample from the shapes of the inputs.</summary>
    /// <param name="inputs">the inputs, two or more</param>
    /// <exception cref="ShapeException">the inputs do not fit; the message names both branches and their shapes</exception>
    public abstract TensorShape InferShape(IReadOnlyList<NamedShape> inputs);

    /// <summary>Adds the layer's operations to a plan.</summary>
    /// <param name="plan">the plan that is built</param>
    /// <param name="node">this layer's name, shapes and parameters in the model</param>
    /// <param name="inputs">the inputs, in the order of <see cref="Layer.Inputs"/></param>
    /// <returns>the layer's output</returns>
    public abstract PlanTensor Emit(PlanBuilder plan, LayerNode node, IReadOnlyList<PlanTensor> inputs);

    /// <inheritdoc/>
    public sealed override TensorShape InferShape(TensorShape input) =>
        throw new ShapeException("it needs two or more inputs, but has one. Name them, as in \"inputs\": [\"conv1\", \"conv3\"].");

    /// <inheritdoc/>
    public sealed override PlanTensor Emit(PlanBuilder plan, LayerNode node, PlanTensor input) => Emit(plan, node, [input]);

    internal sealed override LayerNode ResolveInputs(NameScope names, IReadOnlyList<NamedShape> inputs)
    {
        if (inputs.Count == 1) return Resolve(names, inputs[0].Shape);
        var name = names.AssignName(this);
        var output = WithLayerName(name, () => InferShape(inputs));
        return new LayerNode(this, name, inputs[0].Shape, output, [], []);
    }

    internal sealed override PlanTensor EmitInputs(PlanBuilder plan, LayerNode node, IReadOnlyList<PlanTensor> inputs) => Emit(plan, node, inputs);
}
