using System.Collections.Concurrent;
using Gpu.Cli.Reports;
using Gpu.Training.Loop;
using Gpu.Training.Runs;

namespace Gpu.Cli.Serving;

/// <summary>
/// The runs of a folder. A name is looked up among the names of its subfolders, so no name leads out of it; links are left out. Thread-safe.
/// </summary>
/// <param name="root">the folder</param>
internal sealed class RunCatalog(string root)
{
    private readonly ConcurrentDictionary<string, (DateTime Stamp, RunView View)> _views = new(StringComparer.Ordinal);

    /// <summary>The folder.</summary>
    public string Root { get; } = Path.GetFullPath(root);

    /// <summary>The names of the runs, the newest first.</summary>
    public string[] Names() =>
    [
        .. Folders().Where(folder => File.Exists(Path.Combine(folder.FullName, RunFolder.ConfigurationFile)))
            .OrderByDescending(folder => File.GetCreationTimeUtc(Path.Combine(folder.FullName, RunFolder.ModelFile)))
            .ThenBy(folder => folder.Name, StringComparer.Ordinal).Select(folder => folder.Name),
    ];

    /// <summary>The path of a run.</summary>
    /// <exception cref="RequestException">there is no such run</exception>
    public string PathOf(string? name)
    {
        if (string.IsNullOrEmpty(name)) throw new RequestException(400, "Name a run: add run=NAME to the address. The page / lists the runs.");
        var folder = Folders().FirstOrDefault(folder => folder.Name == name);
        if (folder is null || !File.Exists(Path.Combine(folder.FullName, RunFolder.ConfigurationFile)))
            throw new RequestException(404, $"There is no run '{name}' in the folder that is served. The page / lists the runs.");
        return folder.FullName;
    }

    /// <summary>Reads a run; again only after its files changed.</summary>
    /// <exception cref="RequestException">there is no such run</exception>
    /// <exception cref="TrainingException">its files are damaged</exception>
    public RunView View(string? name)
    {
        var path = PathOf(name);
        var stamp = Stamp(path);
        if (_views.TryGetValue(path, out var known) && known.Stamp == stamp) return known.View;
        var view = RunView.Open(RunFolder.Open(path));
        _views[path] = (stamp, view);
        return view;
    }

    /// <summary>When the files that a page shows were last written.</summary>
    public static DateTime Stamp(string path) => new[] { RunFolder.ConfigurationFile, RunFolder.MetricsLogFile }
        .Max(file => File.GetLastWriteTimeUtc(Path.Combine(path, file)));

    private IEnumerable<DirectoryInfo> Folders() => new DirectoryInfo(Root).EnumerateDirectories()
        .Where(folder => !folder.Attributes.HasFlag(FileAttributes.ReparsePoint));
}
