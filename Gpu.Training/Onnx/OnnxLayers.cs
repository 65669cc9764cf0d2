using Gpu.Kernels;
using Gpu.Training.Layers;
using Gpu.Training.Models;
using Gpu.Training.Shapes;
using Gpu.Training.Weights;

namespace Gpu.Training.Onnx;

/// <summary>Makes the layers of the nodes of an ONNX graph.</summary>
internal sealed class OnnxLayers(OnnxGraph graph)
{
    /// <summary>The operations that have a layer.</summary>
    public static readonly IReadOnlyList<string> Operations =
    [
        "Add", "AveragePool", "BatchNormalization", "Cast", "Concat", "Constant", "Conv", "ConvTranspose", "Dropout", "Erf (in GELU)", "Flatten", "Gelu",
        "Gemm", "GlobalAveragePool", "Identity", "LeakyRelu", "LogSoftmax", "MatMul", "MaxPool", "Mul (in GELU, SiLU)", "Pad (of channels)", "ReduceMean",
        "Relu", "Reshape", "Resize", "Sigmoid", "Slice (with steps)", "Softmax", "Softplus", "Squeeze", "Sum", "Tanh", "Transpose", "Upsample",
    ];

    private readonly Dictionary<string, OnnxValue> _values = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _numbers = new(StringComparer.Ordinal);
    private readonly List<OnnxLayer> _layers = [];
    private readonly SortedSet<string> _remarks = new(StringComparer.Ordinal);

    /// <summary>The layers so far.</summary>
    public IReadOnlyList<OnnxLayer> Layers => _layers;

    /// <summary>What differs from the file, for the user.</summary>
    public IReadOnlyCollection<string> Remarks => _remarks;

    /// <summary>Makes the layers of nodes, in order.</summary>
    /// <param name="input">name of the input of the graph</param>
    /// <param name="value">the input</param>
    /// <returns>The output of the graph, features.</returns>
    /// <exception cref="OnnxException">a node has no layer; the message names it</exception>
    public OnnxValue Read(string input, OnnxValue value)
    {
        _values[input] = value;
        foreach (var node in graph.Order(input)) _values[node.Outputs[0]] = Read(node);
        var output = _values[graph.Output];
        if (HasMasks(value.Shape, output.Shape)) _remarks.Add("The outputs have the size of the input: they are taken for the classes of its pixels.");
        else if (output.Shape.IsImage) output = Flattened(output);
        if (output.Image is not null) _remarks.Add("The outputs are in the order height, width, channel, not channel, height, width.");
        return output;
    }

    /// <summary>Whether the outputs are a class for each pixel of the input.</summary>
    public static bool HasMasks(TensorShape input, TensorShape output) => input.IsImage && output.IsImage && output.Positions > 1 && output.Channels > 1
        && (output.Height, output.Width) == (input.Height, input.Width);

