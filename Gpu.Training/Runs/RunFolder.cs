using Gpu.Training.Models;

namespace Gpu.Training.Runs;

/// <summary>
/// The folder of a run: <c>config.json</c>, <c>model.json</c>, <c>metrics.csv</c>, <c>best.safetensors</c>, <c>last.safetensors</c> and
/// <c>checkpoint.safetensors</c> (weights, optimizer state, counters).
/// </summary>
public sealed class RunFolder
{
    /// <summary>A new folder name under <paramref name="root"/>: the model's name and the time, such as <c>runs/seed0-20260131-120000</c>.</summary>
    public static string NewName(string modelName, string root = "runs") => throw new NotImplementedException();

    /// <summary>Opens an existing run.</summary>
    /// <exception cref="TrainingException">there is no run in the folder</exception>
    public static RunFolder Open(string path) => throw new NotImplementedException();

    /// <summary>The folder.</summary>
    public string Path => throw new NotImplementedException();

    /// <summary>What <c>config.json</c> says.</summary>
    public RunConfiguration Configuration => throw new NotImplementedException();

    /// <summary>What <c>model.json</c> describes.</summary>
    public Model Model => throw new NotImplementedException();

    /// <summary>True when there is something to resume from.</summary>
    public bool HasCheckpoint => throw new NotImplementedException();
}
