using System.Globalization;
using System.Text.Json;
using Gpu.Training.Data;
using Gpu.Training.Data.Tables;
using Gpu.Training.IO;
using Gpu.Training.Loop;
using Gpu.Training.Models;

namespace Gpu.Training.Runs;

/// <summary>
/// A run folder: <c>config.json</c>, <c>model.json</c>, <c>metrics.csv</c>, <c>metrics.jsonl</c>, <c>best.safetensors</c>, <c>last.safetensors</c>,
/// <c>checkpoint.safetensors</c> (weights, optimizer state, loop position), the checkpoint before it, <c>checksums.xxh3</c> and, for folders of image files,
/// <c>split.json</c>, for tables <c>rows.json</c>.
/// </summary>
public sealed class RunFolder
{
    /// <summary>File name of the configuration.</summary>
    public const string ConfigurationFile = "config.json";

    /// <summary>File name of the model description.</summary>
    public const string ModelFile = "model.json";

    /// <summary>File name of the metrics per epoch.</summary>
    public const string MetricsFile = "metrics.csv";

    /// <summary>File name of the metrics and statistics per epoch, a JSON object per line.</summary>
    public const string MetricsLogFile = "metrics.jsonl";

    /// <summary>File name of the page that shows the run.</summary>
    public const string ReportFile = "report.html";

    /// <summary>File name of the best weights.</summary>
    public const string BestFile = "best.safetensors";

    /// <summary>File name of the last weights.</summary>
    public const string LastFile = "last.safetensors";

    /// <summary>File name of the checkpoint.</summary>
    public const string CheckpointFile = "checkpoint.safetensors";

    /// <summary>File name of the checkpoint before the newest, which is used if the newest is damaged.</summary>
    public const string PreviousCheckpointFile = "checkpoint.previous.safetensors";

    /// <summary>File name of the part of each image, in runs on folders of image files.</summary>
    public const string SplitFile = "split.json";

    /// <summary>File name of the part of each row, in runs on tables.</summary>
    public const string RowsFile = "rows.json";

    /// <summary>Name of the folder in it with the pictures of each epoch, of runs whose result are images.</summary>
    public const string PicturesFolder = "pictures";

    private RunFolder(string path, RunConfiguration configuration, Model model)
    {
        Path = path;
        Configuration = configuration;
        Model = model;
    }

    /// <summary>Path of the folder.</summary>
    public string Path { get; }

    /// <summary>The configuration from <c>config.json</c>.</summary>
    public RunConfiguration Configuration { get; }

    /// <summary>The model from <c>model.json</c>.</summary>
    public Model Model { get; }

    /// <summary>Path of the best weights.</summary>
    public string BestWeights => System.IO.Path.Combine(Path, BestFile);

    /// <summary>Checks that the best weights are there, and are those that were written.</summary>
    /// <exception cref="TrainingException">The run ended before its first evaluation, or the file is damaged.</exception>
    internal void RequireBestWeights()
    {
        if (!File.Exists(BestWeights))
            throw new TrainingException($"The run '{Path}' has no {BestFile}: it ended before its first evaluation. Continue it with --resume.");
        Checksums.Verify(Path, BestFile);
    }

    /// <summary>Path of the weights after the last epoch.</summary>
    public string LastWeights => System.IO.Path.Combine(Path, LastFile);

    /// <summary>Path of the metrics per epoch, CSV.</summary>
    public string Metrics => System.IO.Path.Combine(Path, MetricsFile);

    /// <summary>Path of the checkpoint.</summary>
    public string CheckpointPath => System.IO.Path.Combine(Path, CheckpointFile);

    /// <summary>
    /// Reads the reports of all epochs with the statistics of the layers; empty before the first one, and for runs of older versions, which have only
    /// <see cref="Metrics"/>.
    /// </summary>
    /// <exception cref="TrainingException">The file is damaged.</exception>
    public IReadOnlyList<EpochReport> ReadReports() => MetricsLog.Read(System.IO.Path.Combine(Path, MetricsLogFile));

    /// <summary>The file name of a picture of an epoch.</summary>
    internal static string PictureName(string name, int epoch) => $"{name}-{epoch.ToString("D4", CultureInfo.InvariantCulture)}.png";