    private OnnxValue Read(OnnxNode node)
    {
        if (!node.IsStandard) throw NotSupported(node);
        if (graph.GeluArgument(node) is { } argument) return Activate(node, argument, new Activation(ActivationKind.Gelu));
        switch (node.Operation)
        {
            case "Conv":
                return Convolution(node, Image(node));
            case "ConvTranspose":
                return Transposed(node, Image(node));
            case "Gemm" or "MatMul":
                return Dense(node, Get(node, 0));
            case "BatchNormalization":
                return BatchNorm(node, Get(node, 0));
            case "Relu":
                return Activate(node, node.Inputs.FirstOrDefault() ?? "", Activation.Relu);
            case "LeakyRelu":
                return Activate(node, node.Inputs.FirstOrDefault() ?? "", new Activation(ActivationKind.LeakyRelu, node.Float("alpha", 0.01f)));
            case "Sigmoid" or "Tanh" or "Softplus":
                return Activate(node, node.Inputs.FirstOrDefault() ?? "", new Activation(Enum.Parse<ActivationKind>(node.Operation)));
            case "Gelu" when node.String("approximate", "none") == "none":
                return Activate(node, node.Inputs.FirstOrDefault() ?? "", new Activation(ActivationKind.Gelu));
            case "Mul":
                return Silu(node);
            case "MaxPool":
                RequirePlain(node);
                var most = Pooling(node, Image(node));
                return Append(node, Image(node), draft => new MaxPool2dLayer
                {
                    Window = most.Window, Stride = most.Stride, Padding = most.Padding, Inputs = draft.Inputs,
                });
            case "AveragePool":
                RequirePlain(node);
                var (mean, counts) = (Pooling(node, Image(node)), node.Integer("count_include_pad", 0) != 0);
                return Append(node, Image(node), draft => new AvgPool2dLayer
                {
                    Window = mean.Window, Stride = mean.Stride, Padding = mean.Padding, CountPadding = counts, Inputs = draft.Inputs,
                });
            case "GlobalAveragePool":
                return Append(node, Image(node), draft => new GlobalAvgPool2dLayer { Inputs = draft.Inputs });
            case "ReduceMean":
                var axes = (node.List("axes") ?? (node.Inputs.Count > 1 ? Constant(node, 1).Integers() : [])).Order().ToArray();
                if (axes is [2, 3] or [-2, -1]) return Append(node, Image(node), draft => new GlobalAvgPool2dLayer { Inputs = draft.Inputs });
                throw node.Fail($"its axes are [{string.Join(", ", axes)}], but only the mean over height and width, [2, 3], is possible");
            case "Flatten" or "Reshape" or "Squeeze":
                return Flatten(node, Get(node, 0));
            case "Transpose":
                return Transpose(node, Get(node, 0));
            case "Dropout":
                return Dropout(node, Get(node, 0));
            case "Identity" or "Cast":
                return Get(node, 0);
            case "Softmax" or "LogSoftmax":
                if (graph.Readers(node.Outputs[0]) != 1 || graph.Output != node.Outputs[0])
                    throw node.Fail("it is not the last node; attention and the like have no layer here");
                _remarks.Add($"The {node.Operation.ToLowerInvariant()} at the end is left out: the outputs are logits, as the loss takes them.");
                return Get(node, 0);
            case "Add" or "Sum":
                return Sum(node);
            case "Concat":
                return Concat(node);
            case "Resize" or "Upsample":
                return Upsampling(node, Image(node));
            case "Slice":
                return Slice(node, Image(node));
            case "Pad":
                return Pad(node, Image(node));
            default:
                throw NotSupported(node);
        }
    }

    private static OnnxException NotSupported(OnnxNode node) => node.Fail(
        (node.Operation == "Clip" ? "ReLU6 and other clipping have no layer here, and ReLU in their place would change the results" : "it has no layer here")
        + $". Operations that can be imported: {string.Join(", ", Operations)}");

    private OnnxValue Get(OnnxNode node, int index) => index < node.Inputs.Count ? Get(node, node.Inputs[index]) : throw node.Fail($"it lacks input {index}");

    private OnnxValue Get(OnnxNode node, string name) => _values.TryGetValue(name, out var value) ? value
        : throw node.Fail($"its input '{name}' is a constant, but the result of a node is needed");

    private OnnxValue Image(OnnxNode node)
    {
        var value = Get(node, 0);
        if (!value.Shape.IsImage) throw node.Fail($"its input has {value.Shape} features, but it needs an image");
        if (value.IsChannelsLast) throw node.Fail("its input is an image [N, H, W, C] that is not transposed to [N, C, H, W]");
        return value;
    }

    private OnnxTensor Constant(OnnxNode node, int index) =>
        index < node.Inputs.Count && graph.Constant(node.Inputs[index]) is { } tensor ? tensor
            : throw node.Fail($"its input {index} must be a constant in the file");

    private float[] Vector(OnnxNode node, int index, int length)
    {
        var tensor = Constant(node, index);
        var values = tensor.Shape.Aggregate(1L, (product, extent) => product * extent) == length ? tensor.Floats() : null;
        return values ?? throw node.Fail($"its constant '{tensor.Name}' is {tensor.ShapeText}, but {length} values are needed");
    }

