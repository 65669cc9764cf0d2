using System.Globalization;
using System.Text.Json;
using Gpu.Training.Loop;
using Gpu.Training.Models;

namespace Gpu.Training.Runs;

/// <summary>
/// The folder of a run: <c>config.json</c>, <c>model.json</c>, <c>metrics.csv</c>, <c>best.safetensors</c>, <c>last.safetensors</c> and
/// <c>checkpoint.safetensors</c> (weights, optimizer state, counters).
/// </summary>
public sealed class RunFolder
{
    /// <summary>The file of the options.</summary>
    public const string ConfigurationFile = "config.json";

    /// <summary>The file of the model's description.</summary>
    public const string ModelFile = "model.json";

    /// <summary>The file of the epochs' results.</summary>
    public const string MetricsFile = "metrics.csv";

    /// <summary>The file of the best weights.</summary>
    public const string BestFile = "best.safetensors";

    /// <summary>The file of the last weights.</summary>
    public const string LastFile = "last.safetensors";

    /// <summary>The file to resume from.</summary>
    public const string CheckpointFile = "checkpoint.safetensors";

    private RunFolder(string path, RunConfiguration configuration, Model model)
    {
        Path = path;
        Configuration = configuration;
        Model = model;
    }

    /// <summary>The folder.</summary>
    public string Path { get; }

    /// <summary>What <c>config.json</c> says.</summary>
    public RunConfiguration Configuration { get; }

    /// <summary>What <c>model.json</c> describes.</summary>
    public Model Model { get; }

    /// <summary>The best weights.</summary>
    public string BestWeights => System.IO.Path.Combine(Path, BestFile);

    /// <summary>The weights after the last epoch.</summary>
    public string LastWeights => System.IO.Path.Combine(Path, LastFile);

    /// <summary>The epochs' results.</summary>
    public string Metrics => System.IO.Path.Combine(Path, MetricsFile);

    /// <summary>What to resume from.</summary>
    public string CheckpointPath => System.IO.Path.Combine(Path, CheckpointFile);

    /// <summary>True when there is something to resume from.</summary>
    public bool HasCheckpoint => File.Exists(CheckpointPath);

    /// <summary>A new folder name under <paramref name="root"/>: the model's name and the time, such as <c>runs/cnn2-20260131-120000</c>.</summary>
    public static string NewName(string modelName, string root = "runs")
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(modelName);
        var safe = string.Concat(modelName.Select(letter => char.IsAsciiLetterOrDigit(letter) || letter is '_' or '-' ? letter : '_'));
        var name = System.IO.Path.Combine(root, $"{safe}-{DateTime.Now.ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture)}");
        var path = name;
        for (var i = 2; Directory.Exists(path); i++) path = $"{name}-{i}";
        return path;
    }

    /// <summary>Opens an existing run.</summary>
    /// <exception cref="TrainingException">there is no run in the folder, or its files are damaged</exception>
    public static RunFolder Open(string path)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        if (!Directory.Exists(path)) throw new TrainingException($"There is no run folder '{path}'. Give the folder that train wrote, such as "
            + "runs/cnn2-20260131-120000.");
        var configuration = System.IO.Path.Combine(path, ConfigurationFile);
        var model = System.IO.Path.Combine(path, ModelFile);
        foreach (var file in new[] { configuration, model })
            if (!File.Exists(file)) throw new TrainingException($"The folder '{path}' is no run: it has no {System.IO.Path.GetFileName(file)}. Give "
                + "the folder that train wrote.");
        try
        {
            return new RunFolder(path, RunConfiguration.Read(File.ReadAllText(configuration)), Models.ModelFile.Load(model));
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
