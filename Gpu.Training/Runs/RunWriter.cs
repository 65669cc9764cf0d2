using System.Globalization;
using Gpu.Training.Data;
using Gpu.Training.Data.Tables;
using Gpu.Training.IO;
using Gpu.Training.Loop;
using Gpu.Training.Models;
using Gpu.Training.Planning;
using Gpu.Training.Weights;

namespace Gpu.Training.Runs;

/// <summary>Writes a run folder. Every file is replaced atomically.</summary>
internal sealed class RunWriter
{
    private const string Header =
        "epoch,step,learning_rate,train_loss,train_accuracy,evaluated_on,loss,accuracy,top_k,top_k_accuracy,is_best,train_seconds,evaluation_seconds,"
        + "samples_per_second,rmse,r2";

    private readonly string _folder;
    private readonly List<string> _metrics;

    private RunWriter(string folder, List<string> metrics)
    {
        _folder = folder;
        _metrics = metrics;
    }

    /// <summary>Starts a run in a new folder, or one that contains no run.</summary>
    /// <exception cref="TrainingException">The folder already contains a run, or cannot be written.</exception>
    public static RunWriter Create(string folder, RunConfiguration configuration, Model model, RecordedSplit? split, RecordedRows? rows)
    {
        foreach (var file in new[] { RunFolder.ConfigurationFile, RunFolder.BestFile, RunFolder.LastFile, RunFolder.CheckpointFile })
        {
            if (File.Exists(Path.Combine(folder, file)))
                throw new TrainingException($"The folder '{folder}' already contains a run ({file}). Choose another folder, or resume that run.");
        }

        try
        {
            split?.Write(Path.Combine(folder, RunFolder.SplitFile));
            rows?.Write(Path.Combine(folder, RunFolder.RowsFile));
            AtomicFile.WriteAllText(Path.Combine(folder, RunFolder.ModelFile), ModelFile.Write(model));
            AtomicFile.WriteAllText(Path.Combine(folder, RunFolder.ConfigurationFile), configuration.Write());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TrainingException($"The run folder '{folder}' cannot be written: {e.Message}", e);
        }

        return new RunWriter(folder, [Header]);
    }

    /// <summary>Continues a run with the given configuration. Metrics of epochs after the checkpoint are dropped.</summary>
    /// <param name="folder">The run folder.</param>
    /// <param name="configuration">The configuration to write; its options may have changed.</param>
    /// <param name="epochs">Epochs completed in the checkpoint.</param>
    public static RunWriter Continue(string folder, RunConfiguration configuration, int epochs)
    {
        AtomicFile.WriteAllText(Path.Combine(folder, RunFolder.ConfigurationFile), configuration.Write());
        var path = Path.Combine(folder, RunFolder.MetricsFile);
        var lines = File.Exists(path) ? File.ReadAllLines(path).Where(line => line.Length > 0).ToList() : [Header];
        return new RunWriter(folder, [.. WithColumns(lines).Take(1 + epochs)]);
    }

    // The metrics of an older version lack columns: they become empty cells, so that all rows have the cells of the header.
    private static IEnumerable<string> WithColumns(List<string> lines)
    {
        if (lines.Count == 0 || lines[0] == Header)
            return lines;
        var known = lines[0].Split(',');
        var at = Header.Split(',').Select(name => Array.IndexOf(known, name)).ToArray();
        return lines.Skip(1).Select(line => line.Split(','))
            .Select(cells => string.Join(',', at.Select(index => index >= 0 && index < cells.Length ? cells[index] : ""))).Prepend(Header);
    }

    /// <summary>Appends an epoch to the metrics.</summary>
    public void Add(EpochReport report)
    {
        _metrics.Add(string.Join(",", new object[]
        {
            report.Epoch, report.Step, report.LearningRate, report.TrainLoss, report.TrainAccuracy, report.EvaluatedOn, report.Loss, report.Accuracy,
            report.TopK,
            report.TopKAccuracy, report.IsBest ? 1 : 0, report.TrainSeconds, report.EvaluationSeconds, report.SamplesPerSecond, report.Rmse,
            report.R2,
        }.Select(value => Convert.ToString(value, CultureInfo.InvariantCulture))));
        AtomicFile.WriteAllText(Path.Combine(_folder, RunFolder.MetricsFile), string.Join("\n", _metrics) + "\n");
    }

    /// <summary>Saves the network's weights as the best weights.</summary>
    public void WriteBest(Network network, int epoch, long step) => WriteWeights(network, epoch, step, RunFolder.BestFile);

    /// <summary>Saves the network's weights as the last weights.</summary>
    public void WriteLast(Network network, int epoch, long step) => WriteWeights(network, epoch, step, RunFolder.LastFile);

    /// <summary>Saves the checkpoint to resume from.</summary>
    public void WriteCheckpoint(TrainingSession session, LoopPosition position) =>
        Checkpoint.Save(session, position, Path.Combine(_folder, RunFolder.CheckpointFile));

    private void WriteWeights(Network network, int epoch, long step, string file) => WeightFile.Save(
        network, Path.Combine(_folder, file),
        new Dictionary<string, string>
        {
            ["epoch"] = epoch.ToString(CultureInfo.InvariantCulture),
            ["step"] = step.ToString(CultureInfo.InvariantCulture),
        });
}
