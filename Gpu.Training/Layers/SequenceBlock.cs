using System.Diagnostics.CodeAnalysis;
using Gpu.Training.Models;
using Gpu.Training.Planning;
using Gpu.Training.Shapes;

namespace Gpu.Training.Layers;

/// <summary>Layers in a row, under a name of their own.</summary>
[LayerKind("sequence", "sequence")]
public sealed class SequenceBlock : Layer
{
    /// <summary>A block whose properties are set afterwards.</summary>
    public SequenceBlock()
    {
    }

    /// <summary>A block of these layers.</summary>
    [SetsRequiredMembers]
    public SequenceBlock(params IReadOnlyList<Layer> layers) => Layers = layers;

    /// <summary>The layers, in order.</summary>
    public required IReadOnlyList<Layer> Layers { get; init; }

    /// <inheritdoc/>
    public override TensorShape InferShape(TensorShape input) => Layers.Aggregate(input, (shape, layer) => layer.InferShape(shape));

    /// <inheritdoc/>
    public override LayerNode Resolve(NameScope names, TensorShape input)
    {
        var name = names.Take(this);
        var children = ResolveAll(names.Within(name, Layers), Layers, input, out var output);
        return new LayerNode(this, name, input, output, [], children);
    }

    /// <summary>Resolves layers in a row.</summary>
    internal static List<LayerNode> ResolveAll(NameScope names, IReadOnlyList<Layer> layers, TensorShape input, out TensorShape output)
    {
        var nodes = new List<LayerNode>(layers.Count);
        output = input;
        foreach (var layer in layers)
        {
            var node = layer.Resolve(names, output);
            nodes.Add(node);
            output = node.Output;
        }

        return nodes;
    }

    /// <inheritdoc/>
    public override PlanTensor Emit(PlanBuilder plan, LayerNode node, PlanTensor input) => plan.EmitAll(node.Children, input);
}