    /// <summary>The pictures of a kind by epoch, such as <c>reconstructions</c> or <c>samples</c>, as paths; empty if there are none.</summary>
    /// <param name="name">What they show.</param>
    public IReadOnlyList<(int Epoch, string File)> Pictures(string name)
    {
        var folder = System.IO.Path.Combine(Path, PicturesFolder);
        if (!Directory.Exists(folder)) return [];
        return [.. Directory.GetFiles(folder, $"{name}-*.png")
            .Select(file => (Epoch: int.TryParse(System.IO.Path.GetFileNameWithoutExtension(file)[(name.Length + 1)..], out var epoch) ? epoch : 0, File: file))
            .Where(picture => picture.Epoch > 0).OrderBy(picture => picture.Epoch)];
    }

    /// <summary>Reads the part of each image file; null if the images had no names, or the run is of an older version.</summary>
    /// <exception cref="DatasetException">The file is damaged.</exception>
    public RecordedSplit? ReadSplit()
    {
        var file = System.IO.Path.Combine(Path, SplitFile);
        return File.Exists(file) ? RecordedSplit.Read(file) : null;
    }

    /// <summary>Reads the part of each row of the table; null if the run is not on a table, or the file is missing.</summary>
    /// <exception cref="DatasetException">The file is damaged.</exception>
    public RecordedRows? ReadRows()
    {
        var file = System.IO.Path.Combine(Path, RowsFile);
        return File.Exists(file) ? RecordedRows.Read(file) : null;
    }

    /// <summary>True if the run has a checkpoint to resume from.</summary>
    public bool HasCheckpoint => File.Exists(CheckpointPath) || File.Exists(System.IO.Path.Combine(Path, PreviousCheckpointFile));

    /// <summary>The checkpoint that <see cref="OpenToResume"/> found; null if the run died before its first one.</summary>
    internal string? Checkpoint { get; private init; }

    /// <summary>Why <see cref="Checkpoint"/> is not the newest one; null if it is.</summary>
    internal string? CheckpointNote { get; private init; }

    /// <summary>Whether a process trains in a folder now. It may end at any time, so the answer is only for display.</summary>
    /// <param name="path">A folder, which need not exist.</param>
    public static bool IsTraining(string path) => RunLock.IsLocked(path);

    /// <summary>Refuses a folder in which a process trains now, before work that would be in vain. The trainer decides it: a process may start later.</summary>
    /// <param name="path">A folder, which need not exist.</param>
    /// <exception cref="RunLockedException">A process trains in the folder.</exception>
    public static void RequireNotTraining(string path) => RunLock.RequireFree(path);

    /// <summary>Whether the process that trained in a folder ended without removing its lock: it was killed, or the computer went down.</summary>
    /// <param name="path">A folder, which need not exist.</param>
    public static bool WasKilled(string path) => File.Exists(System.IO.Path.Combine(path, RunLock.FileName)) && !RunLock.IsLocked(path);

