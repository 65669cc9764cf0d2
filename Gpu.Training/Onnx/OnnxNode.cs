using Gpu.Training.Onnx.Proto;

namespace Gpu.Training.Onnx;

/// <summary>A node of an ONNX graph with access to its attributes.</summary>
internal sealed class OnnxNode(NodeProto proto)
{
    /// <summary>Type of the operation.</summary>
    public string Operation => proto.OpType;

    /// <summary>Names of the inputs; empty for an omitted one.</summary>
    public IReadOnlyList<string> Inputs => proto.Input;

    /// <summary>Names of the outputs.</summary>
    public IReadOnlyList<string> Outputs => proto.Output;

    /// <summary>The node for messages.</summary>
    public string Text => $"{proto.OpType} '{(proto.Name.Length > 0 ? proto.Name : proto.Output.FirstOrDefault() ?? "")}'";

    /// <summary>Whether the operation is one of ONNX itself.</summary>
    public bool IsStandard => proto.Domain is "" or "ai.onnx";

    /// <summary>The constant of a Constant node; null if it has another form.</summary>
    public TensorProto? Value => Find("value")?.T;

    /// <summary>Whether an attribute is given.</summary>
    public bool Has(string name) => Find(name) is not null;

    /// <summary>An integer attribute.</summary>
    public long Integer(string name, long standard) => Find(name) is { HasI: true } attribute ? attribute.I : standard;

    /// <summary>A float attribute.</summary>
    public float Float(string name, float standard) => Find(name) is { HasF: true } attribute ? attribute.F : standard;

    /// <summary>A text attribute.</summary>
    public string String(string name, string standard) => Find(name) is { HasS: true } attribute ? attribute.S.ToStringUtf8() : standard;

    /// <summary>An attribute that is a list of integers.</summary>
    /// <exception cref="OnnxException">the list has another length, or a number is no 32-bit integer</exception>
    public int[] Integers(string name, params int[] standard)
    {
        if (Find(name) is not { } attribute) return standard;
        if (attribute.Ints.Count != standard.Length || attribute.Ints.Any(value => value is < int.MinValue or > int.MaxValue))
            throw Fail($"its attribute {name} is [{string.Join(", ", attribute.Ints)}], but {standard.Length} integers are needed, as for images");
        return [.. attribute.Ints.Select(value => (int)value)];
    }

    /// <summary>All integers of a list; null if the attribute is not given.</summary>
    public long[]? List(string name) => Find(name)?.Ints.ToArray();

    /// <summary>An error about the node.</summary>
    public OnnxException Fail(string problem) => new($"The node {Text} of the ONNX file cannot be imported: {problem}.");

    private AttributeProto? Find(string name) => proto.Attribute.FirstOrDefault(attribute => attribute.Name == name);
}
