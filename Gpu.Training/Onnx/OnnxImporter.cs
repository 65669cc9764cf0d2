using Google.Protobuf;
using Gpu.Kernels;
using Gpu.Training.Data;
using Gpu.Training.IO;
using Gpu.Training.Layers;
using Gpu.Training.Models;
using Gpu.Training.Onnx.Proto;
using Gpu.Training.Shapes;

namespace Gpu.Training.Onnx;

/// <summary>A network that was read from an ONNX file.</summary>
/// <param name="Model">the network; its layers are in order, and branches are named by their inputs</param>
/// <param name="Weights">its parameters and running statistics by name, in the layout of <see cref="Model.Parameters"/></param>
/// <param name="Metadata">entries of the file's metadata</param>
/// <param name="Remarks">what differs from the file, for the user</param>
public sealed record OnnxModel(
    Model Model, IReadOnlyDictionary<string, float[]> Weights, IReadOnlyDictionary<string, string> Metadata, IReadOnlyList<string> Remarks);

/// <summary>
/// Reads networks from ONNX files: classifiers of images [N, C, H, W] or [N, H, W, C], or of features [N, F], that are made of the operations in
/// <see cref="Operations"/>. Layers follow in the order of a depth-first search from the output, so that a body comes before its shortcut.
/// </summary>
public sealed partial class OnnxImporter
{
    private const int MostNodes = 100_000;
    private const string InputName = "input";

    private readonly string _path;
    private readonly ModelProto _file;
    private readonly Dictionary<string, OnnxTensor> _constants = new(StringComparer.Ordinal);
    private readonly Dictionary<string, OnnxNode> _producers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Value> _values = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _readers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _numbers = new(StringComparer.Ordinal);
    private readonly List<Draft> _drafts = [];
    private readonly SortedSet<string> _remarks = new(StringComparer.Ordinal);

    private OnnxImporter(string path, ModelProto file) => (_path, _file) = (path, file);

    /// <summary>The operations that can be imported.</summary>
    public static IReadOnlyList<string> Operations { get; } =
    [
        "Add", "AveragePool", "BatchNormalization", "Cast", "Concat", "Constant", "Conv", "ConvTranspose", "Dropout", "Erf (in GELU)", "Flatten", "Gelu", "Gemm",
        "GlobalAveragePool", "Identity", "LeakyRelu", "LogSoftmax", "MatMul", "MaxPool", "Mul (in GELU, SiLU)", "Pad (of channels)", "ReduceMean", "Relu",
        "Reshape", "Resize", "Sigmoid", "Slice (with steps)", "Softmax", "Softplus", "Squeeze", "Sum", "Tanh", "Transpose", "Upsample",
    ];

    /// <summary>Reads a file.</summary>
    /// <param name="path">the file</param>
    /// <param name="size">height and width of the images, if the file leaves them open; null to take those of the file</param>
    /// <exception cref="OnnxException">the file cannot be read, is damaged, or has an operation that is not supported; the message names it</exception>
    public static OnnxModel Read(string path, (int Height, int Width)? size = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        ModelProto file;
        try
        {
            using var stream = RegularFile.OpenRead(path);
            file = ModelProto.Parser.ParseFrom(stream);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new OnnxException(
                e is InvalidProtocolBufferException ? $"The file '{path}' is not an ONNX file, or damaged: {e.Message}"
                    : $"The file '{path}' cannot be opened: {e.Message}", e);
        }

        try
        {
            return new OnnxImporter(path, file).Import(size);
        }
        catch (ArgumentException e)
        {
            // From the limits of Gpu.Kernels.
            throw new OnnxException($"The network in '{path}' is too large: {e.Message}.", e);
        }
        catch (Exception e) when (e is ShapeException or ModelException)
        {
            throw new OnnxException($"The network in '{path}' is not valid: {e.Message}", e);
        }
    }