    private OnnxValue Append(
        OnnxNode? node, IReadOnlyList<OnnxValue> inputs, Func<OnnxLayer, Layer> create, bool hasActivation = false,
        IEnumerable<(string, float[])>? weights = null)
    {
        var probe = create(new OnnxLayer("", [], create));
        var prefix = LayerRegistry.PrefixOf(probe);
        var number = _numbers[prefix] = _numbers.GetValueOrDefault(prefix) + 1;
        var draft = new OnnxLayer($"{prefix}{number}", [.. inputs.Select(input => input.Layer)], create) { HasActivation = hasActivation };
        TensorShape shape;
        try
        {
            shape = probe is MergeLayer merge ? merge.InferShape([.. inputs.Select(input => new NamedShape(input.Layer, input.Shape))])
                : probe.InferShape(inputs[0].Shape);
        }
        catch (ShapeException e)
        {
            throw node is null ? new OnnxException(e.Message, e) : node.Fail(e.Message.TrimEnd('.'));
        }

        foreach (var (name, values) in weights ?? []) draft.Weights[name] = values;
        _layers.Add(draft);
        return new OnnxValue(draft.Name, shape) { Draft = draft, Image = shape == inputs[0].Shape ? inputs[0].Image : null };
    }

    private OnnxValue Append(
        OnnxNode node, OnnxValue input, Func<OnnxLayer, Layer> create, bool hasActivation = false, IEnumerable<(string, float[])>? weights = null) =>
        Append(node, [input], create, hasActivation, weights);

    private OnnxValue Convolution(OnnxNode node, OnnxValue input)
    {
        var (weight, groups) = (Constant(node, 1), (int)Math.Clamp(node.Integer("group", 1), 0, int.MaxValue));
        if (weight.Shape is not [var outputs, var inputs, var height, var width])
            throw node.Fail($"its weights are {weight.ShapeText}, but four axes are needed: only convolutions of images can be imported");
        if (inputs * groups != input.Shape.Channels)
            throw node.Fail($"its weights are {weight.ShapeText} in {groups} groups, but the input {input.Shape} has {input.Shape.Channels} channels");
        var (kernel, stride, dilation) = (new Extent((int)height, (int)width), Pair(node, "strides"), Pair(node, "dilations"));
        List<(string, float[])> weights = [("weight", WeightAxes.FromOihw(weight.Floats(), weight.Shape))];
        if (node.Inputs.Count > 2 && node.Inputs[2].Length > 0) weights.Add(("bias", Vector(node, 2, (int)outputs)));
        var padding = Padding(node);
        return Append(node, input, draft => new Conv2dLayer
        {
            Channels = (int)outputs, Kernel = kernel, Stride = stride, Dilation = dilation, Padding = padding, Groups = groups, Bias = draft.Bias,
            Activation = draft.Activation, Inputs = draft.Inputs,
        }, true, weights);
    }

    private OnnxValue Transposed(OnnxNode node, OnnxValue input)
    {
        var (weight, groups) = (Constant(node, 1), (int)Math.Clamp(node.Integer("group", 1), 1, 1 << 20));
        if (weight.Shape is not [var inputs, var outputs, var height, var width])
            throw node.Fail($"its weights are {weight.ShapeText}, but four axes are needed");
        if (inputs != input.Shape.Channels)
            throw node.Fail($"its weights are {weight.ShapeText}, but the input {input.Shape} has {input.Shape.Channels} channels");
        if (node.Has("output_shape") || node.Integers("output_padding", 0, 0).Any(value => value != 0) || node.String("auto_pad", "NOTSET") != "NOTSET")
            throw node.Fail("output_shape, output_padding and auto_pad have no counterpart here; use pads");
        var channels = checked((int)Math.Min(int.MaxValue, outputs * groups));
        List<(string, float[])> weights = [("weight", WeightAxes.FromOihw(weight.Floats(), weight.Shape))];
        if (node.Inputs.Count > 2 && node.Inputs[2].Length > 0) weights.Add(("bias", Vector(node, 2, channels)));
        var (kernel, stride, dilation, padding) = (new Extent((int)height, (int)width), Pair(node, "strides"), Pair(node, "dilations"), Padding(node));
        return Append(node, input, draft => new ConvTranspose2dLayer
        {
            Channels = channels, Kernel = kernel, Stride = stride, Dilation = dilation, Padding = padding, Groups = groups, Bias = draft.Bias,
            Activation = draft.Activation, Inputs = draft.Inputs,
        }, true, weights);
    }

