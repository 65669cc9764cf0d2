namespace Gpu.Training.Data;

/// <summary>Finds image files as the data sets do.</summary>
public static class ImageFiles
{
    /// <summary>
    /// The image files in a folder and the folders below it, in ordinal order, without hidden files and those of operating systems. Links to folders are not
    /// followed.
    /// </summary>
    /// <param name="folder">The folder.</param>
    public static IReadOnlyList<string> Find(string folder) =>
        [.. FolderTree.Read(folder).All().SelectMany(one => one.Images).Select(file => Path.Combine(folder, Path.GetRelativePath(folder, file)))
            .Order(StringComparer.Ordinal)];
}
