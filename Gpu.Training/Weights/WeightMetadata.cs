using System.Globalization;
using System.Text.Json;
using Gpu.Training.Data;
using Gpu.Training.IO;
using Gpu.Training.Models;

namespace Gpu.Training.Weights;

/// <summary>
/// What a weight file tells beside its tensors: the normalization of the pixels that the weights were trained with, and where they come from.
/// </summary>
internal static class WeightMetadata
{
    /// <summary>Entry with the means of the channels, a JSON list.</summary>
    public const string Mean = "mean";

    /// <summary>Entry with the standard deviations of the channels, a JSON list.</summary>
    public const string Deviation = "deviation";

    /// <summary>Entry with the class names, a JSON list.</summary>
    public const string Classes = "classes";

    /// <summary>Entry with the name in the catalog of pretrained weights.</summary>
    public const string Pretrained = "pretrained";

    /// <summary>The normalization that the weights of a file need; null if it does not tell.</summary>
    /// <exception cref="SafeTensorsException">the file is damaged</exception>
    public static ChannelStatistics? Normalization(string path)
    {
        using var reader = new SafeTensorsReader(path);
        return Normalization(reader.Metadata);
    }

    /// <summary>The normalization in metadata; null if there is none, or it is no list of valid numbers.</summary>
    public static ChannelStatistics? Normalization(IReadOnlyDictionary<string, string> metadata)
    {
        var (mean, deviation) = (List<float>(metadata, Mean), List<float>(metadata, Deviation));
        if (mean is null || deviation is null || mean.Length != deviation.Length || mean.Length == 0) return null;
        return mean.All(float.IsFinite) && deviation.All(value => float.IsFinite(value) && value > 0) ? new ChannelStatistics(mean, deviation) : null;
    }

    /// <summary>A list in metadata; null if it is missing or damaged.</summary>
    public static T[]? List<T>(IReadOnlyDictionary<string, string> metadata, string name)
    {
        if (!metadata.TryGetValue(name, out var text)) return null;
        try
        {
            return JsonText.Deserialize<T[]>(text, JsonSerializerOptions.Default) is { } list && list.All(item => item is not null) ? list : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>A list of numbers for metadata.</summary>
    public static string Numbers(IEnumerable<float> values) =>
        $"[{string.Join(", ", values.Select(value => value.ToString("R", CultureInfo.InvariantCulture)))}]";

    /// <summary>What the metadata of a file changes, for the user.</summary>
    /// <param name="reader">the file</param>
    /// <param name="model">the network</param>
    /// <param name="missing">names of the parameters that the file lacks</param>
    public static IEnumerable<string> Describe(SafeTensorsReader reader, Model model, IReadOnlyCollection<string> missing)
    {
        if (Normalization(reader.Metadata) is { } statistics && model.Input.Channels == statistics.Mean.Length)
            yield return $"Pixels are normalized as those weights need it: mean {Numbers(statistics.Mean)}, deviation {Numbers(statistics.StandardDeviation)}.";
        if (!reader.Metadata.TryGetValue(Pretrained, out var name)) yield break;
        var heads = missing.Select(parameter => parameter[..parameter.LastIndexOf('.')]).Distinct().ToArray();
        var layers = model.Nodes.Select(node => node.Name).Where(layer => model.Parameters.Any(parameter =>
            parameter.Name.StartsWith(layer + ".", StringComparison.Ordinal)) && !heads.Contains(layer)).ToArray();
        var head = heads.Length > 0 ? $"{string.Join(", ", heads)} is new and starts at random" : "all layers are taken over";
        yield return $"Pretrained weights '{name}': {head}. "
            + $"With few images freeze other layers by --freeze: {NameList.Join(layers, 12)}.";
    }
}
