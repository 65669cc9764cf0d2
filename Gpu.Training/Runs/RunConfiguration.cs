using System.Text.Json;
using System.Text.Json.Serialization;
using Gpu.Training.Data;
using Gpu.Training.Loop;

namespace Gpu.Training.Runs;

/// <summary>What <c>config.json</c> in a run folder holds: enough to resume, evaluate and predict.</summary>
public sealed record RunConfiguration
{
    private static readonly JsonSerializerOptions Json = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    /// <summary>The model's name; its description is <c>model.json</c>.</summary>
    public required string Model { get; init; }

    /// <summary>The data set's name.</summary>
    public required string Dataset { get; init; }

    /// <summary>The name or folder that the data set was loaded from; null where nobody said.</summary>
    public string? DatasetSource { get; init; }

    /// <summary>Differs when the training images do.</summary>
    public required string DataFingerprint { get; init; }

    /// <summary>The classes' names.</summary>
    public required IReadOnlyList<string> ClassNames { get; init; }

    /// <summary>Mean and standard deviation that pixels are normalised by.</summary>
    public required ChannelStatistics Normalization { get; init; }

    /// <summary>The device's identifier.</summary>
    public required string Device { get; init; }

    /// <summary>The options as they were given.</summary>
    public required TrainingOptions Options { get; init; }

    internal string Write() => JsonSerializer.Serialize(this, Json) + "\n";

    internal static RunConfiguration Read(string json) =>
        JsonSerializer.Deserialize<RunConfiguration>(json, Json) ?? throw new JsonException("it holds nothing");
}
