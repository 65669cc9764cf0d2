using System.Globalization;
using Gpu.Training.Data;
using Gpu.Training.Data.Tables;
using Gpu.Training.Images;
using Gpu.Training.Loop;
using Gpu.Training.Models;
using Gpu.Training.Planning;
using Gpu.Training.Weights;

namespace Gpu.Training.Runs;

/// <summary>Writes a run folder, which it keeps locked.</summary>
internal sealed class RunWriter : IDisposable
{
    private const string Header =
        "epoch,step,learning_rate,train_loss,train_accuracy,evaluated_on,loss,accuracy,top_k,top_k_accuracy,is_best,train_seconds,evaluation_seconds,"
        + "samples_per_second,rmse,r2,mean_iou,train_mean_iou,penalty,penalty_kind,total_loss,zero_share,weight_decay,divergence,"
        + "train_divergence,reconstruction,train_reconstruction,diversity,frechet,discriminator_loss,discriminator_accuracy,"
        + "precision,recall";

    private readonly string _folder;
    private readonly Model _model;
    private readonly RunFiles _files;
    private RunConfiguration _configuration = null!;
    private List<string> _metrics = [Header];
    private bool _writesConfiguration;

    private RunWriter(string folder, Model model)
    {
        _folder = folder;
        _model = model;
        _files = RunFiles.Open(folder);
    }

    /// <summary>Whether the folder has a checkpoint.</summary>
    public bool HasCheckpoint { get; private set; }

    /// <summary>Locks a folder for a new run.</summary>
    /// <exception cref="TrainingException">The folder is in use, contains a run or files of someone else, or cannot be written.</exception>
    public static RunWriter Create(string folder, Model model)
    {
        RunFolder.RequireFree(folder);
        var writer = new RunWriter(folder, model);
        try
        {
            // Again: another process may have made a run there until the folder was locked.
            RunFolder.RequireFree(folder);
        }
        catch
        {
            writer.Dispose();
            throw;
        }

        return writer;
    }

    /// <summary>Locks the folder of a run that is resumed.</summary>
    /// <exception cref="TrainingException">The folder is in use, or cannot be written.</exception>
    public static RunWriter Continue(RunFolder run) => new(run.Path, run.Model);

    /// <summary>Writes the files of a new run. The configuration comes last: without it the folder is not a run.</summary>
    public void Start(RunConfiguration configuration, RecordedSplit? split, RecordedRows? rows)
    {
        _configuration = configuration;
        List<RunFile> files = [];
        if (split is not null) files.Add(new RunFile(RunFolder.SplitFile, split.Write));
        if (rows is not null) files.Add(new RunFile(RunFolder.RowsFile, rows.Write));
        files.Add(RunFile.Text(RunFolder.ModelFile, ModelFile.Write(_model)));
        files.Add(RunFile.Text(RunFolder.ConfigurationFile, configuration.Write()));
        _files.Replace(files);
    }

    /// <summary>Continues from a checkpoint. A changed configuration is written with the next checkpoint.</summary>
    /// <param name="run">The run.</param>
    /// <param name="configuration">The configuration, whose options may have changed.</param>
    /// <param name="checkpoint">The checkpoint; null to start again.</param>
    /// <returns>What the user should know; null for nothing.</returns>
    /// <exception cref="TrainingException">The metrics are damaged.</exception>
    public string? Resume(RunFolder run, RunConfiguration configuration, Checkpoint? checkpoint)
    {
        _configuration = configuration;
        _files.ListExisting();
        if (checkpoint is null)
        {
            CutLog();
            return null;
        }

        HasCheckpoint = true;
        _writesConfiguration = true;
        _files.DropsNewestCheckpoint = run.CheckpointNote is not null;
        var (state, exists) = (checkpoint.State, File.Exists(run.Metrics));
        if (exists && _files.Lists(RunFolder.MetricsFile)) Checksums.Verify(_folder, RunFolder.MetricsFile);
        _metrics = [.. WithColumns(checkpoint.Metrics ?? ReadMetrics(run.Metrics, state.Position.Epoch))];
        CutLog();
        List<RunFile> files = [];
        if (!exists && _metrics.Count > 1) files.Add(MetricsFile());
        // The run was killed between the two files, or the checkpoint is the previous one.
        if (state.Best is { } best && BestEpochOnDisk(run) != state.Position.BestEpoch)
            files.Add(Weights(RunFolder.BestFile, best, state.Position.BestEpoch, state.Position.BestStep));
        if (files.Count > 0) _files.Replace(files);
        return !exists && _metrics.Count > 1 ? $"{RunFolder.MetricsFile} is missing; it was written again from the checkpoint." : null;
    }

    /// <summary>Reads the newest checkpoint; null if there is none.</summary>
    public TrainingState? ReadCheckpoint(Network network)
    {
        if (!HasCheckpoint) return null;
        var run = RunFolder.OpenToResume(_folder);
        return run.Checkpoint is { } path
            ? Checkpoint.Read(path, _model, WeightValues.Allocate(network), WeightValues.Allocate(network)).State
            : null;
    }

    /// <summary>Drops the metrics of epochs after a position, to which the run is set back.</summary>
    public void Rewind(LoopPosition position)
    {
        _metrics = [.. _metrics.Take(1 + position.Epoch)];
        CutLog();
    }

    /// <summary>Saves the results of an epoch: the metrics, the weights, and the checkpoint.</summary>
    /// <param name="report">The metrics.</param>
    /// <param name="last">The weights that were evaluated.</param>
    /// <param name="isBest">Whether they are the best.</param>
    /// <param name="state">The training state; null to save no checkpoint.</param>
    public void SaveEpoch(EpochReport report, WeightValues last, bool isBest, TrainingState? state)
    {
        _metrics.Add(Line(report));
        List<RunFile> files = [];
        if (isBest) files.Add(Weights(RunFolder.BestFile, last, report.Epoch, report.Step));
        files.Add(Weights(RunFolder.LastFile, last, report.Epoch, report.Step));
        files.Add(MetricsFile());
        Save(files, state, EpochJson.Write(report));
    }

