using System.Globalization;
using Gpu.Training.Data.Cache;
using Gpu.Training.Images;

namespace Gpu.Training.Data;

/// <summary>
/// Reads a folder of image files with one folder per class (<see cref="ImageFolderLayout"/>). Without a test folder a test split is drawn by the names of the
/// files. Classes are sorted by name, or numerically if all names are numbers. The images are shuffled once, so that the first ones are not all of one class.
/// They are loaded as gray if every pixel of every image is gray, else as RGB.
/// </summary>
internal sealed class ImageFolder
{
    // The class of images that have none.
    private const string OnlyClass = "images";

    private readonly ImageFolderLayout _layout;
    private readonly DatasetOptions _options;

    private ImageFolder(ImageFolderLayout layout, DatasetOptions options)
    {
        _layout = layout;
        _options = options;
    }

    /// <summary>Loads the data set; null if the folders contain no images.</summary>
    /// <exception cref="DatasetException">
    /// Images have different sizes and no transform brings them to one, or cannot be decoded; the folders are not arranged in classes, or the splits do not
    /// match.
    /// </exception>
    public static ImageDataset? TryLoad(string folder, string name, DatasetOptions options)
    {
        if (ImageFolderLayout.TryFind(folder, options.ClassesOptional) is not { } layout)
            return null;
        foreach (var note in layout.Notes)
            options.Note?.Invoke(note);
        return new ImageFolder(layout, options).Load(name);
    }

    private ImageDataset Load(string name)
    {
        var files = Wanted();
        if (HasClasses(files)) _ = Classes(files); // Fails before images are decoded.
        var (readable, images, transform) = Read(files);
        byte[][]? masks = null;
        string[] classes;
        if (_layout.Masks is { } layout) (masks, classes) = layout.Read(readable, transform, _options.Note);
        else classes = HasClasses(readable) ? Classes(readable) : [.. _options.ClassNames ?? [OnlyClass]];
        var labels = masks is null && HasClasses(readable) ? readable.Select(file => Array.IndexOf(classes, file.Class)).ToArray() : new int[readable.Count];
        var channels = _options.Channels ?? (images.IsGray ? 1 : 3);
        var parts = Parts(readable, labels);
        var all = Enumerable.Range(0, readable.Count).ToArray();
        ImageSplit train, test;
        ImageSplit? validation = null;
        if (parts is null)
        {
            train = test = Join(all, 0);
            if (!_options.IsUndivided)
                (train, test) = train.DivideByOrder(_options.HoldOut, _options.Seed);
        }
        else
        {
            // Each part has its random stream.
            var groups = all.ToLookup(i => parts[i]);
            test = Join([.. groups[SplitPart.Test]], 1);
            train = groups.Contains(SplitPart.Train) || !_options.IsUndivided ? Join([.. groups[SplitPart.Train]], 0) : test;
            validation = groups.Contains(SplitPart.Validation) ? Join([.. groups[SplitPart.Validation]], 2) : null;
        }

        var hashes = new Dictionary<string, UInt128>();
        for (var i = 0; i < readable.Count; i++)
            hashes[readable[i].Name] = images.SourceHash(i);
        NoteChanged(hashes);
        return new ImageDataset(name, classes, train, test, validation)
        {
            Transform = transform, Unreadable = [.. files.Except(readable).Select(file => file.Name)], ContentHashes = hashes,
        };

        ImageSplit Join(int[] indices, ulong stream)
        {
            // Join shuffles the indices.
            var split = ImageFolder.Join(readable, labels, images, indices, new PortableRandom(_options.Seed, stream), channels, names: !_options.DrawsByOrder);
            return masks is null ? split : split.WithMasks([.. indices.SelectMany(i => masks[i])]);
        }
    }