    private OnnxValue Dense(OnnxNode node, OnnxValue input)
    {
        if (node.Integer("transA", 0) != 0) throw node.Fail("its transA is not 0");
        if (input.Shape.IsImage) input = Flattened(input);
        var weight = Constant(node, 1);
        var isTransposed = node.Integer("transB", 0) != 0;
        if (weight.Shape is not [var rows, var columns]) throw node.Fail($"its weights are {weight.ShapeText}, but two axes are needed");
        var (inputs, outputs) = isTransposed ? (columns, rows) : (rows, columns);
        if (inputs != input.Shape.Length || outputs < 1)
            throw node.Fail($"its weights are {weight.ShapeText}, but the input has {input.Shape.Length} features");
        var values = isTransposed ? WeightAxes.Transpose(weight.Floats(), (int)rows, (int)columns) : weight.Floats();
        Scale(values, node.Float("alpha", 1));
        if (input.Image is { } image) values = WeightAxes.PlaceRows(values, (int)outputs, WeightAxes.FromChannelsFirst(image.Positions, image.Channels));
        List<(string, float[])> weights = [("weight", values)];
        if (node.Inputs.Count > 2 && node.Inputs[2].Length > 0)
        {
            var tensor = Constant(node, 2);
            var bias = tensor.Shape.All(extent => extent == 1) ? Enumerable.Repeat(tensor.Floats()[0], (int)outputs).ToArray() : Vector(node, 2, (int)outputs);
            Scale(bias, node.Float("beta", 1));
            weights.Add(("bias", bias));
        }

        return Append(node, input, draft => new DenseLayer { Units = (int)outputs, Bias = draft.Bias, Activation = draft.Activation, Inputs = draft.Inputs },
            true, weights) with { Image = null };
    }

    private static void Scale(float[] values, float factor)
    {
        if (factor == 1) return;
        for (var i = 0; i < values.Length; i++) values[i] *= factor;
    }

    private OnnxValue BatchNorm(OnnxNode node, OnnxValue input)
    {
        if (node.Integer("training_mode", 0) != 0) throw node.Fail("it is in training mode. Export the model for evaluation (model.eval())");
        if (node.Integer("spatial", 1) == 0) throw node.Fail("it normalizes each pixel separately (spatial = 0)");
        if (input.IsChannelsLast) throw node.Fail("its input is an image [N, H, W, C]");
        string[] names = ["gamma", "beta", "running_mean", "running_variance"];
        var weights = names.Select((name, i) =>
        {
            var values = Vector(node, i + 1, input.Shape.Channels);
            return (name, input.Image is { } image ? WeightAxes.PlaceRows(values, 1, WeightAxes.FromChannelsFirst(image.Positions, image.Channels)) : values);
        }).ToArray();
        if (weights[3].Item2.Any(variance => !(variance >= 0))) throw node.Fail("a variance is below 0");
        // ONNX's momentum is the weight of the old statistics.
        var (epsilon, momentum) = (node.Float("epsilon", 1e-5f), 1 - node.Float("momentum", 0.9f));
        return Append(node, input, draft => new BatchNormLayer
        {
            Epsilon = epsilon, Momentum = momentum, Activation = draft.Activation, Inputs = draft.Inputs,
        }, true, weights);
    }

    // Fused into the layer before it, as PyTorch's users write it, if nothing else reads that layer.
    private OnnxValue Activate(OnnxNode node, string name, Activation activation)
    {
        var input = Get(node, name);
        if (activation.Kind == ActivationKind.LeakyRelu && !(activation.Slope > 0)) throw node.Fail($"its alpha is {activation.Slope}, but must be above 0");
        if (input.Draft is { HasActivation: true, Activation.Kind: ActivationKind.Identity } draft && graph.Readers(name) == 1)
        {
            draft.Activation = activation;
            return input;
        }

        var result = Append(node, input, created => new ActivationLayer(created.Activation) { Inputs = created.Inputs });
        result.Draft!.Activation = activation;
        return result with { Image = input.Image, IsChannelsLast = input.IsChannelsLast };
    }

