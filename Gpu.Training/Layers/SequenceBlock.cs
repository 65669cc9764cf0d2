using System.Diagnostics.CodeAnalysis;
using Gpu.Training.Models;
using Gpu.Training.Planning;
using Gpu.Training.Shapes;

namespace Gpu.Training.Layers;

/// <summary>Layers in sequence, named as one block: the name of the block is the prefix of theirs.</summary>
[LayerKind("sequence", "sequence")]
public sealed class SequenceBlock : Layer
{
    /// <summary>Creates a block whose required properties are set by an object initializer.</summary>
    public SequenceBlock()
    {
    }

    /// <summary>Creates a block of the given layers.</summary>
    [SetsRequiredMembers]
    public SequenceBlock(params IReadOnlyList<Layer> layers) => Layers = layers;

    /// <summary>The layers, in order.</summary>
    public required IReadOnlyList<Layer> Layers { get; init; }

    /// <inheritdoc/>
    public override TensorShape InferShape(TensorShape input) => Layers.Aggregate(input, (shape, layer) => layer.InferShape(shape));

    /// <inheritdoc/>
    public override LayerNode Resolve(NameScope names, TensorShape input)
    {
        var name = names.AssignName(this);
        var children = ResolveAll(names.CreateChild(name, Layers), Layers, input, out var output);
        return new LayerNode(this, name, input, output, [], children);
    }

    /// <summary>Resolves layers in sequence.</summary>
    /// <param name="names">assigns their names</param>
    /// <param name="layers">the layers</param>
    /// <param name="input">the input shape of the first layer</param>
    /// <param name="output">the output shape of the last layer</param>
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
