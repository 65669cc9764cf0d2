using Google.Protobuf;
using Gpu.Kernels;
using Gpu.Training.Data;
using Gpu.Training.IO;
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
public static class OnnxImporter
{
    private const string InputName = "input";

    /// <summary>The operations that can be imported.</summary>
    public static IReadOnlyList<string> Operations => OnnxLayers.Operations;

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
            return Import(path, file, size);
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

    private static OnnxModel Import(string path, ModelProto file, (int Height, int Width)? size)
    {
        var graph = new OnnxGraph(path, file.Graph ?? new GraphProto());
        var layers = new OnnxLayers(graph);
        var (inputName, input) = Input(path, graph, size);
        var output = layers.Read(inputName, input);
        var drafts = layers.Layers;
        if (drafts.Count == 0) throw new OnnxException($"The graph in '{path}' has no layers: its output is its input.");
        // One output is a number or a yes-or-no; the data decides in training.
        var hasMasks = OnnxLayers.HasMasks(input.Shape, output.Shape);
        var recipe = new TrainingRecipe
        {
            Loss = output.Shape.Length == 1 ? LossKind.MeanSquaredError : hasMasks ? LossKind.PixelCrossEntropy : LossKind.SoftmaxCrossEntropy,
        };
        var model = new Model(
            NameOf(file.Graph!.Name), input.Shape, recipe, [.. drafts.Select((draft, i) => draft.Create(i > 0 ? drafts[i - 1].Name : InputName))]);
        var weights = new Dictionary<string, float[]>(StringComparer.Ordinal);
        foreach (var draft in drafts)
            foreach (var (name, values) in draft.Weights) weights[$"{draft.Name}.{name}"] = values;
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var entry in file.MetadataProps) metadata[entry.Key] = entry.Value;
        var outputs = graph.Proto.Output.Count;
        string[] more = outputs > 1 ? [$"Of {outputs} outputs only the first, '{graph.Output}', is imported."] : [];
        return new OnnxModel(model, weights, metadata, [.. layers.Remarks, .. more]);
    }

    private static string NameOf(string graphName)
    {
        var name = Runs.RunFolder.SafeName(graphName);
        return name.Length is > 0 and <= 100 ? name : "imported";
    }

    private static (string Name, OnnxValue Value) Input(string path, OnnxGraph graph, (int Height, int Width)? size)
    {
        var inputs = graph.Proto.Input.Where(candidate => graph.Constant(candidate.Name) is null).ToArray();
        if (inputs is not [var input])
        {
            throw new OnnxException(
                $"The graph in '{path}' has {inputs.Length} inputs ({NameList.Join([.. inputs.Select(other => other.Name)], 6)}), but one is needed.");
        }

        var dims = input.Type?.TensorType?.Shape?.Dim.Select(dim => dim.HasDimValue ? dim.DimValue : 0).ToArray() ?? [];
        if (dims is [_, var features])
        {
            return (input.Name, new OnnxValue(InputName, TensorShape.Features(Known(features, "number of features"))));
        }

        if (dims.Length != 4)
        {
            throw new OnnxException(
                $"The input '{input.Name}' in '{path}' has {dims.Length} axes, but [N, C, H, W], [N, H, W, C] or [N, F] is needed.");
        }

        // Keras' files transpose first.
        var isLast = graph.Proto.Node.Where(node => node.Input.Contains(input.Name))
            .All(node => node.OpType == "Transpose" && new OnnxNode(node).List("perm") is [0, 3, 1, 2]);
        var (height, width, channels) = isLast ? (dims[1], dims[2], dims[3]) : (dims[2], dims[3], dims[1]);
        if (size is { } given) (height, width) = given;
        var image = TensorShape.Image(Known(height, "height"), Known(width, "width"), Known(channels, "number of channels"));
        return (input.Name, new OnnxValue(InputName, image) { IsChannelsLast = isLast });

        int Known(long value, string what) => value is > 0 and <= ShapeLimits.MaxDimension ? (int)value : throw new OnnxException(
            $"The {what} of the input '{input.Name}' in '{path}' is {(value == 0 ? "not fixed" : $"{value:N0}")}. "
            + (what is "height" or "width" ? "Give the size of the images, such as --size 224." : "Export the model with fixed sizes."));
    }
}