    // x * sigmoid(x), where sigmoid has become a layer of its own, because x has two readers.
    private OnnxValue Silu(OnnxNode node)
    {
        if (node.Inputs.Count == 2 && _values.TryGetValue(node.Inputs[0], out var a) && _values.TryGetValue(node.Inputs[1], out var b))
        {
            foreach (var (x, sigmoid, name) in new[] { (a, b, node.Inputs[1]), (b, a, node.Inputs[0]) })
            {
                if (sigmoid.Draft is { HasActivation: false, Activation.Kind: ActivationKind.Sigmoid } draft && draft.Reads(x.Layer)
                    && graph.Readers(name) == 1)
                {
                    draft.Activation = new Activation(ActivationKind.Silu);
                    return sigmoid;
                }
            }
        }

        throw node.Fail("products are only imported where they are SiLU, x * sigmoid(x), or GELU; attention and scaling have no layer here");
    }

    private (Extent Window, Extent Stride, Padding Padding) Pooling(OnnxNode node, OnnxValue input)
    {
        if (!node.Has("kernel_shape")) throw node.Fail("it lacks kernel_shape");
        var (kernel, stride, padding) = (Pair(node, "kernel_shape"), Pair(node, "strides"), Padding(node));
        if (node.Integer("ceil_mode", 0) != 0)
        {
            var sizes = padding.Resolve(input.Shape.Height, input.Shape.Width, kernel, stride);
            var rows = input.Shape.Height + sizes.Top + sizes.Bottom - kernel.Height;
            var columns = input.Shape.Width + sizes.Left + sizes.Right - kernel.Width;
            if (rows % stride.Height != 0 || columns % stride.Width != 0)
                throw node.Fail("it rounds its output size up (ceil_mode = 1), which has no counterpart here");
        }

        return (kernel, stride, padding);
    }

    private static void RequirePlain(OnnxNode node)
    {
        if (node.Integers("dilations", 1, 1).Any(value => value != 1)) throw node.Fail("its dilations are not 1");
        if (node.Outputs.Count > 1 && node.Outputs[1].Length > 0) throw node.Fail("it also returns indices");
    }

    private static Padding Padding(OnnxNode node) => node.String("auto_pad", "NOTSET") switch
    {
        "SAME_UPPER" => Shapes.Padding.Same,
        "VALID" => Shapes.Padding.Valid,
        "NOTSET" or "" => node.Integers("pads", 0, 0, 0, 0) switch
        {
            [0, 0, 0, 0] => Shapes.Padding.Valid,
            var pads => new Padding(pads[0], pads[1], pads[2], pads[3]),
        },
        var other => throw node.Fail($"its auto_pad is {other}, but NOTSET, SAME_UPPER or VALID is needed"),
    };

    private static Extent Pair(OnnxNode node, string name) => node.Integers(name, 1, 1) is [var height, var width] ? new Extent(height, width) : 1;

    private OnnxValue Flattened(OnnxValue image)
    {
        var flat = Append(null, [image], draft => new FlattenLayer { Inputs = draft.Inputs });
        return flat with { Image = image.IsChannelsLast || image.Shape.Positions == 1 || image.Shape.Channels == 1 ? null : image.Shape };
    }

    private OnnxValue Flatten(OnnxNode node, OnnxValue input)
    {
        if (node.Operation == "Flatten" && node.Integer("axis", 1) is not (1 or -3)) throw node.Fail($"its axis is {node.Integer("axis", 1)}, but must be 1");
        if (node.Operation == "Reshape" && node.Inputs.Count > 1 && graph.Constant(node.Inputs[1]) is not null)
        {
            var shape = Constant(node, 1).Integers();
            // Features of a global average pooling keep their sizes of 1 in some files.
            var length = shape.Skip(1).Aggregate(1L, (product, extent) => extent == -1 ? product : product * extent);
            var isFlat = shape.Length == 2 || (shape.Length == 4 && input.Shape.Positions == 1 && shape[2..].All(extent => extent == 1));
            if (!isFlat || (shape[1] != -1 && length != input.Shape.Length))
                throw node.Fail($"its shape is [{string.Join(", ", shape)}], but of {input.Shape} only features, [N, {input.Shape.Length}], can be made");
        }
        else if (node.Operation == "Reshape" && !IsFlat(node))
            throw node.Fail("its shape is computed in the graph, and not as [N, -1]");

        return input.Shape.IsImage && !(node.Operation == "Squeeze" && input.Shape.Positions > 1) ? Flattened(input)
            : input.Shape.IsImage ? throw node.Fail($"its input is {input.Shape}, whose height and width must be 1") : input;
    }

