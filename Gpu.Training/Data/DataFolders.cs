namespace Gpu.Training.Data;

/// <summary>The folders that are searched for data sets. A data set is a subfolder with its name.</summary>
public static class DataFolders
{
    /// <summary>The environment variable with a folder that is searched first.</summary>
    public const string Variable = "GPUTRAINER_DATA";

    /// <summary>
    /// The folder for downloaded data sets: "gputrainer/datasets" in the user's cache folder, which is $XDG_CACHE_HOME or ~/.cache on Linux,
    /// ~/Library/Caches on macOS and the local application data on Windows.
    /// </summary>
    public static string UserCache => Path.Combine(CacheRoot(), "gputrainer", "datasets");

    /// <summary>
    /// The folder of data sets that are packages of a Linux distribution, such as dataset-fashion-mnist of Debian and Ubuntu: /usr/share/datasets; null on
    /// other systems.
    /// </summary>
    public static string? Packages => OperatingSystem.IsLinux() ? "/usr/share/datasets" : null;

    /// <summary>
    /// The folders in search order: $GPUTRAINER_DATA, "datasets" beside the program (with the bundled data set), "datasets" in the current folder,
    /// <see cref="UserCache"/>, and <see cref="Packages"/>.
    /// </summary>
    public static IReadOnlyList<string> SearchOrder()
    {
        List<string> folders = [];
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } chosen)
            folders.Add(chosen);
        folders.Add(Path.Combine(AppContext.BaseDirectory, "datasets"));
        folders.Add(Path.Combine(Environment.CurrentDirectory, "datasets"));
        folders.Add(UserCache);
        if (Packages is { } packages) folders.Add(packages);
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
