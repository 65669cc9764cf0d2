using System.Text.Json;
using System.Text.Json.Serialization;
using Gpu.Kernels.Devices;
using Gpu.Training.IO;
using Gpu.Training.Loop;
using Gpu.Training.Weights;

namespace Gpu.Training.Runs;

/// <summary>
/// Saves and loads everything that the rest of a run depends on: parameters, running statistics, optimizer state, metrics of the epoch and loop position.
/// Random numbers are functions of seed and position, so a resumed run is bitwise identical to an uninterrupted one without saving generator state.
/// </summary>
internal static class Checkpoint
{
    /// <summary>Prefix of the names of tensors that are not the network's.</summary>
    public const string Prefix = "training.";

    private const string StateName = Prefix + "optimizer_state";
    private const string AverageName = Prefix + "average";
    private const string MetricsName = Prefix + "metrics";
    private const string LossScaleName = Prefix + "loss_scale";
    private const string PositionKey = "position";

    private static readonly JsonSerializerOptions Json = new() { NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals };

    /// <summary>Writes a checkpoint.</summary>
    public static void Save(TrainingSession session, LoopPosition position, string path)
    {
        var writer = new SafeTensorsWriter();
        var network = session.Network;
        writer.Metadata["model"] = network.Model.Name;
        writer.Metadata[PositionKey] = JsonSerializer.Serialize(position, Json);
        foreach (var parameter in network.Model.Parameters) writer.Add(parameter.Name, parameter.Shape, network.GetParameter(parameter.Name));
        foreach (var (name, view) in TrainingTensors(session))
        {
            // Stored as I32: the words hold floats and integers mixed, and every bit must be preserved.
            var words = new int[view.Length];
            network.Device.Download<int>(view, words);
            writer.Add(name, [words.Length], words);
        }

        writer.Write(path);
    }

    /// <summary>Loads a checkpoint into a session of the same model and optimizer.</summary>
    /// <exception cref="TrainingException">The file is damaged, or was written for a different model or optimizer.</exception>
    public static LoopPosition Load(TrainingSession session, string path)
    {
        try
        {
            using var reader = new SafeTensorsReader(path);
            var position = reader.Metadata.TryGetValue(PositionKey, out var json) ? JsonText.Deserialize<LoopPosition>(json, Json) : null;
            if (position is null) throw new SafeTensorsException($"The file '{path}' is not a checkpoint: its metadata has no '{PositionKey}'.");
            var tensors = TrainingTensors(session).ToArray();
            foreach (var (name, view) in tensors)
            {
                if (!reader.Tensors.TryGetValue(name, out var entry) || entry.Shape is not [var length] || length != view.Length)
                {
                    throw new SafeTensorsException(
                        $"The checkpoint '{path}' has no tensor '{name}' of {view.Length} words. It was written with a different optimizer. "
                        + "Resume with that one.");
                }
            }

            WeightFile.Load(session.Network, reader, name => name.StartsWith(Prefix, StringComparison.Ordinal));
            foreach (var (name, view) in tensors) session.Network.Device.Upload<int>(reader.ReadInts(name), view);
            return position;
        }
        catch (Exception e) when (e is SafeTensorsException or JsonException)
        {
            throw new TrainingException($"The run cannot be resumed. {e.Message}", e);
        }
    }

    private static IEnumerable<(string Name, DeviceView View)> TrainingTensors(TrainingSession session)
    {
        if (!session.Update.State.IsEmpty) yield return (StateName, session.Update.State);
        if (!session.Update.Average.IsEmpty) yield return (AverageName, session.Update.Average);
        if (!session.Plans.LossScale.IsEmpty) yield return (LossScaleName, session.Plans.LossScale);
        yield return (MetricsName, session.Plans.TrainingMetrics);
    }
}
