using System.IO.Compression;
using System.Text.Json;
using Gpu.Training.Data;
using Gpu.Training.Layers;
using Gpu.Training.Models;
using Gpu.Training.Onnx;

namespace Gpu.Training.Weights;

/// <summary>Pretrained weights of a built-in model.</summary>
/// <param name="Download">name, description, source, licence and the file to download, a ZIP archive (such as a NuGet package)</param>
/// <param name="Model">the built-in model</param>
/// <param name="ArchiveEntry">the ONNX file in the archive</param>
/// <param name="Normalization">mean and deviation that pixels, RGB from 0 to 1, are normalized with</param>
public sealed record PretrainedEntry(DatasetCatalogEntry Download, string Model, string ArchiveEntry, ChannelStatistics Normalization)
{
    /// <summary>Name for <c>--init</c>.</summary>
    public string Name => Download.Name;

    /// <summary>The largest value of a pixel in the input of the ONNX network, which takes pixels minus their mean: 255 for bytes.</summary>
    public float PixelScale { get; init; } = 1;

    /// <summary>Whether the ONNX network takes the channels in the order blue, green, red.</summary>
    public bool IsBgr { get; init; }
}

/// <summary>The pretrained weights with known names, from datasets/models.json beside the program.</summary>
public static class PretrainedCatalog
{
    /// <summary>Name of the weight file in the folder of an entry.</summary>
    public const string WeightFileName = "weights.safetensors";

    private static readonly Lazy<IReadOnlyList<PretrainedEntry>> Shipped = new(() =>
        Read(ShippedPath));

    private static string ShippedPath => Path.Combine(AppContext.BaseDirectory, "datasets", "models.json");

    /// <summary>All entries.</summary>
    public static IReadOnlyList<PretrainedEntry> Entries => Shipped.Value;

    /// <summary>The folder for downloaded weights, beside that of the data sets in the user's cache.</summary>
    public static string UserCache => Path.Combine(Path.GetDirectoryName(DataFolders.UserCache)!, "models");