    private OnnxModel Import((int Height, int Width)? size)
    {
        if (_file.Graph is not { Node.Count: > 0 } graph)
            throw new OnnxException($"The file '{_path}' has no graph with nodes: it is not an ONNX file, or damaged.");
        if (graph.Node.Count > MostNodes) throw new OnnxException($"The graph in '{_path}' has {graph.Node.Count:N0} nodes, but at most {MostNodes:N0} are read.");
        foreach (var tensor in graph.Initializer) _constants[tensor.Name] = new OnnxTensor(tensor);
        OnnxNode[] nodes = [.. graph.Node.Select(node => new OnnxNode(node))];
        foreach (var node in nodes)
        {
            if (node is { Operation: "Constant", Value: { } value } && node.Outputs.Count == 1) _constants[node.Outputs[0]] = new OnnxTensor(value);
            foreach (var output in node.Outputs.Where(output => output.Length > 0))
            {
                if (!_producers.TryAdd(output, node)) throw node.Fail($"its output '{output}' is also that of {_producers[output].Text}");
            }
        }

        var input = Input(graph, size);
        if (graph.Output.FirstOrDefault()?.Name is not { } outputName)
            throw new OnnxException($"The graph in '{_path}' has no output.");
        if (graph.Output.Count > 1) _remarks.Add($"Of {graph.Output.Count} outputs only the first, '{outputName}', is imported.");
        FindGelu();
        var order = Order(outputName);
        foreach (var name in order.SelectMany(ValueInputs).Append(outputName)) _readers[name] = _readers.GetValueOrDefault(name) + 1;
        foreach (var node in order) _values[node.Outputs[0]] = Read(node);
        var last = _values[outputName];
        if (last.Shape.IsImage) last = Flattened(last);
        if (last.Image is not null) _remarks.Add("The outputs are in the order height, width, channel, not channel, height, width.");
        if (_drafts.Count == 0) throw new OnnxException($"The graph in '{_path}' has no layers: its output is its input.");
        var modelName = RunName(graph.Name);
        // One output is a number or a yes-or-no; the data decides in training.
        var recipe = new TrainingRecipe { Loss = last.Shape.Length == 1 ? LossKind.MeanSquaredError : LossKind.SoftmaxCrossEntropy };
        var model = new Model(modelName, input, recipe, [.. _drafts.Select((draft, i) => draft.Create(i > 0 ? _drafts[i - 1].Name : InputName))]);
        var weights = new Dictionary<string, float[]>(StringComparer.Ordinal);
        foreach (var draft in _drafts)
            foreach (var (name, values) in draft.Weights) weights[$"{draft.Name}.{name}"] = values;
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var entry in _file.MetadataProps) metadata[entry.Key] = entry.Value;
        return new OnnxModel(model, weights, metadata, [.. _remarks]);
    }

    private static string RunName(string graphName)
    {
        var name = Runs.RunFolder.SafeName(graphName);
        return name.Length is > 0 and <= 100 ? name : "imported";
    }

    private TensorShape Input(GraphProto graph, (int Height, int Width)? size)
    {
        var inputs = graph.Input.Where(candidate => !_constants.ContainsKey(candidate.Name)).ToArray();
        if (inputs is not [var input])
        {
            throw new OnnxException(
                $"The graph in '{_path}' has {inputs.Length} inputs ({NameList.Join([.. inputs.Select(other => other.Name)], 6)}), but one is needed.");
        }

        var dims = input.Type?.TensorType?.Shape?.Dim.Select(dim => dim.HasDimValue ? dim.DimValue : 0).ToArray() ?? [];
        if (dims is [_, var features])
        {
            var flat = TensorShape.Features(Known(features, "number of features"));
            _values[input.Name] = new Value(InputName, flat);
            return flat;
        }

        if (dims.Length != 4)
        {
            throw new OnnxException(
                $"The input '{input.Name}' in '{_path}' has {dims.Length} axes, but [N, C, H, W], [N, H, W, C] or [N, F] is needed.");
        }

        // Keras' files transpose first.
        var isLast = graph.Node.Where(node => node.Input.Contains(input.Name))
            .All(node => node.OpType == "Transpose" && new OnnxNode(node).List("perm") is [0, 3, 1, 2]);
        var (height, width, channels) = isLast ? (dims[1], dims[2], dims[3]) : (dims[2], dims[3], dims[1]);
        if (size is { } given) (height, width) = given;
        var image = TensorShape.Image(Known(height, "height"), Known(width, "width"), Known(channels, "number of channels"));
        _values[input.Name] = new Value(InputName, image) { IsChannelsLast = isLast };
        return image;

        int Known(long value, string what) => value is > 0 and <= ShapeLimits.MaxDimension ? (int)value : throw new OnnxException(
            $"The {what} of the input '{input.Name}' in '{_path}' is {(value == 0 ? "not fixed" : $"{value:N0}")}. "
            + (what is "height" or "width" ? "Give the size of the images, such as --size 224." : "Export the model with fixed sizes."));
    }

    // The nodes that the output needs, each after those that it reads.
    private List<OnnxNode> Order(string output)
    {
        var (order, state) = (new List<OnnxNode>(), new Dictionary<OnnxNode, bool>());
        var stack = new Stack<(OnnxNode Node, int Next)>();
        Visit(output, null);
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

        return order;

        void Visit(string name, OnnxNode? reader)
        {
            if (_values.ContainsKey(name) || _constants.ContainsKey(name)) return;
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

    // A value: the layer that it is the output of, and its shape. Image is not null for the features of a flattened image in the order channel, height, width.
    private sealed record Value(string Layer, TensorShape Shape)
    {
        public TensorShape? Image { get; init; }

        public bool IsChannelsLast { get; init; }

        public Draft? Draft { get; init; }
    }

    // A layer whose activation and bias are known when the nodes after it are read.
    private sealed class Draft(string name, IReadOnlyList<string> inputs, Func<Draft, Layer> create)
    {
        public string Name => name;

        public Activation Activation { get; set; } = Activation.None;

        public bool HasActivation { get; init; }

        public Dictionary<string, float[]> Weights { get; } = new(StringComparer.Ordinal);

        public bool Bias => Weights.ContainsKey("bias");

        public IReadOnlyList<string>? Inputs { get; private set; }

        public Layer Create(string before)
        {
            // A layer that reads the one before it needs no list.
            Inputs = inputs is [var only] && only == before ? null : inputs;
            return create(this);
        }

        public bool Reads(string layer) => inputs is [var only] && only == layer;
    }
}
