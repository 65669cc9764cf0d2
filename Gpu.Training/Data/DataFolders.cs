namespace Gpu.Training.Data;

/// <summary>The folders in which data sets are looked up by name; each data set has a folder of its name in one of them.</summary>
public static class DataFolders
{
    /// <summary>The environment variable that names a folder to look in first.</summary>
    public const string Variable = "GPUTRAINER_DATA";

    /// <summary>
    /// Where downloaded data sets belong: "gputrainer/datasets" in the user's cache folder, that is $XDG_CACHE_HOME or ~/.cache on Linux, ~/Library/Caches on
    /// macOS and the local application data on Windows.
    /// </summary>
    public static string UserCache => Path.Combine(CacheRoot(), "gputrainer", "datasets");

    /// <summary>
    /// All folders in the order in which they are searched: $GPUTRAINER_DATA, "datasets" beside the program (where the bundled set is), "datasets" in the
    /// current folder, and the user's cache.
    /// </summary>
    public static IReadOnlyList<string> SearchOrder()
    {
        List<string> folders = [];
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } chosen)
            folders.Add(chosen);
        folders.Add(Path.Combine(AppContext.BaseDirectory, "datasets"));
        folders.Add(Path.Combine(Environment.CurrentDirectory, "datasets"));
        folders.Add(UserCache);
        return folders;
    }

    private static string CacheRoot()
    {
        var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        if (OperatingSystem.IsWindows())
            return Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData);
        if (OperatingSystem.IsMacOS())
            return Path.Combine(home, "Library", "Caches");
        return Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } cache ? cache : Path.Combine(home, ".cache");
    }
}
