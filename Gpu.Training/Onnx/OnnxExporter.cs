using Google.Protobuf;
using Gpu.Kernels;
using Gpu.Training.IO;
using Gpu.Training.Layers;
using Gpu.Training.Models;
using Gpu.Training.Onnx.Proto;
using Gpu.Training.Shapes;
using Gpu.Training.Weights;

namespace Gpu.Training.Onnx;

/// <summary>
/// Writes a network as an ONNX file (opset 17). Images are [N, C, H, W] there, features [N, F]; the batch N is free. Weights are reordered: those of
/// convolutions to [out, in / groups, height, width], the rows of a dense layer after a flatten to the order channel, height, width. Dropout is left out.
/// </summary>
public sealed class OnnxExporter
{
    private const int Opset = 17;
    private const int IrVersion = 8;
    private const string Batch = "N";

    private readonly OnnxGraphBuilder _graph = new();
    private readonly Model _model;
    private readonly IReadOnlyDictionary<string, float[]> _weights;
    private readonly OnnxOptions _options;

    private OnnxExporter(Model model, IReadOnlyDictionary<string, float[]> weights, OnnxOptions options) =>
        (_model, _weights, _options) = (model, weights, options);

    /// <summary>Writes a network to a file, atomically.</summary>
    /// <param name="model">the network</param>
    /// <param name="weights">its parameters and running statistics by name, in the layout of <see cref="Model.Parameters"/></param>
    /// <param name="path">the file</param>
    /// <param name="options">options</param>
    /// <exception cref="OnnxException">a layer has no ONNX form</exception>
    public static void Write(Model model, IReadOnlyDictionary<string, float[]> weights, string path, OnnxOptions options)
    {
        var content = Write(model, weights, options);
        AtomicFile.WriteAllBytes(path, content);
    }

