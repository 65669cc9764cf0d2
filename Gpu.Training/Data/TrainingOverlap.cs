using System.IO.Hashing;
using Gpu.Training.IO;

namespace Gpu.Training.Data;

/// <summary>Finds the images of a folder that a run was trained on.</summary>
internal static class TrainingOverlap
{
    /// <summary>See <see cref="RecordedSplit.CountTrained"/>.</summary>
    /// <param name="split">The images of the run.</param>
    /// <param name="trained">When the run began.</param>
    /// <param name="own">Folder of the run's data set, which need not exist.</param>
    /// <param name="other">The folder to look at.</param>
    /// <param name="names">Names of its images.</param>
    public static (int Same, int Possible) Count(RecordedSplit split, DateTime trained, string own, string other, IReadOnlyList<string> names)
    {
        var known = split.Files.Where(file => file.Value is SplitPart.Train or SplitPart.Validation).Select(file => file.Key).ToArray();
        var (ownFiles, otherFiles) = (Files(own), Files(other));
        var (kept, lost) = (new List<string>(), new HashSet<string>());
        foreach (var name in known)
        {
            var isThere = ownFiles.TryGetValue(name, out var path);
            if (isThere)
                kept.Add(path!);
            if (!isThere || RegularFile.Info(path!).LastWriteTimeUtc > trained)
                lost.Add(WithoutPart(name));
        }

        // Only files of equal length are read.
        var candidates = kept.ToLookup(path => RegularFile.Info(path).Length);
        var hashes = new Dictionary<long, HashSet<UInt128>>();
        var (same, possible) = (0, 0);
        foreach (var name in names)
        {
            if (otherFiles.TryGetValue(name, out var file) && IsKnown(file))
                same++;
            else if (lost.Contains(WithoutPart(name)))
                possible++;
        }

        return (same, possible);

        bool IsKnown(string path)
        {
            var length = RegularFile.Info(path).Length;
            if (!candidates.Contains(length))
                return false;
            if (!hashes.TryGetValue(length, out var contents))
                hashes[length] = contents = [.. candidates[length].Select(Hash)];
            return contents.Contains(Hash(path));
        }
    }

    private static UInt128 Hash(string path) => XxHash128.HashToUInt128(File.ReadAllBytes(path));

    // The paths of the images of a folder by their names.
    private static Dictionary<string, string> Files(string folder)
    {
        try
        {
            return Directory.Exists(folder)
                ? ImageFolderLayout.TryFind(folder, classesOptional: true)?.Files.ToDictionary(file => file.Name, file => file.Path) ?? [] : [];
        }
        catch (DatasetException)
        {
            // The folder is arranged in another way by now.
            return [];
        }
    }

    // 'train/cat/1.jpg' is 'cat/1.jpg' of the folder 'train'.
    private static string WithoutPart(string name)
    {
        var slash = name.IndexOf('/', StringComparison.Ordinal);
        return slash > 0 && ImageFolderLayout.IsPartName(name[..slash]) ? name[(slash + 1)..] : name;
    }
}
