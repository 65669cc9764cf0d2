using Gpu.Training.Onnx.Proto;

namespace Gpu.Training.Onnx;

/// <summary>The nodes and constants of an ONNX graph, with the order in which an output needs them.</summary>
internal sealed class OnnxGraph
{
    private const int MostNodes = 100_000;

    private readonly string _path;
    private readonly Dictionary<string, OnnxTensor> _constants = new(StringComparer.Ordinal);
    private readonly Dictionary<string, OnnxNode> _producers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _readers = new(StringComparer.Ordinal);
    private readonly Dictionary<OnnxNode, string> _gelu = [];

    /// <summary>Checks the constants of a graph, and finds who computes what.</summary>
    /// <exception cref="OnnxException">a constant is damaged, or two nodes have the same output</exception>
    public OnnxGraph(string path, GraphProto proto)
    {
        (_path, Proto) = (path, proto);
        if (proto.Node.Count is 0 or > MostNodes)
        {
            throw new OnnxException(
                $"The graph in '{path}' has {proto.Node.Count:N0} nodes, but 1 to {MostNodes:N0} are needed. It is not an ONNX file, or damaged.");
        }

        if (proto.Output.FirstOrDefault()?.Name is not { } output) throw new OnnxException($"The graph in '{path}' has no output.");
        Output = output;
        foreach (var tensor in proto.Initializer) _constants[tensor.Name] = new OnnxTensor(tensor);
        foreach (var node in proto.Node.Select(node => new OnnxNode(node)))
        {
            if (node is { Operation: "Constant", Value: { } value } && node.Outputs.Count == 1) _constants[node.Outputs[0]] = new OnnxTensor(value);
            foreach (var name in node.Outputs.Where(name => name.Length > 0))
            {
                if (!_producers.TryAdd(name, node)) throw node.Fail($"its output '{name}' is also that of {_producers[name].Text}");
            }
        }

        FindGelu();
    }

    /// <summary>The graph as it was read.</summary>
    public GraphProto Proto { get; }

    /// <summary>Name of the first output.</summary>
    public string Output { get; }

    /// <summary>The constant of a name; null if it is none.</summary>
    public OnnxTensor? Constant(string name) => _constants.GetValueOrDefault(name);

    /// <summary>The node that computes a value; null if there is none.</summary>
    public OnnxNode? Producer(string name) => _producers.GetValueOrDefault(name);

    /// <summary>How many nodes of <see cref="Order"/> read a value; the output of the graph counts as one.</summary>
    public int Readers(string name) => _readers.GetValueOrDefault(name);

    /// <summary>The argument x of a node that is the last of those that compute GELU; null for other nodes.</summary>
    public string? GeluArgument(OnnxNode node) => _gelu.GetValueOrDefault(node);

    /// <summary>The nodes that the output needs, each after those that it reads: a depth-first search.</summary>
    /// <param name="input">name of the input of the graph</param>
    /// <exception cref="OnnxException">the graph has a cycle, or a value that nothing computes</exception>
    public IReadOnlyList<OnnxNode> Order(string input)
    {
        var (order, state) = (new List<OnnxNode>(), new Dictionary<OnnxNode, bool>());
        var stack = new Stack<(OnnxNode Node, int Next)>();
        Visit(Output, null);
        while (stack.TryPop(out var top))
        {
            var inputs = ValueInputs(top.Node);
            if (top.Next < inputs.Count)
            {
                stack.Push((top.Node, top.Next + 1));
                Visit(inputs[top.Next], top.Node);
                continue;
            }

            state[top.Node] = true;
            order.Add(top.Node);
        }

        _readers.Clear();
        foreach (var name in order.SelectMany(ValueInputs).Append(Output)) _readers[name] = _readers.GetValueOrDefault(name) + 1;
        return order;

        void Visit(string name, OnnxNode? reader)
        {
            if (name == input || _constants.ContainsKey(name)) return;
            if (!_producers.TryGetValue(name, out var node))
            {
                throw reader?.Fail($"its input '{name}' is no output of a node, no constant and not the input of the graph")
                    ?? new OnnxException($"The output '{name}' of the graph in '{_path}' is not the output of a node.");
            }

            if (node.Outputs[0] != name) throw node.Fail($"its second output '{name}' is used");
            if (!state.TryAdd(node, false))
            {
                if (!state[node]) throw node.Fail("the graph has a cycle");
                return;
            }

            stack.Push((node, 0));
        }
    }

    // The shape of a Reshape is often computed from that of its input; that is not followed.
    private IReadOnlyList<string> ValueInputs(OnnxNode node) => _gelu.TryGetValue(node, out var argument) ? [argument]
        : node.Operation is "Reshape" or "Dropout" or "Resize" ? [.. node.Inputs.Take(1)] : [.. node.Inputs.Where(name => name.Length > 0)];

    // x * 0.5 * (1 + erf(x / sqrt(2))), in the order of PyTorch's exporter and of this one.
    private void FindGelu()
    {
        var readers = Proto.Node.SelectMany(node => node.Input.Select(name => (name, node.Output.FirstOrDefault() ?? "")))
            .ToLookup(pair => pair.name, pair => pair.Item2);
        foreach (var (output, erf) in _producers)
        {
            if (erf.Operation != "Erf" || erf.Outputs[0] != output) continue;
            if (!_producers.TryGetValue(erf.Inputs.FirstOrDefault() ?? "", out var scaled) || scaled.Inputs.Count != 2) continue;
            var root = Math.Sqrt(0.5);
            var isScaled = scaled.Operation == "Mul" ? Scalar(scaled, root) : scaled.Operation == "Div" && Scalar(scaled, 1 / root);
            var x = scaled.Inputs.FirstOrDefault(name => !_constants.ContainsKey(name));
            if (!isScaled || x is null || Next(output) is not { Operation: "Add" } sum || !Scalar(sum, 1)) continue;
            if (Next(sum.Outputs[0]) is not { Operation: "Mul" } first) continue;
            var other = first.Inputs.FirstOrDefault(name => name != sum.Outputs[0]) ?? "";
            if (other == x && Next(first.Outputs[0]) is { Operation: "Mul" } last && Scalar(last, 0.5)) _gelu[last] = x;
            else if (_producers.TryGetValue(other, out var half) && half.Operation == "Mul" && half.Inputs.Contains(x) && Scalar(half, 0.5)) _gelu[first] = x;
        }

        OnnxNode? Next(string name) => readers[name].ToArray() is [var reader] && _producers.TryGetValue(reader, out var node) ? node : null;

        bool Scalar(OnnxNode node, double value) => node.Inputs.Any(name => _constants.TryGetValue(name, out var tensor)
            && tensor.Shape.All(extent => extent == 1) && Math.Abs(tensor.Floats()[0] - value) < 1e-4);
    }
}
