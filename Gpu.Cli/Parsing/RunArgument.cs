using Gpu.Training.Data;
using Gpu.Training.Runs;

namespace Gpu.Cli.Parsing;

/// <summary>Run folders by path.</summary>
internal static class RunArgument
{
    /// <summary>Opens a run; a folder that is not there is a mistake in the command, with the nearest run that is.</summary>
    public static RunFolder Open(string path)
    {
        if (Directory.Exists(path)) return RunFolder.Open(path);
        var parent = Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(path)) is { Length: > 0 } given ? given : "runs";
        var runs = Directory.Exists(parent) ? Directory.GetDirectories(parent).Order(StringComparer.Ordinal).ToArray() : [];
        var hint = ParseErrors.DidYouMean(path, runs);
        if (hint.Length == 0 && runs.Length > 0) hint = $" The latest run there is '{runs.MaxBy(Directory.GetLastWriteTimeUtc)}'.";
        throw new UsageException($"There is no run folder '{path}'.{hint} 'train' writes one and says where.");
    }

    /// <summary>What a run writes down as the source of its data: a folder by its full path, so that it is found from everywhere.</summary>
    public static string Source(string nameOrFolder) =>
        DatasetCatalog.Find(nameOrFolder) is { } entry ? entry.Name : Directory.Exists(nameOrFolder) ? Path.GetFullPath(nameOrFolder) : nameOrFolder;

    /// <summary>Where the data of a run came from.</summary>
    public static string DatasetOf(RunConfiguration run) => run.DatasetSource ?? run.Dataset;
}
