using System.Globalization;
using Gpu.Training.Runs;

namespace Gpu.Cli.Reports;

/// <summary>The page of a run: <c>report.html</c> in its folder, one file without links.</summary>
internal static class RunReport
{
    /// <summary>The page.</summary>
    /// <param name="run">the run</param>
    /// <param name="results">the results on the test split; null while the run trains</param>
    /// <param name="isLive">whether the run trains</param>
    public static string Render(RunView run, RunResults? results, bool isLive)
    {
        var configuration = run.Folder.Configuration;
        var state = isLive ? $"trains: epoch {run.Last?.Epoch ?? 0} of {run.Last?.Epochs ?? configuration.Options.Epochs}" : "";
        var written = DateTime.Now.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);
        string[] parts = [$"{configuration.Model} on {configuration.Dataset}", configuration.Device, state, written];
        return ReportStyle.Page(run.Name, string.Join(" \u00B7 ", parts.Where(part => part.Length > 0)), isLive,
        [
            SummarySection.Draw(run, results), CurvesSection.Draw(run), LayersSection.Draw(run), PlaneSection.Draw(run, results),
            ClassesSection.Draw(run, results), MasksSection.Draw(run, results), GeneratedSection.Draw(run), PicturesSection.Draw(run, results),
            EmbeddingSection.Draw(run, results), FiltersSection.Draw(run, results),
            .. SetupSection.Draw(run),
        ]);
    }

    /// <summary>The path of the page of a run.</summary>
    public static string PathOf(string runFolder) => Path.Combine(runFolder, RunFolder.ReportFile);
}