    /// <summary>
    /// Makes an unused folder name under <paramref name="root"/> from model name and local time, such as <c>runs/cnn2-20260131-120000</c>. Does not create the
    /// folder.
    /// </summary>
    public static string NewName(string modelName, string root = "runs")
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(modelName);
        var name = System.IO.Path.Combine(root, $"{SafeName(modelName)}-{DateTime.Now.ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture)}");
        var path = name;
        for (var i = 2; Directory.Exists(path); i++) path = $"{name}-{i}";
        return path;
    }

    /// <summary>A model's name as part of a file name: letters, digits, '_' and '-' stay.</summary>
    internal static string SafeName(string modelName) =>
        string.Concat(modelName.Select(letter => char.IsAsciiLetterOrDigit(letter) || letter is '_' or '-' ? letter : '_'));

    /// <summary>Reads the configuration and model of an existing run.</summary>
    /// <exception cref="TrainingException">The folder is missing or not a run, or its files are damaged.</exception>
    public static RunFolder Open(string path)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        if (!Directory.Exists(path)) throw new TrainingException($"There is no run folder '{path}'. Give a folder written by train, such as "
            + "runs/cnn2-20260131-120000.");
        var configuration = System.IO.Path.Combine(path, ConfigurationFile);
        var model = System.IO.Path.Combine(path, ModelFile);
        foreach (var file in new[] { configuration, model })
            if (!File.Exists(file)) throw new TrainingException($"The folder '{path}' is not a run: it has no {System.IO.Path.GetFileName(file)}. Give "
                + "a folder written by train.");
        foreach (var file in new[] { ConfigurationFile, ModelFile }) Checksums.Verify(path, file);
        foreach (var file in new[] { SplitFile, RowsFile }.Where(name => File.Exists(System.IO.Path.Combine(path, name)))) Checksums.Verify(path, file);
        try
        {
            return new RunFolder(path, RunConfiguration.Read(RegularFile.ReadAllText(configuration)), Models.ModelFile.Load(model));
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new TrainingException($"The file '{configuration}' cannot be read: {e.Message}", e);
        }
        catch (ModelException e)
        {
            throw new TrainingException($"The run '{path}' cannot be opened: {e.Message}", e);
        }
    }

    /// <summary>
    /// Opens a run to resume it: finds the newest checkpoint that is not damaged. The configuration is the one that the checkpoint was trained with.
    /// </summary>
    /// <exception cref="TrainingException">The folder is missing or not a run, its files are damaged, or its checkpoints are gone.</exception>
    public static RunFolder OpenToResume(string path)
    {
        var run = Open(path);
        List<string> mistakes = [];
        foreach (var name in new[] { CheckpointFile, PreviousCheckpointFile })
        {
            var file = System.IO.Path.Combine(path, name);
            if (!File.Exists(file))
            {
                mistakes.Add($"There is no '{file}'.");
                continue;
            }

            try
            {
                Checksums.Verify(path, name);
                var configuration = Runs.Checkpoint.ReadConfiguration(file);
                // Without checksums the user may have changed config.json.
                if (configuration is null || !File.Exists(System.IO.Path.Combine(path, Checksums.FileName))) configuration = run.Configuration;
                return new RunFolder(path, configuration, run.Model)
                {
                    Checkpoint = file,
                    CheckpointNote = mistakes.Count == 0 ? null : $"{mistakes[0]} The run continues from the checkpoint before it, {name}.",
                };
            }
            catch (TrainingException e)
            {
                mistakes.Add(e.Message);
            }
        }

        if (run.HasCheckpoint)
            throw new TrainingException($"The run '{path}' has no valid checkpoint. {string.Join(' ', mistakes)}");
        // Killed before or while it wrote its first checkpoint: it starts again, with the same result.
        var sums = Checksums.Read(path);
        if (sums is null ? File.Exists(run.Metrics) || File.Exists(run.BestWeights) : sums.Lists(PreviousCheckpointFile))
            throw new TrainingException($"The run '{path}' has no checkpoint to resume from: {CheckpointFile} was removed. Restore it from a copy, or start a "
                + $"new run with --init {path}.");
        return run;
    }

    /// <summary>Checks that a new run can be written to a folder: that it has no run, and no file of someone else that the run would replace.</summary>
    /// <param name="folder">A folder, which need not exist.</param>
    /// <exception cref="TrainingException">The folder has a run, or another file of that name. The message names it.</exception>
    public static void RequireFree(string folder)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(folder);
        if (File.Exists(folder)) throw new TrainingException($"'{folder}' is a file. Give the name of a folder for the run.");
        if (!Directory.Exists(folder)) return;
        if (File.Exists(System.IO.Path.Combine(folder, ConfigurationFile)) && File.Exists(System.IO.Path.Combine(folder, ModelFile)))
            throw new TrainingException($"The folder '{folder}' already contains a run ({ConfigurationFile}). Choose another folder, or continue that run with "
                + $"--resume {folder}.");
        var pictures = System.IO.Path.Combine(folder, PicturesFolder);
        if (Directory.Exists(pictures) && Directory.EnumerateFileSystemEntries(pictures).Any())
            throw new TrainingException($"The folder '{folder}' has files in {PicturesFolder}, which a run would replace. Choose another folder, or move them "
                + "away.");
        // A run that died while it was created has left files, which are listed.
        var sums = Checksums.Read(folder);
        foreach (var name in RunFiles.Names.Concat(RunFiles.Unlisted).Where(name => File.Exists(System.IO.Path.Combine(folder, name))))
        {
            if (sums?.Lists(name) == true && Checksums.Mismatch(folder, name) is null) continue;
            throw new TrainingException($"The folder '{folder}' has a file {name} that no run of this program wrote there, and a run would replace it. Choose "
                + "another folder, or move that file away.");
        }
    }
}