    /// <summary>The content of the ONNX file of a network.</summary>
    /// <param name="model">the network</param>
    /// <param name="weights">its parameters and running statistics by name, in the layout of <see cref="Model.Parameters"/></param>
    /// <param name="options">options</param>
    /// <exception cref="OnnxException">a layer has no ONNX form</exception>
    public static byte[] Write(Model model, IReadOnlyDictionary<string, float[]> weights, OnnxOptions options)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(weights);
        ArgumentNullException.ThrowIfNull(options);
        return new OnnxExporter(model, weights, options).Export().ToByteArray();
    }

    private ModelProto Export()
    {
        var input = _graph.Unique("input");
        var output = _graph.Unique("output");
        var first = new Value(_options.Input == OnnxInput.Normalized ? input : Normalize(input), _model.Input);
        var last = InOurOrder(Emit(_model.Nodes, first));
        var name = last.Name;
        if (_options.Probabilities) name = Probabilities(name);
        // The last node gets the name of the output.
        _graph.Add("Identity", "to_output", [name]);
        _graph.Graph.Node[^1].Output[0] = output;
        var graph = _graph.Graph;
        graph.Name = _model.Name;
        graph.Input.Add(Declare(input, _model.Input, _options.Input == OnnxInput.Bytes ? OnnxTypes.UInt8 : OnnxTypes.Float));
        graph.Output.Add(Declare(output, _model.Output, OnnxTypes.Float));
        var file = new ModelProto
        {
            IrVersion = IrVersion,
            ProducerName = "gputrainer",
            ProducerVersion = typeof(OnnxExporter).Assembly.GetName().Version?.ToString() ?? "",
            Graph = graph,
        };
        file.OpsetImport.Add(new OperatorSetIdProto { Domain = "", Version = Opset });
        file.MetadataProps.AddRange(_options.Metadata.Select(entry => new StringStringEntryProto { Key = entry.Key, Value = entry.Value }));
        return file;
    }

    private static ValueInfoProto Declare(string name, TensorShape shape, int type)
    {
        var dimensions = new TensorShapeProto();
        dimensions.Dim.Add(new TensorShapeProto.Types.Dimension { DimParam = Batch });
        int[] sizes = shape.IsImage ? [shape.Channels, shape.Height, shape.Width] : [shape.Length];
        dimensions.Dim.AddRange(sizes.Select(size => new TensorShapeProto.Types.Dimension { DimValue = size }));
        return new ValueInfoProto { Name = name, Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = type, Shape = dimensions } } };
    }

    // The same factors and offsets as on the device: x * factor + offset for bytes.
    private string Normalize(string input)
    {
        var statistics = _options.Normalization
            ?? throw new OnnxException("The graph can only normalize pixels with their mean and deviation, and a network on a table has none.");
        var (length, channels) = (_model.Input.Channels, statistics.Mean.Length);
        var scale = _options.Input == OnnxInput.Bytes ? 255.0 : 1.0;
        var factors = new float[length];
        var offsets = new float[length];
        for (var i = 0; i < length; i++)
        {
            factors[i] = (float)(1 / (scale * statistics.StandardDeviation[i % channels]));
            offsets[i] = (float)(-(double)statistics.Mean[i % channels] / statistics.StandardDeviation[i % channels]);
        }

        int[] shape = _model.Input.IsImage ? [1, length, 1, 1] : [1, length];
        var value = _options.Input == OnnxInput.Bytes ? _graph.Add("Cast", "preprocessing/float", [input], ("to", (long)OnnxTypes.Float)) : input;
        value = _graph.Add("Mul", "preprocessing/scale", [value, _graph.Constant("preprocessing/factors", shape, factors)]);
        return _graph.Add("Add", "preprocessing/normalized", [value, _graph.Constant("preprocessing/offsets", shape, offsets)]);
    }

    private string Probabilities(string logits) => _model.Recipe.Loss switch
    {
        // Of the pixels, too: the channels of an image are axis 1.
        var loss when loss == LossKind.SoftmaxCrossEntropy || TaskModel.IsPixelLoss(loss) => _graph.Add("Softmax", "probabilities", [logits], ("axis", 1L)),
        LossKind.BinaryCrossEntropy => _graph.Add("Sigmoid", "probabilities", [logits]),
        _ => throw new OnnxException($"The model '{_model.Name}' predicts numbers, which are no logits of probabilities."),
    };

    private Value Emit(IReadOnlyList<LayerNode> nodes, Value input)
    {
        var values = new Value[nodes.Count];
        var folded = -1;
        for (var i = 0; i < nodes.Count; i++)
        {
            if (i == folded)
            {
                values[i] = values[i - 1];
                continue;
            }

            var inputs = nodes[i].Sources.Select(source => source < 0 ? input : values[source]).ToArray();
            var next = _options.FoldBatchNorm && BatchNormFolding.NextOf(nodes, i) is { } norm ? norm : null;
            if (next is not null) folded = i + 1;
            values[i] = Emit(nodes[i], inputs, next);
        }

        return nodes.Count > 0 ? values[^1] : input;
    }

    private Value Emit(LayerNode node, Value[] inputs, LayerNode? norm)
    {
        var input = inputs[0];
        switch (node.Layer)
        {
            case Conv2dLayer convolution:
                return Convolution("Conv", convolution, node, input, norm, node.Input);
            case ConvTranspose2dLayer transposed:
                var larger = TensorShape.Image(node.Input.Height * transposed.Stride.Height, node.Input.Width * transposed.Stride.Width, 1);
                return Convolution("ConvTranspose", transposed, node, input, norm, larger);
            case DenseLayer dense:
                return Dense(dense, node, input, norm);
            case BatchNormLayer normalization:
                return Activate(normalization.Activation, node, BatchNorm(normalization, node, input));
            case MaxPool2dLayer pooling:
                return Pool("MaxPool", pooling, node, input);
            case AvgPool2dLayer pooling:
                return Pool("AveragePool", pooling, node, input, ("count_include_pad", pooling.CountPadding ? 1L : 0L));
            case GlobalAvgPool2dLayer:
                var mean = _graph.Add("GlobalAveragePool", $"{node.Name}/mean", [input.Name]);
                return new(_graph.Add("Flatten", node.Name, [mean], ("axis", 1L)), node.Output);
            case ActivationLayer activation:
                return Activate(activation.Function, node, input);
            case DropoutLayer:
                return input;
            case FlattenLayer:
                return Flatten(node, input);
            case ReshapeLayer:
                return Reshape(node, InOurOrder(input));
            case LatentSampleLayer:
                // The means, as in evaluation.
                return new(_graph.Add("Slice", node.Name, [
                    InOurOrder(input).Name, _graph.Constant($"{node.Name}/starts", 0), _graph.Constant($"{node.Name}/ends", node.Output.Length),
                    _graph.Constant($"{node.Name}/axes", 1)]), node.Output);
            case UpsampleLayer upsampling:
                var scales = _graph.Constant($"{node.Name}/scales", [4], [1, 1, upsampling.Factor, upsampling.Factor]);
                return new(_graph.Add(
                    "Resize", node.Name, [input.Name, "", scales], ("mode", "nearest"), ("coordinate_transformation_mode", "asymmetric"),
                    ("nearest_mode", "floor")), node.Output);
            case AddLayer addition:
                return Activate(addition.Activation, node, Sum(node, inputs));
            case ConcatLayer:
                return new(_graph.Add("Concat", node.Name, [.. inputs.Select(value => InOurOrder(value).Name)], ("axis", 1L)), node.Output);
            case SequenceBlock:
                return Emit(node.Children, input);
            case ResidualBlock residual:
                var body = Emit([.. node.Children.Take(residual.Body.Count)], input);
                var shortcut = residual.Shortcut == Shortcut.ZeroPadded ? ZeroPadded(node, input)
                    : Emit([.. node.Children.Skip(residual.Body.Count)], input);
                return Activate(residual.Activation, node, Sum(node, [body, shortcut]));
            default:
                throw new OnnxException($"Layer '{node.Name}' ({node.Kind}) has no ONNX form. Remove it, or export the weights as safetensors.");
        }
    }

    private Value Convolution(string operation, ConvolutionLayer layer, LayerNode node, Value input, LayerNode? norm, TensorShape padded)
    {
        var shape = node.Parameter("weight").Shape;
        var (weight, bias) = BatchNormFolding.WeightsOf(node, norm, name => _weights[name]);
        var dilated = new Extent((layer.Kernel.Height - 1) * layer.Dilation.Height + 1, (layer.Kernel.Width - 1) * layer.Dilation.Width + 1);
        var padding = layer.Padding.Resolve(padded.Height, padded.Width, dilated, layer.Stride);
        List<string> inputs = [input.Name, _graph.Constant($"{node.Name}.weight", [shape[3], shape[2], shape[0], shape[1]], WeightAxes.ToOihw(weight, shape))];
        if (bias is not null) inputs.Add(_graph.Constant($"{node.Name}.bias", [bias.Length], bias));
        var name = _graph.Add(
            operation, node.Name, inputs, ("kernel_shape", Pair(layer.Kernel)), ("strides", Pair(layer.Stride)), ("pads", Pads(padding)),
            ("dilations", Pair(layer.Dilation)), ("group", (long)layer.Groups));
        return Finish(layer.Activation, node, norm, new Value(name, node.Output));
    }

    private Value Dense(DenseLayer layer, LayerNode node, Value input, LayerNode? norm)
    {
        var (weight, bias) = BatchNormFolding.WeightsOf(node, norm, name => _weights[name]);
        if (input.Image is { } image) weight = WeightAxes.SelectRows(weight, layer.Units, WeightAxes.FromChannelsFirst(image.Positions, image.Channels));
        var constant = _graph.Constant($"{node.Name}.weight", [node.Input.Length, layer.Units], weight);
        var name = bias is null ? _graph.Add("MatMul", node.Name, [input.Name, constant])
            : _graph.Add("Gemm", node.Name, [input.Name, constant, _graph.Constant($"{node.Name}.bias", [layer.Units], bias)]);
        return Finish(layer.Activation, node, norm, new Value(name, node.Output));
    }

    private Value Finish(Activation own, LayerNode node, LayerNode? norm, Value value) =>
        norm is null ? Activate(own, node, value) : Activate(((BatchNormLayer)norm.Layer).Activation, norm, value with { Shape = norm.Output });

    private Value BatchNorm(BatchNormLayer layer, LayerNode node, Value input)
    {
        var rows = input.Image is { } image ? WeightAxes.FromChannelsFirst(image.Positions, image.Channels) : null;
        var constants = new[] { "gamma", "beta", "running_mean", "running_variance" }.Select(name =>
        {
            var values = _weights[node.Parameter(name).Name];
            return _graph.Constant(node.Parameter(name).Name, [values.Length], rows is null ? values : WeightAxes.SelectRows(values, 1, rows));
        });
        return input with { Name = _graph.Add("BatchNormalization", node.Name, [input.Name, .. constants], ("epsilon", layer.Epsilon)) };
    }

    private Value Pool(string operation, Pool2dLayer layer, LayerNode node, Value input, params IReadOnlyList<(string, object)> more)
    {
        var stride = layer.Stride ?? layer.Window;
        var padding = layer.Padding.Resolve(node.Input.Height, node.Input.Width, layer.Window, stride);
        (string, object)[] attributes = [("kernel_shape", Pair(layer.Window)), ("strides", Pair(stride)), ("pads", Pads(padding)), .. more];
        return new(_graph.Add(operation, node.Name, [input.Name], attributes), node.Output);
    }

    private Value Flatten(LayerNode node, Value input)
    {
        if (!node.Input.IsImage) return input;
        var name = _graph.Add("Flatten", node.Name, [input.Name], ("axis", 1L));
        // With one channel or one pixel both orders are the same.
        return new(name, node.Output, node.Input.Positions > 1 && node.Input.Channels > 1 ? node.Input : null);
    }

    // Features in the order height, width, channel as planes.
    private Value Reshape(LayerNode node, Value input)
    {
        var output = node.Output;
        var shape = _graph.Constant($"{node.Name}/shape", -1, output.Height, output.Width, output.Channels);
        var pixels = _graph.Add("Reshape", $"{node.Name}/pixels", [input.Name, shape]);
        return new(_graph.Add("Transpose", node.Name, [pixels], ("perm", new long[] { 0, 3, 1, 2 })), output);
    }

    private Value Sum(LayerNode node, IReadOnlyList<Value> inputs)
    {
        var values = inputs.Any(value => value.Image != inputs[0].Image) ? [.. inputs.Select(InOurOrder)] : inputs;
        var sum = values[0];
        foreach (var value in values.Skip(1)) sum = sum with { Name = _graph.Add("Add", $"{node.Name}/sum", [sum.Name, value.Name]) };
        return sum;
    }

    // Every stride-th pixel, with zero channels before and after.
    private Value ZeroPadded(LayerNode node, Value input)
    {
        var (from, to) = (node.Input, node.Output);
        var (name, stride) = (input.Name, (from.Height + to.Height - 1) / to.Height);
        if (stride > 1)
        {
            name = _graph.Add("Slice", $"{node.Name}/pixels", [
                name, _graph.Constant($"{node.Name}/starts", 0, 0), _graph.Constant($"{node.Name}/ends", from.Height, from.Width),
                _graph.Constant($"{node.Name}/axes", 2, 3), _graph.Constant($"{node.Name}/steps", stride, stride)]);
        }

        var added = (to.Channels - from.Channels) / 2;
        if (added == 0) return new(name, to);
        return new(_graph.Add("Pad", $"{node.Name}/padded", [name, _graph.Constant($"{node.Name}/pads", 0, added, 0, 0, 0, added, 0, 0)]), to);
    }

    private Value Activate(Activation activation, LayerNode node, Value value)
    {
        var (x, name) = (value.Name, $"{node.Name}/{activation.Kind.ToString().ToLowerInvariant()}");
        return value with
        {
            Name = activation.Kind switch
            {
                ActivationKind.Identity => x,
                ActivationKind.LeakyRelu => _graph.Add("LeakyRelu", name, [x], ("alpha", activation.Slope)),
                ActivationKind.Silu => _graph.Add("Mul", name, [x, _graph.Add("Sigmoid", $"{name}/sigmoid", [x])]),
                ActivationKind.Gelu => Gelu(x, name),
                // Relu, Sigmoid, Tanh and Softplus have ONNX's names.
                _ => _graph.Add($"{activation.Kind}", name, [x]),
            },
        };
    }

    // x * Phi(x). The operation Gelu comes with opset 20 only.
    private string Gelu(string x, string name)
    {
        var scaled = _graph.Add("Mul", $"{name}/scaled", [x, _graph.Constant($"{name}/root", [], [(float)Math.Sqrt(0.5)])]);
        var shifted = _graph.Add("Add", $"{name}/shifted", [_graph.Add("Erf", $"{name}/erf", [scaled]), _graph.Constant($"{name}/one", [], [1f])]);
        var half = _graph.Add("Mul", $"{name}/half", [x, _graph.Constant($"{name}/0.5", [], [0.5f])]);
        return _graph.Add("Mul", name, [half, shifted]);
    }

    // Features in the order height, width, channel. Only where a dense layer or a batch normalization cannot take the other order into its weights.
    private Value InOurOrder(Value value)
    {
        if (value.Image is not { } image) return value;
        var shape = _graph.Constant($"{value.Name}/shape", -1, image.Channels, image.Height, image.Width);
        var planes = _graph.Add("Reshape", $"{value.Name}/planes", [value.Name, shape]);
        var pixels = _graph.Add("Transpose", $"{value.Name}/pixels", [planes], ("perm", new long[] { 0, 2, 3, 1 }));
        return new(_graph.Add("Flatten", $"{value.Name}/features", [pixels], ("axis", 1L)), value.Shape);
    }

    private static long[] Pair(Extent extent) => [extent.Height, extent.Width];

    private static long[] Pads(Padding padding) => [padding.Top, padding.Left, padding.Bottom, padding.Right];

    // A value of the graph. Image is not null for the features of a flattened image in the order channel, height, width.
    private readonly record struct Value(string Name, TensorShape Shape, TensorShape? Image = null);
}
