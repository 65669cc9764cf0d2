using System.Runtime.InteropServices;
using Google.Protobuf;
using Gpu.Training.Onnx.Proto;
using static Gpu.Training.Onnx.Proto.AttributeProto.Types;

namespace Gpu.Training.Onnx;

/// <summary>Collects the nodes and constants of an ONNX graph, and names their values.</summary>
internal sealed class OnnxGraphBuilder
{
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);

    /// <summary>The graph so far.</summary>
    public GraphProto Graph { get; } = new();

    /// <summary>Adds a node with one output; returns the name of the output.</summary>
    /// <param name="operation">type of the operation, such as <c>Conv</c></param>
    /// <param name="name">name of the layer, which the node and its output get; a number is added if it is used</param>
    /// <param name="inputs">names of the inputs</param>
    /// <param name="attributes">attributes: a float, a long, a string, or a list of long</param>
    public string Add(string operation, string name, IReadOnlyList<string> inputs, params IReadOnlyList<(string Name, object Value)> attributes)
    {
        var unique = Unique(name);
        var node = new NodeProto { Name = unique, OpType = operation };
        node.Input.AddRange(inputs);
        node.Output.Add(unique);
        node.Attribute.AddRange(attributes.Select(attribute => Attribute(attribute.Name, attribute.Value)));
        Graph.Node.Add(node);
        return unique;
    }

    /// <summary>Adds a constant; returns its name.</summary>
    public string Constant(string name, IReadOnlyList<int> shape, ReadOnlySpan<float> values) =>
        Constant(name, shape, OnnxTypes.Float, MemoryMarshal.AsBytes(values));

    /// <summary>Adds a constant list of integers; returns its name.</summary>
    public string Constant(string name, params ReadOnlySpan<long> values) => Constant(name, [values.Length], OnnxTypes.Int64, MemoryMarshal.AsBytes(values));

    /// <summary>A name for a value that no other value has.</summary>
    public string Unique(string name)
    {
        var unique = name;
        for (var i = 2; !_names.Add(unique); i++) unique = $"{name}_{i}";
        return unique;
    }

    private static AttributeProto Attribute(string name, object value)
    {
        var attribute = new AttributeProto { Name = name };
        switch (value)
        {
            case float number:
                (attribute.Type, attribute.F) = (AttributeType.Float, number);
                break;
            case long integer:
                (attribute.Type, attribute.I) = (AttributeType.Int, integer);
                break;
            case string text:
                (attribute.Type, attribute.S) = (AttributeType.String, ByteString.CopyFromUtf8(text));
                break;
            default:
                attribute.Type = AttributeType.Ints;
                attribute.Ints.AddRange((IEnumerable<long>)value);
                break;
        }

        return attribute;
    }

    // The format is little-endian, as every system that .NET runs on.
    private string Constant(string name, IReadOnlyList<int> shape, int type, ReadOnlySpan<byte> data)
    {
        var tensor = new TensorProto { Name = Unique(name), DataType = type, RawData = ByteString.CopyFrom(data) };
        tensor.Dims.AddRange(shape.Select(extent => (long)extent));
        Graph.Initializer.Add(tensor);
        return tensor.Name;
    }
}
