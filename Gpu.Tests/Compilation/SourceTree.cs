namespace Gpu.Tests.Compilation;

/// <summary>The checkout in which the tests were built: the nearest folder above the test assembly that contains GpuTrainer.sln.</summary>
internal static class SourceTree
{
    public const string WhyNone = "Needs the sources: no folder above the test assembly holds GpuTrainer.sln.";

    /// <summary>The folder of GpuTrainer.sln, or null where the tests run without their sources.</summary>
    public static string? Root { get; } = FindRoot();

    /// <summary>The files of a project with a given ending, outside bin and obj, relative to <see cref="Root"/> and with forward slashes.</summary>
    public static IEnumerable<string> Files(string project, string ending)
    {
        if (Root is not { } root) return [];
        return Directory.EnumerateFiles(Path.Combine(root, project), "*" + ending, SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(root, path).Replace('\\', '/'))
            .Where(path => !path.StartsWith($"{project}/bin/", StringComparison.Ordinal) && !path.StartsWith($"{project}/obj/", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal);
    }

    private static string? FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "GpuTrainer.sln"))) folder = folder.Parent;
        return folder?.FullName;
    }
}

/// <summary>A test that reads the sources. It is skipped if there are none.</summary>
internal sealed class SourceFactAttribute : FactAttribute
{
    public SourceFactAttribute()
    {
        if (SourceTree.Root is null) Skip = SourceTree.WhyNone;
    }
}

/// <summary>A theory that reads the sources. It is skipped if there are none.</summary>
internal sealed class SourceTheoryAttribute : TheoryAttribute
{
    public SourceTheoryAttribute()
    {
        if (SourceTree.Root is null) Skip = SourceTree.WhyNone;
    }
}