    /// <summary>Saves a picture of an epoch.</summary>
    /// <param name="name">What it shows; the beginning of the file name.</param>
    /// <param name="epoch">The epoch, from 1.</param>
    /// <param name="image">The picture.</param>
    public void SavePicture(string name, int epoch, ByteImage image) =>
        _files.WritePicture(RunFolder.PictureName(name, epoch), ImageCodec.EncodePng(image));

    /// <summary>Saves a checkpoint.</summary>
    public void SaveCheckpoint(TrainingState state) => Save([], state);

    /// <summary>Removes a run that has nothing worth keeping, so that its name is free.</summary>
    public void Delete() => _files.Delete();

    /// <summary>Releases the folder.</summary>
    public void Dispose() => _files.Dispose();

    // The checkpoint comes last, so that the other files are at least as new.
    private void Save(List<RunFile> files, TrainingState? state, string? logLine = null)
    {
        if (state is not null)
        {
            if (_writesConfiguration) files.Insert(0, RunFile.Text(RunFolder.ConfigurationFile, _configuration.Write()));
            var checkpoint = new Checkpoint(state, _configuration, _metrics);
            files.Add(new RunFile(RunFolder.CheckpointFile, stream => checkpoint.Write(_model, stream)));
        }

        _files.Replace(files, logLine);
        if (state is null) return;
        HasCheckpoint = true;
        _writesConfiguration = false;
    }

    // Leaves the lines of the epochs that are in the metrics.
    private void CutLog()
    {
        var path = Path.Combine(_folder, RunFolder.MetricsLogFile);
        if (!File.Exists(path)) return;
        var kept = MetricsLog.Keep(MetricsLog.ReadLines(path), _metrics);
        _files.Overwrite(RunFolder.MetricsLogFile, string.Concat(kept.Select(line => line + "\n")));
    }

    private RunFile MetricsFile() => RunFile.Text(RunFolder.MetricsFile, string.Join("\n", _metrics) + "\n");

    private RunFile Weights(string name, WeightValues values, int epoch, long step) => new(name, stream => WeightFile.Write(
        _model, values, stream, new Dictionary<string, string>
        {
            ["epoch"] = epoch.ToString(CultureInfo.InvariantCulture),
            ["step"] = step.ToString(CultureInfo.InvariantCulture),
        }));

    private static int? BestEpochOnDisk(RunFolder run)
    {
        if (!File.Exists(run.BestWeights)) return null;
        try
        {
            using var reader = new SafeTensorsReader(run.BestWeights);
            return reader.Metadata.TryGetValue("epoch", out var text) && int.TryParse(text, CultureInfo.InvariantCulture, out var epoch) ? epoch : null;
        }
        catch (SafeTensorsException)
        {
            return null;
        }
    }

    private static string Line(EpochReport report)
    {
        object[] cells =
        [
            report.Epoch, report.Step, report.LearningRate, report.TrainLoss, report.TrainAccuracy, report.EvaluatedOn, report.Loss, report.Accuracy,
            report.TopK, report.TopKAccuracy, report.IsBest ? 1 : 0, report.TrainSeconds, report.EvaluationSeconds, report.SamplesPerSecond, report.Rmse,
            report.R2, report.MeanIou, report.TrainMeanIou, report.Penalty.Value, PenaltyNames.Of(report.Penalty.Kind), report.TotalLoss,
            report.Penalty.ZeroShare, report.WeightDecay is { } decay ? decay : "",
            .. EpochJson.Generative(report).Select(score => (object)score.Value),
        ];
        return string.Join(",", cells.Select(value => Convert.ToString(value, CultureInfo.InvariantCulture)));
    }

    // The metrics of an older version lack columns: they become empty cells, so that all rows have the cells of the header.
    internal static IEnumerable<string> WithColumns(IReadOnlyList<string> lines)
    {
        if (lines.Count == 0 || lines[0] == Header) return lines;
        var known = lines[0].Split(',');
        var at = Header.Split(',').Select(name => Array.IndexOf(known, name)).ToArray();
        return lines.Skip(1).Select(line => line.Split(','))
            .Select(cells => string.Join(',', at.Select(index => index >= 0 && index < cells.Length ? cells[index] : ""))).Prepend(Header);
    }

    // For checkpoints of versions that did not store the metrics.
    private static string[] ReadMetrics(string path, int epochs)
    {
        string[] lines;
        try
        {
            lines = [.. File.ReadLines(path).Take(1 + epochs)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TrainingException($"The metrics of the run cannot be read: {e.Message} Restore '{path}' from a copy of the run.", e);
        }

        var columns = Header.Split(',');
        for (var i = 0; i <= epochs; i++)
        {
            // An older version wrote fewer columns.
            var isValid = i < lines.Length && (i == 0
                ? lines[0].StartsWith("epoch,step,", StringComparison.Ordinal) && lines[0].Split(',').All(columns.Contains)
                : lines[i].StartsWith($"{i},", StringComparison.Ordinal) && lines[i].Count(letter => letter == ',') == lines[0].Count(letter => letter == ','));
            if (isValid) continue;
            throw new TrainingException($"The file '{path}' is damaged: line {i + 1} must be {(i == 0 ? "the header" : $"that of epoch {i}")}, but is "
                + $"{(i < lines.Length ? $"'{lines[i]}'" : "missing")}. Restore it from a copy of the run.");
        }

        return lines;
    }
}
