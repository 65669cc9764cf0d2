using System.Globalization;
using Gpu.Training.Images;

namespace Gpu.Training.Data;

/// <summary>
/// What is in a folder and the folders below it: image files, and what is not read. Folders that are links are not followed, so that a search cannot leave the
/// data set or run in circles; files that are links are.
/// </summary>
internal sealed class FolderTree
{
    private static readonly string[] IgnoredNames = ["thumbs.db", "desktop.ini", "__macosx"];

    private FolderTree(string path, string name)
    {
        Path = path;
        Name = UnicodeNames.Normalize(name);
    }

    /// <summary>Path of the folder.</summary>
    public string Path { get; }

    /// <summary>Name of the folder, in Unicode normalization form C.</summary>
    public string Name { get; }

    /// <summary>The folders directly in it, without ignored ones and links, in ordinal order.</summary>
    public List<FolderTree> Folders { get; } = [];

    /// <summary>The image files directly in it, in ordinal order.</summary>
    public List<string> Images { get; } = [];

    /// <summary>Number of files directly in it by ending, without images and ignored ones.</summary>
    public SortedDictionary<string, int> Others { get; } = new(StringComparer.Ordinal);

    /// <summary>The links to folders directly in it.</summary>
    public List<string> Links { get; } = [];

    /// <summary>The image files directly in it that are links, with the files that they lead to.</summary>
    public List<(string Path, string Target)> LinkedImages { get; } = [];

    /// <summary>Number of ignored files and folders directly in it.</summary>
    public int Ignored { get; private set; }

    /// <summary>Number of image files in it and the folders below it.</summary>
    public int ImageCount => Images.Count + Folders.Sum(folder => folder.ImageCount);

    /// <summary>Whether a file or folder is ignored: hidden, or made by an operating system beside the data.</summary>
    public static bool IsIgnored(string name) => name.StartsWith('.') || IgnoredNames.Contains(name.ToLowerInvariant());

    /// <summary>Reads a folder and all below it.</summary>
    public static FolderTree Read(string path) => Read(new DirectoryInfo(path), System.IO.Path.GetFileName(System.IO.Path.GetFullPath(path)));

    /// <summary>The folder and all below it.</summary>
    public IEnumerable<FolderTree> All() => Folders.SelectMany(folder => folder.All()).Prepend(this);

    /// <summary>The image files in it and the folders below it, with their names relative to it.</summary>
    public IEnumerable<(string Path, string Name)> AllImages() =>
        Images.Select(image => (image, UnicodeNames.Normalize(System.IO.Path.GetFileName(image))))
            .Concat(Folders.SelectMany(folder => folder.AllImages().Select(image => (image.Path, $"{folder.Name}/{image.Name}"))));

    /// <summary>A number and a noun, in the plural where there are none or several.</summary>
    public static string Count(int count, string noun) =>
        $"{count.ToString("N0", CultureInfo.InvariantCulture)} {noun}{(count == 1 ? "" : noun.EndsWith('s') ? "es" : "s")}";

    private static FolderTree Read(DirectoryInfo directory, string name)
    {
        var folder = new FolderTree(directory.FullName, name);
        foreach (var entry in directory.EnumerateFileSystemInfos().OrderBy(entry => entry.Name, StringComparer.Ordinal))
        {
            if (IsIgnored(entry.Name))
                folder.Ignored++;
            else if (!entry.Attributes.HasFlag(FileAttributes.Directory))
                folder.AddFile(entry);
            else if (entry.Attributes.HasFlag(FileAttributes.ReparsePoint))
                folder.Links.Add(entry.FullName);
            else
                folder.Folders.Add(Read((DirectoryInfo)entry, entry.Name));
        }

        return folder;
    }

    // Null for a link that leads nowhere or in a circle: reading the file reports it.
    private static string? Target(FileSystemInfo link)
    {
        try
        {
            return link.ResolveLinkTarget(returnFinalTarget: true)?.FullName;
        }
        catch (IOException)
        {
            return null;
        }
    }

    private void AddFile(FileSystemInfo file)
    {
        if (ImageCodec.HasImageExtension(file.Name))
        {
            Images.Add(file.FullName);
            if (file.Attributes.HasFlag(FileAttributes.ReparsePoint) && Target(file) is { } target) LinkedImages.Add((file.FullName, target));
            return;
        }

        var ending = file.Extension.ToLowerInvariant();
        Others[ending] = Others.GetValueOrDefault(ending) + 1;
    }
}
