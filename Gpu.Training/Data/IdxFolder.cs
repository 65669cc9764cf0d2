namespace Gpu.Training.Data;

/// <summary>
/// Reads a folder with the four IDX files of MNIST, Fashion-MNIST, KMNIST, EMNIST, QMNIST and the like: train-images, train-labels, t10k-images or
/// test-images, t10k-labels or test-labels, followed by anything, perhaps after the name of the set (emnist-letters-train-images-idx3-ubyte), with '-', '.' or
/// '_' between the words, plain or gzip. An optional classes.txt has one class name per line.
/// </summary>
internal static class IdxFolder
{
    private const string Letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    private const string Digits = "0123456789";

    // The classes of EMNIST (G. Cohen and others, "EMNIST: an extension of MNIST to handwritten letters", 2017). Balanced and ByMerge merge 15 lower case
    // letters with the upper case ones that look alike.
    private static readonly Dictionary<string, string> EmnistNames = new()
    {
        ["emnist-letters"] = Letters,
        ["emnist-digits"] = Digits,
        ["emnist-mnist"] = Digits,
        ["emnist-balanced"] = Digits + Letters + "abdefghnqrt",
        ["emnist-bymerge"] = Digits + Letters + "abdefghnqrt",
        ["emnist-byclass"] = Digits + Letters + "abcdefghijklmnopqrstuvwxyz",
    };

    private static readonly string[][] Parts = [["train-images"], ["train-labels"], ["t10k-images", "test-images"], ["t10k-labels", "test-labels"]];

    /// <summary>Loads the data set; null if no file has such a name.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="name">Name of the data set.</param>
    /// <param name="set">Which of several sets to load, such as emnist-letters; null for the only one, or that of the name.</param>
    /// <param name="note">Receives which of several sets was taken.</param>
    /// <exception cref="DatasetException">Some of the files are missing, one is damaged, or there are several sets.</exception>
    public static ImageDataset? TryLoad(string folder, string name, string? set = null, Action<string>? note = null)
    {
        var sets = Sets(folder);
        if (sets.Count == 0)
            return null;
        set ??= Choose(folder, name, sets, note);
        if (!sets.TryGetValue(Words(set), out var files))
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
        var isEmnist = EmnistNames.TryGetValue(Words(set), out var emnist);
        names ??= emnist?.Select(letter => letter.ToString()).ToArray();
        var train = Read(files[0]!, files[1]!, isEmnist, names?.Count);
        names ??= DefaultNames(name, train);
        var test = Read(files[2]!, files[3]!, isEmnist, names.Count);
        if ((test.Height, test.Width, test.Channels) != (train.Height, train.Width, train.Channels))
        {
            throw new DatasetException(
                $"The images in '{files[2]}' are {test.Height}x{test.Width}x{test.Channels}, "
                + $"those in '{files[0]}' {train.Height}x{train.Width}x{train.Channels} "
                + "(height x width x channels). Both must have the same size: take them from the same data set.");
        }

        return new ImageDataset(name, names, train, test);
    }

    private static ImageSplit Read(string images, string labels, bool isEmnist, int? classes)
    {
        if (!isEmnist)
            return IdxReader.ReadSplit(images, labels, classes);

        // EMNIST stores the pixels by columns. The letters count from 1.
        var split = IdxReader.ReadSplit(images, labels, classes + 1);
        var first = split.Labels.Min();
        if (first == 0 && split.Labels.Max() < classes)
            return Transposed(split, 0);
        return first == 1 ? Transposed(split, 1) : throw new DatasetException(
            $"The labels in '{labels}' are {first} to {split.Labels.Max()}, but EMNIST has {classes} classes here, from 0 or 1. The file does not belong to "
            + "these images.");
    }

    private static ImageSplit Transposed(ImageSplit split, int firstLabel)
    {
        var (height, width) = (split.Width, split.Height);
        var pixels = new byte[split.Pixels.Length];
        for (var image = 0; image < split.Count; image++)
        {
            var source = split.Image(image);
            for (var y = 0; y < height; y++)
            {
                for (var x = 0; x < width; x++)
                    pixels[(image * source.Length) + (y * width) + x] = source[(x * height) + y];
            }
        }

        return new ImageSplit(pixels, [.. split.Labels.Select(label => label - firstLabel)], height, width, 1);
    }

    // The name of the set ("" for plain names) and its four files, of which some may be missing.
    private static Dictionary<string, string?[]> Sets(string folder)
    {
        Dictionary<string, string?[]> sets = [];
        var files = Directory.GetFiles(folder)
            .OrderBy(file => file.EndsWith(".gz", StringComparison.OrdinalIgnoreCase)) // Prefer an unpacked file to its archive.
            .ThenBy(file => file, StringComparer.Ordinal);
        foreach (var file in files)
        {
            var words = $"-{Words(Path.GetFileName(file))}-";
            for (var part = 0; part < Parts.Length; part++)
            {
                if (Parts[part].Select(name => words.IndexOf($"-{name}-", StringComparison.Ordinal)).Max() is not (var at and >= 0))
                    continue;
                var set = at == 0 ? "" : words[1..at];
                if (!sets.TryGetValue(set, out var known))
                    sets[set] = known = new string?[Parts.Length];
                known[part] ??= file;
            }
        }

        return sets;
    }

    private static string Words(string name) => name.ToLowerInvariant().Replace('.', '-').Replace('_', '-');

    private static string Choose(string folder, string name, Dictionary<string, string?[]> sets, Action<string>? note)
    {
        if ((sets.ContainsKey("") ? "" : sets.ContainsKey(Words(name)) ? Words(name) : null) is { } chosen)
        {
            var others = sets.Keys.Where(set => set != chosen).Order(StringComparer.Ordinal).ToArray();
            if (others.Length > 0)
            {
                note?.Invoke(
                    $"The folder '{folder}' has {sets.Count} data sets. Taken: {(chosen.Length > 0 ? chosen : "the files without a name before theirs")}. "
                    + $"Not taken: {NameList.Join(others)}, which '{Path.Combine(folder, others[0])}' names.");
            }

            return chosen;
        }

        return sets.Count == 1 ? sets.Keys.Single() : throw new DatasetException(
            $"The folder '{folder}' has {sets.Count} data sets: {string.Join(", ", sets.Keys.Order(StringComparer.Ordinal))}. Add the name of one to the path, "
            + $"such as '{Path.Combine(folder, sets.Keys.Order(StringComparer.Ordinal).First())}'.");
    }

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
