using System.Text.Json;
using System.Text.Json.Serialization;
using Gpu.Kernels.Devices;
using Gpu.Training.Loop;
using Gpu.Training.Weights;

namespace Gpu.Training.Runs;

/// <summary>
/// All that a run's future depends on: parameters, statistics, optimizer state, the epoch's counters and the loop's position. Random numbers are functions of
/// seed and position, so nothing more is needed for a resumed run to go on bit for bit.
/// </summary>
internal static class Checkpoint
{
    private const string Prefix = "training.";
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
            // As integers: counters are no numbers, and every bit must come back.
            var words = new int[view.Length];
            network.Device.Download<int>(view, words);
            writer.Add(name, [words.Length], words);
        }

        writer.Write(path);
    }

    /// <summary>Reads a checkpoint into a session of the same model and optimizer.</summary>
    /// <exception cref="TrainingException">the file is damaged, or written for another model or optimizer</exception>
    public static LoopPosition Load(TrainingSession session, string path)
    {
        try
        {
            using var reader = new SafeTensorsReader(path);
            var position = reader.Metadata.TryGetValue(PositionKey, out var json) ? JsonSerializer.Deserialize<LoopPosition>(json, Json) : null;
            if (position is null) throw new SafeTensorsException($"The file '{path}' is no checkpoint: it does not say where the run stood.");
            var extras = TrainingTensors(session).ToArray();
            foreach (var (name, view) in extras)
            {
                if (!reader.Tensors.TryGetValue(name, out var entry) || entry.Shape is not [var length] || length != view.Length)
                {
                    throw new SafeTensorsException(
                        $"The checkpoint '{path}' has no '{name}' of {view.Length} words. It was written with another optimizer; resume with the one "
                        + "of before.");
                }
            }

            WeightFile.Load(session.Network, reader, name => name.StartsWith(Prefix, StringComparison.Ordinal));
            foreach (var (name, view) in extras) session.Network.Device.Upload<int>(reader.ReadInts(name), view);
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
