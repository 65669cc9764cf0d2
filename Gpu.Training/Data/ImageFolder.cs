using Gpu.Training.Images;

namespace Gpu.Training.Data;

/// <summary>
/// Reads a folder of image files with one folder per class: train/&lt;class&gt;/* and test/&lt;class&gt;/* (optionally val/&lt;class&gt;/*), or
/// &lt;class&gt;/* alone, of which a test split is held out. Classes are sorted by name, or numerically if all names are numbers. The images are shuffled
/// once, so that the first ones are not all of one class. They are loaded as gray if every pixel of every image is gray, else as RGB.
/// </summary>
internal static class ImageFolder
{
    private static readonly string[] TrainNames = ["train", "training"];
    private static readonly string[] TestNames = ["test", "testing"];
    private static readonly string[] ValidationNames = ["val", "valid", "validation"];

    /// <summary>Loads the data set; null if the folders contain no images.</summary>
    /// <exception cref="DatasetException">Images have different sizes or cannot be decoded, or the splits do not match.</exception>
    public static ImageDataset? TryLoad(string folder, string name, double holdOut, ulong seed, RgbColor? background)
    {
        var train = Find(folder, TrainNames);
        var test = Find(folder, TestNames);
        var validation = Find(folder, ValidationNames);
        if (train is null || ClassFolders(train).Length == 0)
            return LoadUndivided(folder, name, holdOut, seed, background);
        if (test is null)
            (test, validation) = (validation, null);
        if (test is null)
        {
            throw new DatasetException(
                $"The folder '{folder}' has '{Path.GetFileName(train)}/' but no '{TestNames[0]}/'. Add '{TestNames[0]}/<class>/*', or give '{train}' itself: "
                + "a test split is then held out.");
        }

        var classes = Classes(train);
        var parts = new[] { train, test, validation }.OfType<string>().Select(part => List(part, classes)).ToArray();
        var splits = Read(parts, seed, background);
        return new ImageDataset(name, classes, splits[0], splits[1], splits.Length > 2 ? splits[2] : null);
    }

    private static ImageDataset? LoadUndivided(string folder, string name, double holdOut, ulong seed, RgbColor? background)
    {
        if (ClassFolders(folder).Length == 0)
            return null;
        var classes = Classes(folder);
        var all = Read([List(folder, classes)], seed, background)[0];
        var (train, test) = all.Divide(holdOut, seed);
        return new ImageDataset(name, classes, train, test);
    }

    private static string? Find(string folder, string[] names) =>
        Directory.GetDirectories(folder).Order(StringComparer.Ordinal).FirstOrDefault(path => names.Contains(Path.GetFileName(path).ToLowerInvariant()));

    private static string[] ClassFolders(string folder) => [.. Directory.GetDirectories(folder).Where(path => Images(path).Length > 0)];

    private static string[] Images(string folder) =>
        [.. Directory.GetFiles(folder).Where(IsImage).Order(StringComparer.Ordinal)];

    private static bool IsImage(string file) => ImageCodec.HasImageExtension(file) && !Path.GetFileName(file).StartsWith('.');

    private static string[] Classes(string folder)
    {
        var names = ClassFolders(folder).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal).ToArray();
        if (names.Length < 2)
        {
            throw new DatasetException(
                $"The folder '{folder}' has images in one folder only ('{names[0]}/'). A data set needs at least two classes, each in its own folder.");
        }

        return names.All(name => int.TryParse(name, out _)) ? [.. names.OrderBy(int.Parse)] : names;
    }

    private static List<(string Path, int Label)> List(string folder, string[] classes)
    {
        List<(string, int)> files = [];
        foreach (var path in ClassFolders(folder).Order(StringComparer.Ordinal))
        {
            var label = Array.IndexOf(classes, Path.GetFileName(path));
            if (label < 0)
            {
                throw new DatasetException(
                    $"The class '{Path.GetFileName(path)}' in '{folder}' does not occur among the training images "
                    + $"({string.Join(", ", classes.Take(20))}). Rename or remove that folder.");
            }

            files.AddRange(Images(path).Select(file => (file, label)));
        }

        return files.Count > 0 ? files
            : throw new DatasetException($"The folder '{folder}' holds no images. Put them in one folder per class: {folder}/<class>/*.");
    }

    private static ImageSplit[] Read(List<(string Path, int Label)>[] parts, ulong seed, RgbColor? background)
    {
        var images = parts.Select(files => DecodeAll(files, background)).ToArray();
        var all = images.SelectMany(part => part);
        var channels = all.Any(image => image.Channels == 3) ? 3 : 1;

        // The most common size counts as the right one, so the error names an image of a different size.
        var (height, width) = all.GroupBy(image => (image.Height, image.Width)).MaxBy(group => group.Count())!.Key;
        for (var i = 0; i < parts.Length; i++)
        {
            var odd = Array.FindIndex(images[i], image => (image.Height, image.Width) != (height, width));
            if (odd >= 0)
            {
                throw new DatasetException(
                    $"The image '{parts[i][odd].Path}' is {images[i][odd].Height}x{images[i][odd].Width} (height x width), but most of the data set are "
                    + $"{height}x{width}. All images must have the same size: scale or crop this one, or remove it.");
            }
        }

        return [.. parts.Select((files, i) => Join(files, images[i], new PortableRandom(seed, (ulong)i), channels))];
    }

    private static ImageSplit Join(List<(string Path, int Label)> files, ByteImage[] images, PortableRandom random, int channels)
    {
        var (height, width) = (images[0].Height, images[0].Width);
        var size = (long)height * width * channels;
        if (size * files.Count > Array.MaxLength)
        {
            throw new DatasetException(
                $"{files.Count} images of {height}x{width}x{channels} do not fit into one array of {Array.MaxLength} bytes. Use fewer or smaller images.");
        }

        var order = Enumerable.Range(0, files.Count).ToArray();
        random.Shuffle(order.AsSpan());
        var pixels = new byte[size * files.Count];
        for (var i = 0; i < order.Length; i++)
            images[order[i]].ToChannels(channels).Pixels.CopyTo(pixels, i * size);
        return new ImageSplit(pixels, [.. order.Select(i => files[i].Label)], height, width, channels);
    }

    // Decodes in parallel. Reports the error of the first faulty file in list order, independent of thread timing.
    private static ByteImage[] DecodeAll(List<(string Path, int Label)> files, RgbColor? background)
    {
        var images = new ByteImage[files.Count];
        var errors = new ImageException?[files.Count];
        Parallel.For(0, files.Count, (i, state) =>
        {
            try
            {
                images[i] = ImageCodec.Load(files[i].Path, background);
            }
            catch (ImageException e)
            {
                errors[i] = e;
                state.Break();
            }
        });
        return errors.FirstOrDefault(error => error is not null) is { } first ? throw new DatasetException(first.Message, first) : images;
    }
}