    // The files without those that a resumed run does not know, and what changed since the run.
    private List<ImageFile> Wanted()
    {
        var files = _layout.Files.ToList();
        if (_options.Split is not { } split)
            return files;
        var found = files.Select(file => file.Name).ToHashSet();
        var added = files.Where(file => !split.Files.ContainsKey(file.Name)).ToArray();
        var removed = split.Files.Keys.Where(known => !found.Contains(known)).ToArray();
        var unreadable = files.Where(file => split.Files.TryGetValue(file.Name, out var part) && part == SplitPart.Unreadable).ToArray();
        if (unreadable.Length > 0)
        {
            files = [.. files.Except(unreadable)];
            _options.Note?.Invoke(
                $"Left out, because the run could not read {(unreadable.Length == 1 ? "it" : "them")}: "
                + $"{FolderTree.Count(unreadable.Length, "image")} ({NameList.Join(unreadable.Select(file => file.Name), 5)}).");
        }

        if (_options.OnlyRecorded)
            files.RemoveAll(file => !split.Files.ContainsKey(file.Name));
        if (added.Length > 0)
        {
            var judged = _options.OnlyRecorded ? "A resumed run does not use them"
                : _layout.IsDivided ? "Those in the test folder are evaluated"
                : $"Of these, {added.Count(file => IsDrawn(file.Name))} belong to the test part by their names";
            _options.Note?.Invoke($"{FolderTree.Count(added.Length, "image")} {(added.Length == 1 ? "was" : "were")} added since training. {judged}.");
        }

        if (removed.Length > 0)
        {
            _options.Note?.Invoke(
                $"{FolderTree.Count(removed.Length, "image")} of the training run {(removed.Length == 1 ? "is" : "are")} missing: "
                + $"{NameList.Join(removed, 5)}.");
        }

        return files.Count > 0 ? files
            : throw new DatasetException($"The folder '{_layout.Root.Path}' has none of the images that the run was trained on. Give the right folder.");
    }

    // Files with the name of one of the run, but with other content.
    private void NoteChanged(Dictionary<string, UInt128> hashes)
    {
        if (_options.Split is not { } split)
            return;
        var changed = hashes.Where(file => split.Hashes.TryGetValue(file.Key, out var was) && was != file.Value).Select(file => file.Key).ToArray();
        if (changed.Length == 0)
            return;
        _options.Note?.Invoke(
            $"{FolderTree.Count(changed.Length, "image")} {(changed.Length == 1 ? "has" : "have")} other content than in training: "
            + $"{NameList.Join(changed, 5)}.");
    }

    private bool IsDrawn(string name) => NameHash.Of("test", name, _options.Seed) < _options.HoldOut;

    // Where classes may lack, those of a folder that a run does not know do not matter either.
    private bool HasClasses(IReadOnlyList<ImageFile> files) => _layout is { Masks: null, HasClasses: true } && !(_options is
        { ClassesOptional: true, ClassNames: { } known } && files.Select(file => file.Class).Except(known.Select(UnicodeNames.Normalize)).Any());

    private string[] Classes(IReadOnlyList<ImageFile> files)
    {
        var root = _layout.Root.Path;
        if (_options.ClassNames is { } wanted)
            return Wanted(files, wanted);
        var trained = files.Where(file => file.Part is null or SplitPart.Train).ToArray();
        var classes = trained.Select(file => file.Class).Distinct().Order(StringComparer.Ordinal).ToArray();
        if (classes.Length == 0)
        {
            throw new DatasetException(
                $"The folder '{root}' has no training images: there is no 'train/' with class folders. Put the class folders of the training images into "
                + "'train/', or give a folder that has the class folders themselves.");
        }

        if (_layout.IsDivided && !files.Any(file => file.Part is SplitPart.Test or SplitPart.Validation))
        {
            throw new DatasetException(
                $"The folder '{root}' has training images but no 'test/'. Add 'test/<class>/*', or give the folder of the training images itself: a test split "
                + "is then held out.");
        }

        var unknown = files.Select(file => file.Class).Except(classes).Order(StringComparer.Ordinal).ToArray();
        if (unknown.Length > 0)
        {
            var (ending, verb) = unknown.Length > 1 ? ("es", "do") : ("", "does");
            throw new DatasetException(
                $"The class{ending} '{NameList.Join(unknown)}' in '{root}' {verb} not occur among "
                + $"the training images ({NameList.Join(classes)}). Rename or remove {(unknown.Length > 1 ? "those folders" : "that folder")}.");
        }

        if (classes.Length < 2)
        {
            throw new DatasetException(
                $"The folder '{root}' has images in one folder only ('{classes[0]}/'). A data set needs at least two classes, each in its own folder.");
        }

        return classes.All(one => long.TryParse(one, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _))
            ? [.. classes.OrderBy(one => long.Parse(one, CultureInfo.InvariantCulture))] : classes;
    }

    private string[] Wanted(IReadOnlyList<ImageFile> files, IReadOnlyList<string> wanted)
    {
        var names = wanted.Select(UnicodeNames.Normalize).ToArray();
        var found = files.Select(file => file.Class).Distinct().Order(StringComparer.Ordinal).ToArray();
        var unknown = found.Except(names).ToArray();
        return unknown.Length == 0 ? names : throw new DatasetException(
            $"The folder '{_layout.Root.Path}' has classes that are not known here: {NameList.Join(unknown, 50)}. Classes are matched by name. Known: "
            + $"{NameList.Join(names, 50)}. In the folder: {NameList.Join(found, 50)}. Rename or remove those folders.");
    }

