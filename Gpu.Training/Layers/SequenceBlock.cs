using System.Diagnostics.CodeAnalysis;
using Gpu.Training.Models;
using Gpu.Training.Planning;
using Gpu.Training.Shapes;

namespace Gpu.Training.Layers;

/// <summary>Layers in sequence, named as one block: the name of the block is the prefix of theirs.</summary>
[LayerKind("sequence", "sequence")]
public sealed class SequenceBlock : Layer
{
    private const string BlockInput = "input";

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
    public override TensorShape InferShape(TensorShape input) => InferAll(Layers, input);

    /// <inheritdoc/>
    public override LayerNode Resolve(NameScope names, TensorShape input)
    {
        var name = names.AssignName(this);
        var children = ResolveAll(names.CreateChild(name, Layers), Layers, input, out var output);
        return new LayerNode(this, name, input, output, [], children);
    }

    /// <summary>Resolves the layers of a block: each reads the layer before it, or those that <see cref="Layer.Inputs"/> names.</summary>
    /// <param name="names">assigns their names</param>
    /// <param name="layers">the layers</param>
    /// <param name="input">the input shape of the block</param>
    /// <param name="output">the output shape of the last layer</param>
    /// <exception cref="ModelException">a layer does not accept its inputs, names an unknown one, or has an output that no layer reads</exception>
    internal static List<LayerNode> ResolveAll(NameScope names, IReadOnlyList<Layer> layers, TensorShape input, out TensorShape output)
    {
        var nodes = new List<LayerNode>(layers.Count);
        var unread = new HashSet<int>();
        foreach (var layer in layers)
        {
            var sources = layer.Inputs is null ? [nodes.Count - 1] : Locate(layer, layer.Inputs, nodes);
            var inputs = sources.Select(i => i < 0 ? new NamedShape(BlockInput, input) : new NamedShape(LocalName(nodes[i]), nodes[i].Output)).ToArray();
            nodes.Add(layer.ResolveInputs(names, inputs) with { Sources = sources });
            unread.ExceptWith(sources);
            unread.Add(nodes.Count - 1);
        }

        unread.Remove(nodes.Count - 1);
        if (unread.Count > 0)
        {
            var node = nodes[unread.Min()];
            throw new ModelException(
                $"Layer '{node.Name}' ({node.Kind}): no layer reads its output. Name it in the inputs of a later layer, or remove it.");
        }

        output = nodes.Count > 0 ? nodes[^1].Output : input;
        return nodes;
    }

    /// <summary>The output shape of the layers of a block.</summary>
    internal static TensorShape InferAll(IReadOnlyList<Layer> layers, TensorShape input)
    {
        if (layers.All(layer => layer.Inputs is null)) return layers.Aggregate(input, (shape, layer) => layer.InferShape(shape));
        _ = ResolveAll(new NameScope("", layers), layers, input, out var output);
        return output;
    }

    // Without the name of the block.
    private static string LocalName(LayerNode node) => node.Name[(node.Name.LastIndexOf('.') + 1)..];

    private static int[] Locate(Layer layer, IReadOnlyList<string> inputs, List<LayerNode> nodes)
    {
        var known = nodes.Select(LocalName).Prepend(BlockInput).ToArray();
        var which = $"A layer of type {LayerRegistry.KindOf(layer)}{(layer.Name is null ? "" : $" ('{layer.Name}')")}";
        if (inputs.Count == 0) throw new ModelException($"{which} has an empty list of inputs. Name at least one, or leave inputs out.");
        return [.. inputs.Select(name => Array.LastIndexOf(known, name) is var at and >= 0 ? at - 1 : throw new ModelException(
            $"{which} reads '{name}', but no layer before it in its block has this name.{JsonValues.DidYouMean(name, known)} "
            + $"Possible: {string.Join(", ", known)}."))];
    }

    /// <inheritdoc/>
    public override PlanTensor Emit(PlanBuilder plan, LayerNode node, PlanTensor input) => plan.EmitAll(node.Children, input);
}