    /// <summary>Finds an entry by name, ignoring case; null if there is none.</summary>
    public static PretrainedEntry? Find(string name) => Entries.FirstOrDefault(entry => entry.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    /// <summary>The weight file of an entry in a folder; it need not exist.</summary>
    /// <param name="entry">the entry</param>
    /// <param name="root">parent folder of the entries, such as <see cref="UserCache"/></param>
    public static string FileOf(PretrainedEntry entry, string root)
    {
        ArgumentNullException.ThrowIfNull(entry);
        return Path.Combine(root, entry.Name, WeightFileName);
    }

    /// <summary>Reads a catalog file.</summary>
    /// <exception cref="DatasetException">the file is missing or no catalog; the message says why</exception>
    public static IReadOnlyList<PretrainedEntry> Read(string path) => DatasetCatalog.Read(path, ShippedPath, "models", "pretrained weights", ReadEntry);

    /// <summary>Downloads and converts the weights, unless that was done before.</summary>
    /// <param name="entry">the entry</param>
    /// <param name="root">parent folder, such as <see cref="UserCache"/></param>
    /// <param name="downloader">downloads and checks the archive</param>
    /// <param name="cancellation">cancels; what was received is kept</param>
    /// <returns>The weight file, in the names and layouts of this program.</returns>
    /// <exception cref="DatasetException">no mirror gave the right content</exception>
    /// <exception cref="OnnxException">the ONNX file does not fit the model</exception>
    public static async Task<string> GetAsync(PretrainedEntry entry, string root, DatasetDownloader downloader, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(entry);
        ArgumentNullException.ThrowIfNull(downloader);
        var file = FileOf(entry, root);
        if (File.Exists(file)) return file;
        var folder = await downloader.GetAsync(entry.Download, root, cancellation);
        var archive = Path.Combine(folder, entry.Download.Files[0].Name);
        if (!File.Exists(archive))
            throw new DatasetException($"The folder '{folder}' has neither {WeightFileName} nor {entry.Download.Files[0].Name}. Remove it, and try again.");
        Convert(entry, archive, file);
        File.Delete(archive);
        return file;
    }

    /// <summary>Writes the weights in an archive as a weight file of the model.</summary>
    /// <param name="entry">the entry</param>
    /// <param name="archive">the archive</param>
    /// <param name="path">the weight file</param>
    /// <exception cref="OnnxException">the ONNX file does not fit the model</exception>
    public static void Convert(PretrainedEntry entry, string archive, string path)
    {
        ArgumentNullException.ThrowIfNull(entry);
        var model = BuiltInModels.Get(entry.Model);
        var weights = new Dictionary<string, float[]>(Map(ReadArchive(entry, archive), model), StringComparer.Ordinal);
        Normalize(entry, model, weights);
        var writer = new SafeTensorsWriter();
        writer.Metadata["model"] = entry.Model;
        writer.Metadata[WeightMetadata.Pretrained] = entry.Name;
        writer.Metadata["licence"] = entry.Download.Licence ?? "unknown";
        writer.Metadata["source"] = entry.Download.Source ?? "unknown";
        writer.Metadata[WeightMetadata.Mean] = WeightMetadata.Numbers(entry.Normalization.Mean);
        writer.Metadata[WeightMetadata.Deviation] = WeightMetadata.Numbers(entry.Normalization.StandardDeviation);
        foreach (var parameter in model.Parameters.Where(parameter => weights.ContainsKey(parameter.Name)))
            writer.Add(parameter.Name, parameter.Shape, weights[parameter.Name]);
        writer.Write(path);
    }

    /// <summary>
    /// The weights of an imported network by the names of a model with the same architecture: convolutions, batch normalizations and dense layers are matched
    /// in order. A last dense layer that the network lacks, or has with other sizes, is left out.
    /// </summary>
    /// <exception cref="OnnxException">the architectures differ</exception>
    internal static IReadOnlyDictionary<string, float[]> Map(OnnxModel source, Model target)
    {
        var result = new Dictionary<string, float[]>(StringComparer.Ordinal);
        foreach (var kind in new[] { typeof(ConvolutionLayer), typeof(BatchNormLayer), typeof(DenseLayer) })
        {
            var from = Layers(source.Model, kind);
            var to = Layers(target, kind);
            var isHead = kind == typeof(DenseLayer);
            if (from.Length != to.Length && !isHead)
            {
                throw new OnnxException(
                    $"The imported network '{source.Model.Name}' has {from.Length} layers of the kind {kind.Name}, but '{target.Name}' has {to.Length}.");
            }

            foreach (var (ours, theirs) in to.Zip(from))
            {
                foreach (var parameter in ours.Parameters)
                {
                    var other = theirs.FindParameter(parameter.Declaration.Name);
                    if (other?.Shape.SequenceEqual(parameter.Shape) == true && IsAlike(ours.Layer, theirs.Layer))
                    {
                        result[parameter.Name] = source.Weights[other.Name];
                    }
                    else if (!isHead)
                    {
                        throw new OnnxException(
                            $"The imported network '{source.Model.Name}' differs from '{target.Name}': its layer '{theirs.Name}' should be like '{ours.Name}', "
                            + $"whose {parameter.Declaration.Name} is {string.Join("x", parameter.Shape)}.");
                    }
                }
            }
        }

        return result;
    }

    private static bool IsAlike(Layer ours, Layer theirs) => (ours, theirs) switch
    {
        (BatchNormLayer a, BatchNormLayer b) => a.Epsilon == b.Epsilon,
        (ConvolutionLayer a, ConvolutionLayer b) => (a.Stride, a.Dilation, a.Groups) == (b.Stride, b.Dilation, b.Groups),
        _ => true,
    };

    private static LayerNode[] Layers(Model model, Type kind) =>
        [.. model.Nodes.SelectMany(node => node.Flatten()).Where(node => kind.IsInstanceOfType(node.Layer))];

    // The ONNX network takes pixels * scale - mean * scale. Here (pixel - mean) / deviation goes in, so the first weights are multiplied by scale * deviation.
    private static void Normalize(PretrainedEntry entry, Model model, Dictionary<string, float[]> weights)
    {
        var first = Layers(model, typeof(ConvolutionLayer))[0].Parameter("weight");
        var (channels, outputs, values) = (first.Shape[2], first.Shape[3], weights[first.Name]);
        var result = new float[values.Length];
        for (var i = 0; i < values.Length; i++)
        {
            var (row, output) = Math.DivRem(i, outputs);
            var (tap, channel) = Math.DivRem(row, channels);
            var from = entry.IsBgr ? channels - 1 - channel : channel;
            result[i] = values[(tap * channels + from) * outputs + output] * entry.PixelScale * entry.Normalization.StandardDeviation[channel];
        }

        weights[first.Name] = result;
    }

    private static OnnxModel ReadArchive(PretrainedEntry entry, string archive)
    {
        var temporary = Path.Combine(Path.GetTempPath(), $"gputrainer-{Guid.NewGuid():N}.onnx");
        try
        {
            using (var zip = ZipFile.OpenRead(archive))
            {
                var file = zip.GetEntry(entry.ArchiveEntry)
                    ?? throw new DatasetException($"The archive '{archive}' has no file '{entry.ArchiveEntry}'.");
                file.ExtractToFile(temporary);
            }

            return OnnxImporter.Read(temporary);
        }
        catch (InvalidDataException e)
        {
            throw new DatasetException($"The archive '{archive}' cannot be unpacked: {e.Message} Remove it, and try again.", e);
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    private static PretrainedEntry ReadEntry(JsonElement json)
    {
        var download = DatasetCatalog.ReadEntry(json);
        if (download.Files.Count != 1) throw new FormatException($"'{download.Name}' needs one file, an archive.");
        var (mean, deviation) = (Floats("mean"), Floats("deviation"));
        if (mean.Length != 3 || deviation.Length != 3 || deviation.Any(value => !(value > 0)))
            throw new FormatException($"'{download.Name}' needs three means and three deviations above 0.");
        var order = Text("channelOrder");
        if (order is not ("RGB" or "BGR")) throw new FormatException($"the channel order of '{download.Name}' is '{order}', but must be RGB or BGR.");
        return new PretrainedEntry(download, Text("model"), Text("archiveEntry"), new ChannelStatistics(mean, deviation))
        {
            PixelScale = json.GetProperty("pixelScale").GetSingle(), IsBgr = order == "BGR",
        };

        string Text(string name) => json.GetProperty(name).GetString() ?? throw new FormatException($"'{name}' is null.");
        float[] Floats(string name) => [.. json.GetProperty(name).EnumerateArray().Select(item => item.GetSingle())];
    }
}