    // The shape is a list [the batch, -1], computed from the shape of the input.
    private bool IsFlat(OnnxNode node) => node.Inputs.Count > 1
        && graph.Producer(node.Inputs[1]) is { Operation: "Concat", Inputs.Count: 2 } list && Last(list.Inputs[1]) is -1;

    private long? Last(string name)
    {
        if (graph.Producer(name) is { Operation: "Unsqueeze", Inputs.Count: > 0 } node) name = node.Inputs[0];
        return graph.Constant(name) is { } tensor && tensor.Shape.All(extent => extent == 1) ? tensor.Integers()[0] : null;
    }

    private static OnnxValue Transpose(OnnxNode node, OnnxValue input)
    {
        var order = node.List("perm");
        if (input.Shape.IsImage && input.IsChannelsLast && order is [0, 3, 1, 2]) return input with { IsChannelsLast = false };
        if (input.Shape.IsImage && !input.IsChannelsLast && order is [0, 2, 3, 1]) return input with { IsChannelsLast = true };
        throw node.Fail($"its order of axes is [{string.Join(", ", order ?? [])}], but only between [N, C, H, W] and [N, H, W, C] is possible");
    }

    private OnnxValue Dropout(OnnxNode node, OnnxValue input)
    {
        var share = node.Inputs.Count > 1 && graph.Constant(node.Inputs[1]) is { } ratio ? ratio.Floats().FirstOrDefault() : node.Float("ratio", 0.5f);
        return share == 0 ? input
            : Append(node, input, draft => new DropoutLayer(share) { Inputs = draft.Inputs }) with { IsChannelsLast = input.IsChannelsLast };
    }

    private OnnxValue Sum(OnnxNode node)
    {
        var constants = node.Inputs.Where(name => graph.Constant(name) is not null).ToArray();
        if (constants.Length > 0) return AddBias(node, constants);
        var inputs = node.Inputs.Select((_, i) => Get(node, i)).ToArray();
        if (inputs.Length == 1) return inputs[0];
        if (inputs.Any(input => input.Image != inputs[0].Image || input.IsChannelsLast != inputs[0].IsChannelsLast))
            throw node.Fail("its inputs have different orders of axes");
        return Append(node, inputs, draft => new AddLayer { Activation = draft.Activation, Inputs = draft.Inputs }, true)
            with { Image = inputs[0].Image, IsChannelsLast = inputs[0].IsChannelsLast };
    }

    // A MatMul or a convolution and an addition, as TensorFlow's models have it.
    private OnnxValue AddBias(OnnxNode node, string[] constants)
    {
        var name = node.Inputs.First(input => !constants.Contains(input) || constants.Length == node.Inputs.Count);
        var value = Get(node, name);
        var index = constants.Length == 1 && node.Inputs.Count == 2 ? Array.IndexOf([.. node.Inputs], constants[0]) : -1;
        var target = index >= 0 && graph.Readers(name) == 1 && value.Draft is { Activation.Kind: ActivationKind.Identity } draft
            && draft.Weights.ContainsKey("weight") && !draft.Bias ? draft : null;
        var shape = target is null ? [] : graph.Constant(constants[0])!.Shape;
        var isPerChannel = value.Shape.IsImage ? shape.Count is 3 or 4 && shape[^1] == 1 && shape[^2] == 1 : shape.Count is 1 or 2;
        if (target is null || !isPerChannel)
            throw node.Fail("it adds a constant, which is only imported as the bias of a MatMul or convolution before it that has none and no other reader");
        target.Weights["bias"] = Vector(node, index, value.Shape.Channels);
        return value;
    }

