using System.Globalization;
using System.Text.Json;
using Gpu.Training.Data;
using Gpu.Training.IO;
using Gpu.Training.Loop;
using Gpu.Training.Models;

namespace Gpu.Training.Runs;

/// <summary>
/// A run folder: <c>config.json</c>, <c>model.json</c>, <c>metrics.csv</c>, <c>best.safetensors</c>, <c>last.safetensors</c>,
/// <c>checkpoint.safetensors</c> (weights, optimizer state, loop position) and, for folders of image files, <c>split.json</c>.
/// </summary>
public sealed class RunFolder
{
    /// <summary>File name of the configuration.</summary>
    public const string ConfigurationFile = "config.json";

    /// <summary>File name of the model description.</summary>
    public const string ModelFile = "model.json";

    /// <summary>File name of the metrics per epoch.</summary>
    public const string MetricsFile = "metrics.csv";

    /// <summary>File name of the best weights.</summary>
    public const string BestFile = "best.safetensors";

    /// <summary>File name of the last weights.</summary>
    public const string LastFile = "last.safetensors";

    /// <summary>File name of the checkpoint.</summary>
    public const string CheckpointFile = "checkpoint.safetensors";

    /// <summary>File name of the part of each image, in runs on folders of image files.</summary>
    public const string SplitFile = "split.json";

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

    /// <summary>Path of the weights after the last epoch.</summary>
    public string LastWeights => System.IO.Path.Combine(Path, LastFile);

    /// <summary>Path of the metrics per epoch, CSV.</summary>
    public string Metrics => System.IO.Path.Combine(Path, MetricsFile);

    /// <summary>Path of the checkpoint.</summary>
    public string CheckpointPath => System.IO.Path.Combine(Path, CheckpointFile);

    /// <summary>Reads the part of each image file; null if the images had no names, or the run is of an older version.</summary>
    /// <exception cref="DatasetException">The file is damaged.</exception>
    public RecordedSplit? ReadSplit()
    {
        var file = System.IO.Path.Combine(Path, SplitFile);
        return File.Exists(file) ? RecordedSplit.Read(file) : null;
    }

    /// <summary>True if the run has a checkpoint to resume from.</summary>
    public bool HasCheckpoint => File.Exists(CheckpointPath);

    /// <summary>
    /// Makes an unused folder name under <paramref name="root"/> from model name and local time, such as <c>runs/cnn2-20260131-120000</c>. Does not create the
    /// folder.
    /// </summary>
    public static string NewName(string modelName, string root = "runs")
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(modelName);
        var safe = string.Concat(modelName.Select(letter => char.IsAsciiLetterOrDigit(letter) || letter is '_' or '-' ? letter : '_'));
        var name = System.IO.Path.Combine(root, $"{safe}-{DateTime.Now.ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture)}");
        var path = name;
        for (var i = 2; Directory.Exists(path); i++) path = $"{name}-{i}";
        return path;
    }

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
}
