using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Gpu.Kernels;
using Gpu.Training.Data;
using Gpu.Training.Images;
using Gpu.Training.IO;
using Gpu.Training.Layers;
using Gpu.Training.Loop;
using Gpu.Training.Models;
using Gpu.Training.Planning;
using Gpu.Training.Runs;
using Gpu.Training.Weights;

namespace Gpu.Training.SourceCode;

/// <summary>
/// Writes a trained network as a C# class that needs Gpu.Kernels alone, and a file with its weights. The class calls the same operations in the same order as
/// the evaluation of the run, so it computes the same numbers; with folded batch normalizations they differ by rounding.
/// </summary>
internal static class ClassWriter
{
    /// <summary>What a class says about the training of its network.</summary>
    /// <param name="Dataset">the data set</param>
    /// <param name="ClassNames">the classes, in order of the outputs</param>
    /// <param name="Normalization">how pixels are normalized</param>
    /// <param name="Transform">how images were resized; null for not</param>
    internal sealed record Facts(
        string Dataset, IReadOnlyList<string> ClassNames, ChannelStatistics Normalization, ImageTransform? Transform = null);

    /// <summary>The file with the weights that belongs to a file with the class.</summary>
    public static string WeightsPath(string path) => Path.ChangeExtension(path, ".weights");

    /// <summary>Writes the network of a run.</summary>
    /// <param name="run">the run</param>
    /// <param name="weights">its weights by name</param>
    /// <param name="path">the file of the class; its name becomes the name of the class</param>
    /// <param name="foldBatchNorm">whether batch normalizations are computed into the weights before them</param>
    /// <exception cref="TrainingException">the run has no C# form</exception>
    public static void Write(RunFolder run, IReadOnlyDictionary<string, float[]> weights, string path, bool foldBatchNorm = false)
    {
        var (model, configuration) = (run.Model, run.Configuration);
        if (configuration.Table is not null)
        {
            throw new TrainingException(
                $"The run '{run.Path}' takes the columns of a table, but an exported class takes images. Use --format onnx.");
        }

        if (model.Recipe.Loss is not LossKind.SoftmaxCrossEntropy && !TaskModel.IsPixelLoss(model.Recipe.Loss))
        {
            throw new TrainingException(
                $"The run '{run.Path}' was trained with the loss {JsonValues.EnumName(model.Recipe.Loss)}, but an exported class gives probabilities of "
                + "classes. Use --format onnx.");
        }

        var facts = new Facts(configuration.Dataset, configuration.ClassNames, configuration.Normalization, configuration.Transform);
        Write(model, weights, facts, path, foldBatchNorm);
    }

    /// <summary>Writes a network: the file with the weights first.</summary>
    /// <param name="model">the network; its outputs are logits</param>
    /// <param name="weights">the weights by name</param>
    /// <param name="facts">what the class says about the training, and the normalization</param>
    /// <param name="path">the file of the class; its name becomes the name of the class</param>
    /// <param name="foldBatchNorm">whether batch normalizations are computed into the weights before them</param>
    /// <exception cref="TrainingException">a layer has no C# form</exception>
    public static void Write(Model model, IReadOnlyDictionary<string, float[]> weights, Facts facts, string path, bool foldBatchNorm = false)
    {
        var graph = PlanBuilder.Build(model, training: false, new PlanSettings { FoldBatchNorm = foldBatchNorm });
        var written = Written(graph, weights);
        var layout = new PlanLayout(graph, null, 1);
        var offsets = new Dictionary<string, (int Offset, int Length)>();
        var words = 0L;
        foreach (var (name, values) in written)
        {
            offsets.Add(name, ((int)words, values.Length));
            words += ArenaLayout.Align(values.Length);
        }

        var code = new ForwardCode(layout, graph.Input, name => offsets[name]);
        foreach (var operation in graph.Operations)
        {
            if (!code.Add(operation))
                throw new TrainingException($"Layer '{operation.Name}' of the model '{model.Name}' has no C# form. Use --format onnx.");
        }

        var content = new float[words];
        foreach (var (name, values) in written) values.CopyTo(content, offsets[name].Offset);
        var bytes = MemoryMarshal.AsBytes(content.AsSpan()).ToArray();
        if (!BitConverter.IsLittleEndian) throw new PlatformNotSupportedException("weights are written in little-endian order");
        AtomicFile.WriteAllBytes(WeightsPath(path), bytes);
        AtomicFile.WriteAllText(path, Source(facts, graph, layout, code, path, words, Convert.ToHexStringLower(SHA256.HashData(bytes))));
    }

