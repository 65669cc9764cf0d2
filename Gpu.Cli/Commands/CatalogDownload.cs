using System.CommandLine;
using System.Diagnostics;
using Gpu.Cli.Output;
using Gpu.Cli.Parsing;
using Gpu.Training.Data;
using Command = System.CommandLine.Command;

namespace Gpu.Cli.Commands;

/// <summary>What <c>data get</c> and <c>model get</c> share: the command, the search by name, and the download with its progress.</summary>
internal static class CatalogDownload
{
    /// <summary>Creates a command that downloads an entry of a catalog.</summary>
    /// <param name="description">what the command does</param>
    /// <param name="nameDescription">what NAME is</param>
    /// <param name="kind">what is in the catalog, in the plural</param>
    /// <param name="cache">the folder of downloads unless --to names one</param>
    /// <param name="searched">who searches that folder</param>
    /// <param name="run">runs the command with the name, the folder and the file of the catalog, null for that of the program</param>
    public static Command Create(
        string description, string nameDescription, string kind, string cache, string searched, Action<string, string, string?> run)
    {
        var name = new Argument<string>("NAME") { Description = nameDescription };
        var folder = Options.Text("--to", "DIR", "Folder that gets a subfolder of that name", $"the user's cache, {searched}");
        var catalog = Options.Text("--catalog", "FILE", $"Catalog of {kind}, for mirrors of your own", "that of the program");
        var command = new Command("get", description) { name, folder, catalog };
        command.SetAction(parsed => run(parsed.GetRequiredValue(name), parsed.GetValue(folder) ?? cache, parsed.GetValue(catalog)));
        return command;
    }

    /// <summary>The entry of a name, in any case.</summary>
    /// <param name="entries">the catalog</param>
    /// <param name="nameOf">the name of an entry</param>
    /// <param name="name">the name that was given</param>
    /// <param name="kind">what is in the catalog, in the plural</param>
    /// <exception cref="UsageException">there is no such entry</exception>
    public static T Find<T>(IEnumerable<T> entries, Func<T, string> nameOf, string name, string kind)
        where T : class
    {
        var names = entries.Select(nameOf).ToArray();
        return entries.FirstOrDefault(entry => nameOf(entry).Equals(name, StringComparison.OrdinalIgnoreCase)) ?? throw new UsageException(
            $"The catalog of {kind} has no '{name}'.{ParseErrors.DidYouMean(name, names)} Known: {string.Join(", ", names)}.");
    }

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
