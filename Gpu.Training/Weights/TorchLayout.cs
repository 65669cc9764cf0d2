using System.Text.RegularExpressions;
using Gpu.Training.Layers;
using Gpu.Training.Models;
using Gpu.Training.Shapes;

namespace Gpu.Training.Weights;

/// <summary>Maps the tensors of a file in PyTorch's names and layouts to the parameters of a model; see <see cref="WeightLayout.Torch"/>.</summary>
internal static partial class TorchLayout
{
    private enum Kind
    {
        Convolution,
        Linear,
        Normalization,
    }

    /// <summary>Returns the tensors of the file, those that belong to a parameter of the model under its name.</summary>
    /// <exception cref="SafeTensorsException">the file has another number of layers of some kind than the model</exception>
    public static IEnumerable<SourceTensor> Map(Model model, SafeTensorsReader reader)
    {
        var modules = reader.Tensors.Values.Where(entry => !entry.Name.EndsWith("num_batches_tracked", StringComparison.Ordinal))
            .GroupBy(entry => Split(entry.Name).Module).OrderBy(group => SortKey(group.Key), StringComparer.Ordinal)
            .Select(group => (Name: group.Key, Kind: KindOf(group), Tensors: group.ToArray())).ToArray();
        var layers = Layers(model).ToArray();
        // A file that Write made has the names of the layers, whose order may differ from that of the names.
        var byName = modules.ToDictionary(module => module.Name, StringComparer.Ordinal);
        if (layers.All(layer => byName.TryGetValue(TorchNames.Of(model, layer.Node), out var module) && module.Kind == layer.Kind))
        {
            var order = layers.Select(layer => TorchNames.Of(model, layer.Node)).ToArray();
            modules = [.. order.Select(name => byName[name]), .. modules.Where(module => !order.Contains(module.Name))];
        }

        var others = modules.Where(module => module.Kind is null).SelectMany(module => module.Tensors);
        List<SourceTensor> mapped = [.. others.Select(entry => Unknown(reader, entry))];
        foreach (var kind in Enum.GetValues<Kind>())
        {
            var sources = modules.Where(module => module.Kind == kind).Select(module => module.Tensors).ToArray();
            var targets = layers.Where(layer => layer.Kind == kind).ToArray();
            if (sources.Length != targets.Length)
            {
                throw new SafeTensorsException(
                    $"The file '{reader.Path}' has {sources.Length} layers of the kind {Name(kind)}, but the model '{model.Name}' has {targets.Length}. "
                    + "PyTorch's layers are matched in order, so both must have the same architecture.");
            }

            for (var i = 0; i < sources.Length; i++) mapped.AddRange(sources[i].Select(entry => Convert(reader, entry, kind, targets[i])));
        }

        return mapped;
    }

    /// <summary>Adds the parameters and running statistics of a model to a file, in PyTorch's names and layouts.</summary>
    /// <param name="model">the model</param>
    /// <param name="weights">its parameters and running statistics by name</param>
    /// <param name="writer">the file</param>
    public static void Write(Model model, IReadOnlyDictionary<string, float[]> weights, SafeTensorsWriter writer)
    {
        foreach (var (kind, node, image) in Layers(model))
        {
            foreach (var parameter in node.Parameters)
            {
                var (values, shape) = (weights[parameter.Name], parameter.Shape);
                var rows = image is { } flat && flat.Length == node.Input.Length && kind != Kind.Convolution
                    ? WeightAxes.FromChannelsFirst(flat.Positions, flat.Channels) : null;
                (values, shape) = (kind, shape.Count) switch
                {
                    (Kind.Convolution, 4) => (WeightAxes.ToOihw(values, shape), [shape[3], shape[2], shape[0], shape[1]]),
                    (Kind.Linear, 2) => (WeightAxes.Transpose(Rows(values, shape[1], rows), shape[0], shape[1]), [shape[1], shape[0]]),
                    (Kind.Normalization, _) => (Rows(values, 1, node.Input.IsImage ? null : rows), shape),
                    _ => (values, shape),
                };
                var name = $"{TorchNames.Of(model, node)}.{TorchNames.Of(node, parameter.Declaration.Name)}";
                writer.Add(name, [.. shape], values);
            }
        }
    }

