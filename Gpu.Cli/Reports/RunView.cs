using Gpu.Training.Loop;
using Gpu.Training.Runs;

namespace Gpu.Cli.Reports;

/// <summary>A run as the pages show it: its folder and the reports of its epochs.</summary>
/// <param name="Folder">the run folder</param>
/// <param name="Reports">the epochs</param>
internal sealed record RunView(RunFolder Folder, IReadOnlyList<EpochReport> Reports)
{
    /// <summary>Reads a run.</summary>
    public static RunView Open(RunFolder folder) => new(folder, folder.ReadReports());

    /// <summary>The name of the folder.</summary>
    public string Name => Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(Folder.Path)));

    /// <summary>Whether the target is a number.</summary>
    public bool IsRegression => Folder.Configuration.Task == Gpu.Training.Data.TaskKind.Regression;

    /// <summary>Whether each pixel has a class.</summary>
    public bool IsSegmentation => Folder.Configuration.Task == Gpu.Training.Data.TaskKind.Segmentation;

    /// <summary>Whether the results of the run are right or wrong for a sample or pixel.</summary>
    public bool HasAccuracy => Gpu.Training.Models.TaskModel.HasAccuracy(Folder.Configuration.Task);

    /// <summary>Whether the run gives a class for an image, not for its pixels or for the rows of a table.</summary>
    public bool ClassifiesImages => Folder.Configuration.Table is null && HasAccuracy && !IsSegmentation;

    /// <summary>The epochs whose layers were measured.</summary>
    public IReadOnlyList<EpochReport> Measured => [.. Reports.Where(report => report.Layers is not null)];

    /// <summary>The last epoch; null before the first.</summary>
    public EpochReport? Last => Reports.Count == 0 ? null : Reports[^1];

    /// <summary>The epoch whose weights are saved as the best; null before the first.</summary>
    public EpochReport? Best => Reports.LastOrDefault(report => report.IsBest);

    /// <summary>The optimizer with the values of the recipe.</summary>
    public OptimizerOptions Optimizer => Folder.Configuration.Options.OptimizerFor(Folder.Model.Recipe.Optimizer);

    /// <summary>The mean learning rate of an epoch; that of its last step in the files of versions that did not store it.</summary>
    public static double RateOf(EpochReport report) => double.IsNaN(report.MeanLearningRate) ? report.LearningRate : report.MeanLearningRate;

    /// <summary>The epochs as numbers, for an axis.</summary>
    public static double[] Epochs(IReadOnlyList<EpochReport> reports) => [.. reports.Select(report => (double)report.Epoch)];

    /// <summary>The options and their values, those that are the defaults included.</summary>
    public IEnumerable<(string Name, string Value)> Settings() => RunSettings.Of(Folder.Configuration.Options, Optimizer, Folder.Configuration, Folder.Model);
}
