using System.Diagnostics;
using Gpu.Cli.Output;
using Gpu.Training.Data;

namespace Gpu.Cli.Commands;

/// <summary>Downloads an entry of a catalog: tells its source and licence, and shows the progress.</summary>
internal static class CatalogDownload
{
    /// <summary>Runs a download.</summary>
    /// <param name="reporter">receives the lines and the progress</param>
    /// <param name="entry">the entry</param>
    /// <param name="get">downloads it</param>
    /// <returns>what the download gave, and the seconds that it took</returns>
    /// <exception cref="DatasetException">no mirror gave the right content</exception>
    public static (T Result, double Seconds) Run<T>(Reporter reporter, DatasetCatalogEntry entry, Func<DatasetDownloader, Task<T>> get)
    {
        reporter.Line($"{entry.Name}: {entry.Description}");
        reporter.Line($"Licence: {entry.Licence ?? "unknown"}. Source: {entry.Source ?? "unknown"}");
        if (entry.Citation is { } citation) reporter.Line($"Cite: {citation}");
        var clock = Stopwatch.StartNew();
        reporter.BeginProgress();
        using var client = new HttpClient { Timeout = Timeout.InfiniteTimeSpan };
        client.DefaultRequestHeaders.UserAgent.ParseAdd("gputrainer");
        var downloader = new DatasetDownloader(client) { Remark = reporter.Warn, Progress = state => Show(reporter, clock, state) };
        var result = get(downloader).GetAwaiter().GetResult();
        reporter.EndProgress();
        return (result, clock.Elapsed.TotalSeconds);
    }

    private static void Show(Reporter reporter, Stopwatch clock, DownloadProgress state)
    {
        if (!reporter.IsProgressDue) return;
        var total = state.Total ?? state.Bytes;
        var rate = state.Bytes / Math.Max(clock.Elapsed.TotalSeconds, 1e-3);
        reporter.ProgressNow(new ProgressState(
            state.File, state.Bytes >> 10, Math.Max(1, total >> 10), $"{Units.Bytes(state.Bytes)} of {Units.Bytes(total)}",
            TimeSpan.FromSeconds((total - state.Bytes) / Math.Max(rate, 1))));
    }
}
