using System.Text.Json;
using System.Text.Json.Serialization;
using Gpu.Training.IO;
using Gpu.Training.Loop;
using Gpu.Training.Models;
using Gpu.Training.Weights;

namespace Gpu.Training.Runs;

/// <summary>
/// A checkpoint: the training state, the configuration that it was trained with and the metrics of the epochs before it, in one file. Random numbers are
/// functions of seed and position, so a resumed run is bitwise identical to an uninterrupted one without saving generator state.
/// </summary>
/// <param name="State">The training state.</param>
/// <param name="Configuration">The configuration; null in files of older versions.</param>
/// <param name="Metrics">The lines of <c>metrics.csv</c>; null in files of older versions.</param>
internal sealed record Checkpoint(TrainingState State, RunConfiguration? Configuration, IReadOnlyList<string>? Metrics)
{
    /// <summary>Prefix of the names of tensors that are not the network's.</summary>
    public const string Prefix = "training.";

    private const string BestPrefix = Prefix + "best.";
    private const string PositionKey = "position";
    private const string ConfigurationKey = "configuration";
    private const string MetricsKey = "metrics";

    private static readonly JsonSerializerOptions Json = new() { NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals };

    /// <summary>Writes the checkpoint of a model.</summary>
    public void Write(Model model, Stream stream)
    {
        var writer = new SafeTensorsWriter();
        writer.Metadata["model"] = model.Name;
        writer.Metadata[PositionKey] = JsonSerializer.Serialize(State.Position, Json);
        if (Configuration is not null) writer.Metadata[ConfigurationKey] = Configuration.Write();
        if (Metrics is not null) writer.Metadata[MetricsKey] = string.Join('\n', Metrics);
        State.Training.AddTo(writer, model);
        State.Best?.AddTo(writer, model, BestPrefix);
        foreach (var (name, words) in State.Words) writer.Add(Prefix + name, [words.Length], words);
        writer.Write(stream);
    }

    /// <summary>Reads the configuration of a checkpoint; null in files of older versions.</summary>
    /// <exception cref="TrainingException">The file is damaged.</exception>
    public static RunConfiguration? ReadConfiguration(string path) => Reading(path, ReadConfiguration);

    /// <summary>Reads a checkpoint.</summary>
    /// <param name="path">The file.</param>
    /// <param name="model">The model of the run.</param>
    /// <param name="training">Memory for the training weights.</param>
    /// <param name="best">Memory for the best weights.</param>
    /// <exception cref="TrainingException">The file is damaged, or was written for a different model.</exception>
    public static Checkpoint Read(string path, Model model, WeightValues training, WeightValues best) => Reading(path, reader =>
    {
        var position = reader.Metadata.TryGetValue(PositionKey, out var json) ? JsonText.Deserialize<LoopPosition>(json, Json) : null;
        if (position is null) throw new SafeTensorsException($"The file '{path}' is not a checkpoint: its metadata has no '{PositionKey}'.");
        WeightFile.Read(reader, model, training, "", name => name.StartsWith(Prefix, StringComparison.Ordinal));
        var hasBest = reader.Tensors.Keys.Any(name => name.StartsWith(BestPrefix, StringComparison.Ordinal));
        if (hasBest) WeightFile.Read(reader, model, best, BestPrefix, name => !name.StartsWith(BestPrefix, StringComparison.Ordinal));
        var words = reader.Tensors.Values
            .Where(entry => entry.Name.StartsWith(Prefix, StringComparison.Ordinal) && !entry.Name.StartsWith(BestPrefix, StringComparison.Ordinal))
            .ToDictionary(entry => entry.Name[Prefix.Length..], entry => reader.ReadInts(entry.Name), StringComparer.Ordinal);
        var state = new TrainingState { Position = position, Training = training, Best = hasBest ? best : null, Words = words };
        return new Checkpoint(
            state, ReadConfiguration(reader), reader.Metadata.TryGetValue(MetricsKey, out var metrics) ? metrics.Split('\n') : null);
    });

    private static RunConfiguration? ReadConfiguration(SafeTensorsReader reader) =>
        reader.Metadata.TryGetValue(ConfigurationKey, out var json) ? RunConfiguration.Read(json) : null;

    private static T Reading<T>(string path, Func<SafeTensorsReader, T> read)
    {
        try
        {
            using var reader = new SafeTensorsReader(path);
            return read(reader);
        }
        catch (Exception e) when (e is SafeTensorsException or JsonException)
        {
            throw new TrainingException($"The checkpoint '{path}' cannot be read. {e.Message}", e);
        }
    }
}