    private static float[] Rows(float[] values, int columns, int[]? rows) => rows is null ? values : WeightAxes.SelectRows(values, columns, rows);

    private static string Name(Kind kind) => kind switch
    {
        Kind.Convolution => "convolution (weight with 4 axes)",
        Kind.Linear => "linear (weight with 2 axes)",
        _ => "batch normalization (running_mean)",
    };

    private static Kind? KindOf(IEnumerable<TensorEntry> module)
    {
        var tensors = module.ToDictionary(entry => Split(entry.Name).Tensor, StringComparer.Ordinal);
        if (tensors.ContainsKey("running_mean")) return Kind.Normalization;
        return tensors.GetValueOrDefault("weight")?.Shape.Count switch { 4 => Kind.Convolution, 2 => Kind.Linear, _ => null };
    }

    // The layers with parameters, in order. A dense layer after a flatten has the shape of the image.
    private static IEnumerable<(Kind Kind, LayerNode Node, TensorShape? Image)> Layers(Model model)
    {
        TensorShape? image = null;
        foreach (var node in model.Nodes.SelectMany(node => node.Flatten()))
        {
            if (node.Layer is FlattenLayer && node.Input.IsImage) image = node.Input;
            if (node.Layer is ConvolutionLayer) yield return (Kind.Convolution, node, null);
            if (node.Layer is BatchNormLayer) yield return (Kind.Normalization, node, image);
            if (node.Layer is not DenseLayer) continue;
            yield return (Kind.Linear, node, image);
            image = null;
        }
    }

    private static SourceTensor Convert(SafeTensorsReader reader, TensorEntry entry, Kind kind, (Kind Kind, LayerNode Node, TensorShape? Image) target)
    {
        var (shape, tensor) = (entry.Shape, Split(entry.Name).Tensor);
        var parameter = target.Node.FindParameter((kind, tensor) switch
        {
            (Kind.Normalization, "weight") => "gamma",
            (Kind.Normalization, "bias") => "beta",
            (Kind.Normalization, "running_var") => "running_variance",
            _ => tensor,
        });
        if (parameter is null) return Unknown(reader, entry);
        var image = target.Image is { } found && found.Length == shape[^1] ? found : (TensorShape?)null;
        return kind switch
        {
            Kind.Convolution when shape.Count == 4 =>
                new(parameter.Name, entry.Name, [shape[2], shape[3], shape[1], shape[0]], () => WeightAxes.FromOihw(reader.ReadAsFloats(entry.Name), shape)),
            Kind.Linear when shape.Count == 2 =>
                new(parameter.Name, entry.Name, [shape[1], shape[0]], () => Transpose(reader.ReadAsFloats(entry.Name), (int)shape[0], (int)shape[1], image)),
            Kind.Normalization when image is not null =>
                new(parameter.Name, entry.Name, shape, () => Transpose(reader.ReadAsFloats(entry.Name), 1, (int)shape[0], image)),
            _ => new(parameter.Name, entry.Name, shape, () => reader.ReadAsFloats(entry.Name)),
        };
    }

    private static SourceTensor Unknown(SafeTensorsReader reader, TensorEntry entry) =>
        new(entry.Name, entry.Name, entry.Shape, () => reader.ReadAsFloats(entry.Name));

    // [out, in] to [in, out]. After a flatten, PyTorch's inputs are in the order channel, height, width, and ours in the order height, width, channel.
    private static float[] Transpose(float[] values, int outputs, int inputs, TensorShape? image)
    {
        var result = new float[values.Length];
        for (var i = 0; i < inputs; i++)
        {
            var from = image is { } shape ? i % shape.Channels * (inputs / shape.Channels) + i / shape.Channels : i;
            for (var o = 0; o < outputs; o++) result[i * outputs + o] = values[o * inputs + from];
        }

        return result;
    }

    private static (string Module, string Tensor) Split(string name)
    {
        var dot = name.LastIndexOf('.');
        return dot < 0 ? ("", name) : (name[..dot], name[(dot + 1)..]);
    }

    // Numbers are padded with zeros, so that layer10 comes after layer9.
    private static string SortKey(string name) => Digits().Replace(name, number => number.Value.PadLeft(9, '0'));

    [GeneratedRegex("[0-9]+", RegexOptions.CultureInvariant)]
    private static partial Regex Digits();
}