    private (List<ImageFile> Files, DecodedImages Images, ImageTransform? Transform) Read(List<ImageFile> files)
    {
        var paths = files.Select(file => file.Path).ToArray();
        var errors = new ImageException?[files.Count];
        var sizes = ImageBatch.ReadSizes(paths, errors);
        var known = sizes.Where((_, i) => errors[i] is null).ToArray();
        var transform = known.Length > 0 ? _options.ChooseTransform?.Invoke(known) : null;
        if (transform is null && known.Length > 0)
            RequireOneSize(files, sizes, errors);
        var size = transform is not null ? (transform.Height, transform.Width) : known.Length > 0 ? known[0] : default;
        DecodedImages images;
        if ((Int128)3 * known.Length * size.Height * size.Width >= _options.CacheFrom)
        {
            images = new DecodedImages(ImageCache.Open(paths, sizes, size, transform, _options.Background, errors, _options.Note), _options.ResidentBytes);
        }
        else
        {
            var hashes = new UInt128[paths.Length];
            images = new DecodedImages(ImageBatch.Decode(paths, sizes, transform, _options.Background, errors, hashes), hashes);
        }

        var bad = errors.OfType<ImageException>().ToArray();
        if (bad.Length > 0)
            Report(files, bad);
        var readable = files.Where((_, i) => !images.IsMissing(i)).ToList();
        foreach (var one in files.Select(file => file.Class).Where(one => one.Length > 0).Except(readable.Select(file => file.Class)))
            _options.Note?.Invoke($"The folder '{one}/' has no image that can be read and is not a class.");
        return (readable, images.WithoutMissing(files.Count), transform);
    }

    private void Report(List<ImageFile> files, ImageException[] bad)
    {
        var list = NameList.Lines(Array.ConvertAll(bad, error => error.Message));
        if (_options.SkipsUnreadable && bad.Length < files.Count)
        {
            _options.Note?.Invoke($"Skipped {FolderTree.Count(bad.Length, "image")} of {files.Count}, which cannot be read:{list}");
            return;
        }

        if (bad.Length == 1)
            throw new DatasetException($"{bad[0].Message} Or skip it with --skip-unreadable.", bad[0]);
        throw new DatasetException(
            $"{bad.Length} of {files.Count} images in '{_layout.Root.Path}' cannot be read. Replace or remove them, or skip them with "
            + $"--skip-unreadable:{list}", bad[0]);
    }

    // The most common size counts as the right one, so the error names an image of a different size.
    private static void RequireOneSize(List<ImageFile> files, (int Height, int Width)[] sizes, ImageException?[] errors)
    {
        var (height, width) = sizes.Where((_, i) => errors[i] is null).GroupBy(size => size).MaxBy(group => group.Count())!.Key;
        for (var i = 0; i < sizes.Length; i++)
        {
            if (errors[i] is not null || sizes[i] == (height, width))
                continue;
            throw new DatasetException(
                $"The image '{files[i].Path}' is {sizes[i].Height}x{sizes[i].Width} (height x width), but most of the data set are {height}x{width}. All "
                + "images must have the same size, unless they are resized (--size): scale or crop this one, or remove it.");
        }
    }

    // The part of each file; null for a folder without parts that is not divided by name.
    private SplitPart[]? Parts(List<ImageFile> files, int[] labels)
    {
        if (_layout.IsDivided)
        {
            // Without a test folder, that of validation is the test part.
            var hasTest = files.Exists(file => file.Part == SplitPart.Test);
            if (!hasTest && files.Exists(file => file.Part == SplitPart.Validation))
                _options.Note?.Invoke("There is no test folder: the validation folder serves as the test part.");
            return [.. files.Select(file => file.Part is SplitPart.Validation && !hasTest ? SplitPart.Test : file.Part!.Value)];
        }

        if (_options.IsUndivided || _options.DrawsByOrder)
            return null;
        if (_options.Split is { } split)
        {
            return [.. files.Select(file => split.Files.TryGetValue(file.Name, out var part) ? part == SplitPart.Test : IsDrawn(file.Name)).Select(Part)];
        }

        return [.. NameHash.Draw("test", [.. files.Select(file => file.Name)], i => labels[i], _options.HoldOut, _options.Seed).Select(Part)];

        static SplitPart Part(bool isTest) => isTest ? SplitPart.Test : SplitPart.Train;
    }

    private static ImageSplit Join(List<ImageFile> files, int[] labels, DecodedImages images, int[] order, PortableRandom random, int channels, bool names)
    {
        random.Shuffle(order.AsSpan());
        return images.Select(order, [.. order.Select(i => labels[i])], channels, names ? [.. order.Select(i => files[i].Name)] : null);
    }
}
