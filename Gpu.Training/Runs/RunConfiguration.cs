using System.Text.Json;
using System.Text.Json.Serialization;
using Gpu.Training.Data;
using Gpu.Training.Data.Tables;
using Gpu.Training.Images;
using Gpu.Training.IO;
using Gpu.Training.Loop;

namespace Gpu.Training.Runs;

/// <summary>Content of <c>config.json</c> in a run folder: what is needed to resume, evaluate and predict.</summary>
public sealed record RunConfiguration
{
    private static readonly JsonSerializerOptions Json = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        RespectNullableAnnotations = true,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false) },
    };

    /// <summary>The model's name. Its layers are in <c>model.json</c>.</summary>
    public required string Model { get; init; }

    /// <summary>The data set's name.</summary>
    public required string Dataset { get; init; }

    /// <summary>Name or folder that the data set was loaded from; null if unknown.</summary>
    public string? DatasetSource { get; init; }

    /// <summary>Identifies the training images: count, shape and CRC-32. A resume checks it.</summary>
    public required string DataFingerprint { get; init; }

    /// <summary>Identifies the validation samples; null if there are none, or the run is of an older version.</summary>
    public string? ValidationFingerprint { get; init; }

    /// <summary>Identifies the test samples; null if the run is of an older version.</summary>
    public string? TestFingerprint { get; init; }

    /// <summary>Class names, in label order.</summary>
    public required IReadOnlyList<string> ClassNames { get; init; }

    /// <summary>Mean and standard deviation per channel that pixels are normalized with; empty for a table.</summary>
    public required ChannelStatistics Normalization { get; init; }

    /// <summary>How images are brought to the network's input size; null if they must have it.</summary>
    public ImageTransform? Transform { get; init; }

    /// <summary>What the network was trained to predict.</summary>
    public TaskKind Task { get; init; }

    /// <summary>The columns of the table, with their statistics; null for images.</summary>
    public TableSchema? Table { get; init; }

    /// <summary>The device's identifier.</summary>
    public required string Device { get; init; }

    /// <summary>The training options as given, before the model's recipe fills in unset ones.</summary>
    public required TrainingOptions Options { get; init; }

    internal string Write() => JsonSerializer.Serialize(this, Json) + "\n";

    /// <exception cref="JsonException">A property is missing, null or out of range. The message names it.</exception>
    internal static RunConfiguration Read(string json)
    {
        var read = JsonText.Deserialize<RunConfiguration>(json, Json);
        RequireNoNull("classNames", read.ClassNames);
        RequireNoNull("options.freeze", read.Options.Freeze);
        RequireNoNull("options.learningRateScales", read.Options.LearningRateScales);
        RequireNoNull("options.decayFor", read.Options.DecayFor);
        var (mean, deviation) = read.Normalization;
        if (mean is null || deviation is null) throw new JsonException("normalization lacks means or standard deviations");
        if (mean.Length != deviation.Length || deviation.Any(value => value <= 0))
            throw new JsonException("normalization must have as many means as standard deviations, and these above 0");
        return read;
    }

    private static void RequireNoNull(string name, IEnumerable<object?> values)
    {
        if (values.Contains(null)) throw new JsonException($"{name} contains null");
    }
}