    // The parameters in order, those of layers with a folded normalization replaced by the result.
    private static List<(string Name, float[] Values)> Written(PlanGraph graph, IReadOnlyDictionary<string, float[]> weights)
    {
        var folded = graph.Operations.OfType<WeightedOperation>().Where(operation => operation.Norm is not null).ToArray();
        var replaced = folded.SelectMany(operation => operation.Node.Parameters.Concat(operation.Norm!.Parameters))
            .Select(parameter => parameter.Name).ToHashSet(StringComparer.Ordinal);
        var written = graph.Model.Parameters.Where(parameter => !replaced.Contains(parameter.Name))
            .Select(parameter => (parameter.Name, weights[parameter.Name])).ToList();
        foreach (var operation in folded)
        {
            var (weight, bias) = BatchNormFolding.WeightsOf(operation.Node, operation.Norm, name => weights[name]);
            written.Add((operation.FoldedWeight, weight));
            written.Add((operation.FoldedBias, bias!));
        }

        return written;
    }

    private static string Source(
        Facts facts, PlanGraph graph, PlanLayout layout, ForwardCode code, string path, long weightWords, string hash)
    {
        var model = graph.Model;
        var name = Identifier(Path.GetFileNameWithoutExtension(path));
        var pattern = PixelNormalization.Pattern(facts.Normalization.Mean, facts.Normalization.StandardDeviation);
        var channels = facts.Normalization.Mean.Length;
        var pixel = channels == 1 ? "of gray" : channels == 3 ? "of red, green and blue" : $"of {channels} channels";
        var shape = model.Input.IsImage ? $"{model.Input.Height} x {model.Input.Width} pixels {pixel}" : $"{model.Input.Length / channels} pixels";
        var outputs = model.Output.IsImage
            ? $"{model.Output.Height} x {model.Output.Width} pixels x {model.Output.Channels} classes" : "one for each class";
        var scale = pattern.Take(channels);
        var shift = pattern.Skip(PixelNormalization.Period(channels)).Take(channels);
        var (input, output) = (model.Input, model.Output);
        var classes = output.IsImage ? output.Channels : output.Length;
        var names = facts.ClassNames.Select(Quote);
        var resize = facts.Transform is { } transform
            ? $" Images of other sizes were resized ({transform.Fit.ToString().ToLowerInvariant()}) before training." : "";
        return string.Create(CultureInfo.InvariantCulture, $$"""
            // <auto-generated/>
            // Written by 'gputrainer export --format csharp'. Needs the project Gpu.Kernels, and at run time the file {{Path.GetFileName(WeightsPath(path))}}.
            #nullable enable
            using System;
            using System.IO;
            using System.Linq;
            using System.Runtime.InteropServices;
            using System.Security.Cryptography;
            using Gpu.Kernels;
            using Gpu.Kernels.Devices;

            namespace Exported;

            /// <summary>
            /// The network {{Xml(model.Name)}}, trained on {{Xml(facts.Dataset)}}. Not thread-safe.{{resize}}
            /// </summary>
            /// <example><code>
            /// using var device = DeviceCatalog.Open("auto");
            /// using var network = new {{name}}(device, "{{Path.GetFileName(WeightsPath(path))}}");
            /// float[] probabilities = network.Predict(pixels);
            /// </code></example>
            public sealed class {{name}} : IDisposable
            {
                /// <summary>Bytes of an image: {{shape}}, in rows from the top.</summary>
                public const int Length = {{input.Length}};

                /// <summary>Probabilities of an image: {{outputs}}.</summary>
                public const int Outputs = {{output.Length}};

                private const int Channels = {{channels}};
                private const int WeightWords = {{weightWords}};
                private const int ValueWords = {{layout.Words}};
                private const string WeightHash = "{{hash}}";

                private static readonly float[] Scale = [{{string.Join(", ", scale.Select(value => ForwardCode.Literal(value)))}}];
                private static readonly float[] Shift = [{{string.Join(", ", shift.Select(value => ForwardCode.Literal(value)))}}];

                private readonly ComputeDevice _device;
                private readonly int _batch;
                private readonly DeviceBuffer _memory;
                private readonly DeviceView _input;
                private readonly DeviceView _output;
                private readonly CommandList _list;
                private readonly float[] _pixels;

                /// <summary>Loads the network.</summary>
                /// <param name="device">the device to run on; the caller disposes it</param>
                /// <param name="weightsPath">the file with the weights</param>
                /// <param name="batch">images that run at once, 1 or more</param>
                /// <exception cref="InvalidDataException">the file has other weights</exception>
                public {{name}}(ComputeDevice device, string weightsPath, int batch = 32)
                {
                    ArgumentNullException.ThrowIfNull(device);
                    ArgumentOutOfRangeException.ThrowIfNegativeOrZero(batch);
                    var bytes = File.ReadAllBytes(weightsPath);
                    if (bytes.Length != WeightWords * sizeof(float) || Convert.ToHexString(SHA256.HashData(bytes)) != WeightHash.ToUpperInvariant())
                        throw new InvalidDataException($"'{weightsPath}' does not have the weights of this class; export both files again.");
                    _device = device;
                    _batch = batch;
                    _pixels = new float[checked(batch * {{input.Length}})];
                    var inputWords = Align(_pixels.Length);
                    var valueWords = Align(checked(batch * ValueWords));
                    _memory = device.Allocate(checked(WeightWords + inputWords + valueWords + Align(WorkspaceWords(batch))));
                    device.Upload<float>(MemoryMarshal.Cast<byte, float>(bytes), _memory.View.Slice(0, WeightWords));
                    _input = _memory.View.Slice(WeightWords, _pixels.Length);
                    var values = _memory.View.Slice(WeightWords + inputWords, valueWords);
                    var workspace = _memory.View.Slice(WeightWords + inputWords + valueWords, WorkspaceWords(batch));
                    _list = new CommandList(device);
                    _output = Record(_list, batch, _memory.View.Slice(0, WeightWords), _input, values, workspace);
                }

                /// <summary>The names of the classes, in the order of the probabilities.</summary>
                public static string[] Classes => [{{string.Join(", ", names)}}];

                /// <summary>Computes probabilities.</summary>
                /// <param name="pixels">bytes of one or more images, each of <see cref="Length"/> bytes</param>
                /// <returns>probabilities, images x Outputs</returns>
                /// <exception cref="ArgumentException">the length is no multiple of an image's</exception>
                public float[] Predict(ReadOnlySpan<byte> pixels)
                {
                    if (pixels.Length == 0 || pixels.Length % Length != 0)
                        throw new ArgumentException($"{pixels.Length} bytes are no whole number of images of {Length} bytes", nameof(pixels));
                    var count = pixels.Length / Length;
                    var result = new float[count * Outputs];
                    var logits = new float[_batch * Outputs];
                    for (var from = 0; from < count; from += _batch)
                    {
                        var images = Math.Min(_batch, count - from);
                        for (var i = 0; i < images * Length; i++)
                            _pixels[i] = pixels[from * Length + i] * Scale[i % Channels] + Shift[i % Channels];
                        _device.Upload<float>(_pixels, _input);
                        _list.Run();
                        _device.Download(_output, logits.AsSpan());
                        const int classes = {{classes}};
                        for (var i = 0; i < images * Outputs; i += classes) Softmax(logits.AsSpan(i, classes), result.AsSpan(from * Outputs + i, classes));
                    }

                    return result;
                }

                /// <summary>Frees the memory.</summary>
                public void Dispose() => _memory.Dispose();

                private static DeviceView Record(
                    CommandList list, int batch, DeviceView weights, DeviceView input, DeviceView values, DeviceView workspace)
                {
            {{code.Calls.TrimEnd()}}
                    return {{code.Value(graph.Output.Value)}};

                    DeviceView Parameter(int offset, int length) => weights.Slice(offset, length);

                    DeviceView Value(int offset, int length) => values.Slice(offset * batch, length * batch);
                }

                private static int WorkspaceWords(int batch) => new[] { {{string.Join(", ", code.Workspaces.Prepend("1"))}} }.Max();

            {{code.Declarations.TrimEnd()}}

                private static void Softmax(ReadOnlySpan<float> logits, Span<float> result)
                {
                    var largest = double.NegativeInfinity;
                    foreach (var logit in logits) largest = Math.Max(largest, logit);
                    var sum = 0.0;
                    foreach (var logit in logits) sum += Math.Exp(logit - largest);
                    for (var i = 0; i < logits.Length; i++) result[i] = (float)(Math.Exp(logits[i] - largest) / sum);
                }

                private static int Align(int words) => checked((words + {{ArenaLayout.Alignment - 1}}) / {{ArenaLayout.Alignment}} * {{ArenaLayout.Alignment}});
            }

            """).ReplaceLineEndings("\n");
    }

    private static string Quote(string text)
    {
        var letters = text.Select(letter => letter is '"' or '\\' || char.IsControl(letter) ? $"\\u{(int)letter:x4}" : $"{letter}");
        return $"\"{string.Concat(letters)}\"";
    }

    private static string Xml(string text) =>
        System.Security.SecurityElement.Escape(new string([.. text.Select(letter => char.IsControl(letter) ? ' ' : letter)]));

    // A valid name of a class: "my-net 2" becomes "MyNet2".
    private static string Identifier(string fileName)
    {
        var name = new StringBuilder();
        var isStart = true;
        foreach (var letter in fileName)
        {
            if (!char.IsAsciiLetterOrDigit(letter)) isStart = true;
            else
            {
                name.Append(isStart ? char.ToUpperInvariant(letter) : letter);
                isStart = false;
            }
        }

        return name.Length == 0 ? "Network" : char.IsAsciiDigit(name[0]) ? $"Network{name}" : name.ToString();
    }
}
