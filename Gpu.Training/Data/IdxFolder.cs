namespace Gpu.Training.Data;

/// <summary>
/// Reads a folder with IDX files named as in MNIST: train-images, train-labels, t10k-images or test-images, t10k-labels or test-labels, followed by
/// anything, with '-', '.' or '_' between the words, plain or gzip. An optional classes.txt has one class name per line.
/// </summary>
internal static class IdxFolder
{
    private static readonly string[][] Parts = [["train-images"], ["train-labels"], ["t10k-images", "test-images"], ["t10k-labels", "test-labels"]];

    /// <summary>Loads the data set; null if no file has such a name.</summary>
    /// <exception cref="DatasetException">Some of the files are missing, or one is damaged.</exception>
    public static ImageDataset? TryLoad(string folder, string name)
    {
        var files = Parts.Select(names => Find(folder, names)).ToArray();
        if (files.All(file => file is null))
            return null;
        var missing = Parts.Where((_, i) => files[i] is null).Select(names => string.Join("* or ", names) + "*").ToArray();
        if (missing.Length > 0)
        {
            throw new DatasetException(
                $"The folder '{folder}' has IDX files, but not all four: missing {string.Join(", ", missing)}; "
                + $"found {string.Join(", ", files.OfType<string>().Select(Path.GetFileName))}. "
                + "Add the missing files.");
        }

        IReadOnlyList<string>? names = ReadClassNames(folder);
        var train = IdxReader.ReadSplit(files[0]!, files[1]!, names?.Count);
        names ??= DefaultNames(name, train);
        var test = IdxReader.ReadSplit(files[2]!, files[3]!, names.Count);
        if ((test.Height, test.Width, test.Channels) != (train.Height, train.Width, train.Channels))
        {
            throw new DatasetException(
                $"The images in '{files[2]}' are {test.Height}x{test.Width}x{test.Channels}, "
                + $"those in '{files[0]}' {train.Height}x{train.Width}x{train.Channels} "
                + "(height x width x channels). Both must have the same size: take them from the same data set.");
        }

        return new ImageDataset(name, names, train, test);
    }

    private static string? Find(string folder, string[] prefixes) =>
        Directory.GetFiles(folder)
            .Where(file =>
            {
                var words = Path.GetFileName(file).ToLowerInvariant().Replace('.', '-').Replace('_', '-');
                return prefixes.Any(prefix => words == prefix || words.StartsWith(prefix + "-", StringComparison.Ordinal));
            })
            .OrderBy(file => file.EndsWith(".gz", StringComparison.OrdinalIgnoreCase)) // Prefer an unpacked file to its archive.
            .ThenBy(file => file, StringComparer.Ordinal)
            .FirstOrDefault();

    private static string[]? ReadClassNames(string folder)
    {
        var path = Path.Combine(folder, "classes.txt");
        if (!File.Exists(path))
            return null;
        var names = ClassNameFile.Read(path);
        return names.Length > 0 ? names : throw new DatasetException($"The file '{path}' names no classes. Write one name a line, or remove the file.");
    }

    // A data set of the catalog has known class names. Otherwise the names are the numbers up to the largest training label.
    private static IReadOnlyList<string> DefaultNames(string name, ImageSplit train)
    {
        var classes = Math.Max(2, train.Labels.Max() + 1);
        return DatasetCatalog.Find(name) is { } entry && entry.ClassNames.Count == classes
            ? entry.ClassNames
            : [.. Enumerable.Range(0, classes).Select(label => label.ToString())];
    }
}