    private OnnxValue Concat(OnnxNode node)
    {
        var inputs = node.Inputs.Select((_, i) => Get(node, i)).ToArray();
        var axis = node.Integer("axis", 1);
        var channels = inputs[0].Shape.IsImage ? inputs[0].IsChannelsLast ? 3 : 1 : 1;
        var axes = inputs[0].Shape.IsImage ? 4 : 2;
        if ((axis < 0 ? axis + axes : axis) != channels) throw node.Fail($"its axis is {axis}, but only channels or features can be joined");
        if (inputs.Any(input => input.Image is not null)) throw node.Fail("it joins flattened images; join the images before they are flattened");
        if (inputs.Any(input => input.IsChannelsLast != inputs[0].IsChannelsLast)) throw node.Fail("its inputs have different orders of axes");
        return inputs.Length == 1 ? inputs[0] : Append(node, inputs, draft => new ConcatLayer { Inputs = draft.Inputs })
            with { IsChannelsLast = inputs[0].IsChannelsLast };
    }

    private OnnxValue Upsampling(OnnxNode node, OnnxValue input)
    {
        if (node.String("mode", "nearest") != "nearest") throw node.Fail($"its mode is {node.String("mode", "")}, but only nearest is possible");
        var at = node.Operation == "Upsample" ? 1 : node.Inputs.Count > 2 && node.Inputs[2].Length > 0 ? 2 : 3;
        var values = Constant(node, at).Floats();
        if (values.Length == 4 && at == 3) values = [1, 1, values[2] / input.Shape.Height, values[3] / input.Shape.Width];
        if (values is not [1, 1, >= 1 and <= ShapeLimits.MaxWindow, _] || values[2] != values[3] || values[2] % 1 != 0)
            throw node.Fail($"its scales are [{string.Join(", ", values)}], but one integer factor of height and width is needed");
        var factor = (int)values[2];
        return Append(node, input, draft => new UpsampleLayer(factor) { Inputs = draft.Inputs });
    }

    // Every stride-th pixel is max pooling with a window of one pixel.
    private OnnxValue Slice(OnnxNode node, OnnxValue input)
    {
        var shape = input.Shape;
        if (node.Inputs.Count != 5 || Constant(node, 1).Integers() is not [0, 0] || Constant(node, 3).Integers() is not ([2, 3] or [-2, -1])
            || Constant(node, 2).Integers() is not [var bottom, var right] || bottom < shape.Height || right < shape.Width
            || Constant(node, 4).Integers() is not [var rows, var columns] || Math.Min(rows, columns) < 1 || Math.Max(rows, columns) > ShapeLimits.MaxWindow)
            throw node.Fail("only every n-th pixel of the whole image can be taken (starts 0, axes 2 and 3, positive steps)");
        var stride = new Extent((int)rows, (int)columns);
        return Append(node, input, draft => new MaxPool2dLayer(1) { Stride = stride, Inputs = draft.Inputs });
    }

    // Added channels of zeros: a convolution of one pixel that copies the channels.
    private OnnxValue Pad(OnnxNode node, OnnxValue input)
    {
        var pads = node.Inputs.Count > 1 ? Constant(node, 1).Integers() : node.List("pads") ?? [];
        if (node.String("mode", "constant") != "constant" || pads is not [0, >= 0 and var before, 0, 0, 0, >= 0 and var after, 0, 0] || before + after > 1 << 20
            || (node.Inputs.Count > 2 && node.Inputs[2].Length > 0 && Constant(node, 2).Floats() is not [0]))
            throw node.Fail("only channels of zeros can be added; padding of pixels belongs into the attribute pads of the convolution after it");
        var (inputs, outputs) = (input.Shape.Channels, input.Shape.Channels + (int)(before + after));
        var weight = new float[ShapeLimits.Length("the padded channels", inputs, outputs)];
        for (var i = 0; i < inputs; i++) weight[i * outputs + i + (int)before] = 1;
        _remarks.Add(
            "The graph adds channels of zeros, for which there is no layer: 1x1 convolutions of ones and zeros do it. Training changes them unless they are "
            + "frozen.");
        return Append(node, input, draft => new Conv2dLayer(outputs, 1) { Bias = false, Activation = draft.Activation, Inputs = draft.Inputs }, true,
            [("weight", weight)]);
    }
}
