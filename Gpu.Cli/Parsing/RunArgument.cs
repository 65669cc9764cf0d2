using Gpu.Training.Data;
using Gpu.Training.Runs;

namespace Gpu.Cli.Parsing;

/// <summary>Run folders given on the command line.</summary>
internal static class RunArgument
{
    /// <summary>Opens a run. A missing folder is a usage error; its message suggests the nearest or latest run.</summary>
    public static RunFolder Open(string path)
    {
        if (Directory.Exists(path)) return RunFolder.Open(path);
        var parent = Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(path)) is { Length: > 0 } given ? given : "runs";
        var runs = Directory.Exists(parent) ? Directory.GetDirectories(parent).Order(StringComparer.Ordinal).ToArray() : [];
        var hint = ParseErrors.DidYouMean(path, runs);
        if (hint.Length == 0 && runs.Length > 0) hint = $" The latest run in '{parent}' is '{runs.MaxBy(Directory.GetLastWriteTimeUtc)}'.";
        throw new UsageException($"There is no run folder '{path}'.{hint} Give a folder written by 'gputrainer train'.");
    }

    /// <summary>The data source to store in a run: a known name, or the full path of a folder or file, valid in any working directory.</summary>
    public static string Source(string nameOrFolder) =>
        DatasetCatalog.Find(nameOrFolder) is { } entry ? entry.Name : Path.Exists(nameOrFolder) ? Path.GetFullPath(nameOrFolder) : nameOrFolder;

    /// <summary>The data source of a run.</summary>
    public static string DatasetOf(RunConfiguration run) => run.DatasetSource ?? run.Dataset;
}
