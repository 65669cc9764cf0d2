using Gpu.Training.Images;
using Gpu.Training.Images.Formats;

namespace Gpu.Training.Data.Masks.Coco;

/// <summary>
/// Finds images with annotations of COCO: <c>annotations/instances_train2017.json</c> and <c>train2017/</c> (or <c>images/</c>), or a file
/// <c>_annotations.coco.json</c> or <c>annotations.json</c> beside the images, in the folder itself or in one for each part.
/// </summary>
internal sealed class CocoFolderLayout : MaskLayout
{
    private const int MostNamed = 20;
    private const string Background = "background";
    private const string InstancesPrefix = "instances_";
    private const string RoboflowFile = "_annotations.coco.json";

    // Names that other files may have, too.
    private static readonly string[] PlainFiles = ["annotations.json", "instances.json", "instances_default.json", "result.json"];

    private readonly List<ImageFile> _files = [];
    private readonly List<string> _notes = [];
    private readonly List<string> _lacking = [];
    private readonly List<string> _mistakes = [];
    private readonly List<string> _classes = [Background];

    // By the path of the image: what the file says about its size, and its annotations with their labels.
    private readonly Dictionary<string, (CocoImage Image, List<(CocoAnnotation Annotation, byte Label)> Annotations)> _annotated = [];

    private CocoFolderLayout(FolderTree root) => Root = root;

    /// <inheritdoc/>
    public override FolderTree Root { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<ImageFile> Files => _files;

    /// <inheritdoc/>
    public override IReadOnlyList<string> Notes => _notes;

    /// <summary>Whether a folder has images with annotations of COCO. The annotations are not read.</summary>
    public static bool IsIn(FolderTree tree) => FindRoot(tree, IsRoot) is not null;

    /// <summary>Finds the files; null if the folder has no annotations of COCO.</summary>
    /// <exception cref="DatasetException">Images are missing, or annotations name what is not there; the message lists all.</exception>
    public static new CocoFolderLayout? TryFind(FolderTree tree)
    {
        if (FindRoot(tree, IsRoot) is not { } root) return null;
        var layout = new CocoFolderLayout(root);
        layout.Add(Sources(root));
        return layout;
    }

    /// <inheritdoc/>
    public override (byte[][] Masks, string[] ClassNames) Read(IReadOnlyList<ImageFile> files, ImageTransform? transform, Action<string>? note)
    {
        var (masks, mistakes) = (new byte[files.Count][], new List<string>[files.Count]);
        var boxes = 0;
        Parallel.For(0, files.Count, i =>
        {
            mistakes[i] = [];
            try
            {
                masks[i] = Draw(files[i], mistakes[i], ref boxes) is var (mask, height, width)
                    ? transform?.ApplyToMask(mask, height, width, ImageSplit.VoidLabel) ?? mask : [];
            }
            catch (ImageException e)
            {
                mistakes[i].Add(e.Message);
            }
        });
        Require([.. mistakes.SelectMany(list => list)]);
        if (boxes > 0)
        {
            if (boxes == _annotated.Values.Sum(image => image.Annotations.Count))
            {
                throw new DatasetException(
                    $"The annotations in '{Root.Path}' are boxes without polygons or runs (RLE), so the pixels of the objects are not known. Export them for "
                    + "segmentation.");
            }

            note?.Invoke($"{FolderTree.Count(boxes, "annotation")} {(boxes == 1 ? "is" : "are")} left out: boxes without polygons or runs (RLE).");
        }

        return (masks, [.. _classes]);
    }

    private static bool IsRoot(FolderTree tree) => tree.ImageCount > 0 && Sources(tree).Count > 0;

    // The files of annotations with the folders that images may be in, the likeliest first.
    private static List<(string File, SplitPart? Part, FolderTree[] Folders)> Sources(FolderTree root)
    {
        List<(string File, SplitPart? Part, FolderTree[] Folders)> sources = [];
        if (root.Folders.Find(folder => folder.Name.Equals("annotations", StringComparison.OrdinalIgnoreCase)) is { } annotations && HasJson(annotations))
        {
            foreach (var file in Directory.GetFiles(annotations.Path, $"{InstancesPrefix}*.json").Order(StringComparer.Ordinal))
            {
                var name = Path.GetFileNameWithoutExtension(file)[InstancesPrefix.Length..];
                // Without year or edition: train2017.
                var part = ImageFolderLayout.PartOf(new string([.. name.TakeWhile(char.IsLetter)]));
                sources.Add((file, part, Places(root, name)));
            }

            if (sources.Count == 0 && Single(annotations) is { } only) sources.Add((only, null, Places(root, "")));
        }

        if (sources.Count == 0 && Single(root) is { } single) sources.Add((single, null, Places(root, "")));
        if (sources.Count == 0)
        {
            foreach (var folder in root.Folders.Where(folder => folder.ImageCount > 0))
                if (ImageFolderLayout.PartOf(folder.Name) is { } part && Single(folder) is { } file) sources.Add((file, part, Places(folder, "")));
        }

        // One part is divided as a folder without parts is.
        return sources.Count == 1 ? [(sources[0].File, null, sources[0].Folders)] : sources;
    }

    private static bool HasJson(FolderTree folder) => folder.Others.ContainsKey(".json");

    private static string? Single(FolderTree folder)
    {
        if (!HasJson(folder)) return null;
        var own = Path.Combine(folder.Path, RoboflowFile);
        if (File.Exists(own)) return own;
        // Beside masks or class folders, a file of such a name is another one.
        if (MaskFolderLayout.IsIn(folder)) return null;
        var holdsImages = folder.Images.Count > 0 || folder.Name.Equals("annotations", StringComparison.OrdinalIgnoreCase)
            || folder.Folders.Exists(one => one.Images.Count > 0 && one.Name.Equals("images", StringComparison.OrdinalIgnoreCase));
        return holdsImages ? PlainFiles.Select(name => Path.Combine(folder.Path, name)).FirstOrDefault(File.Exists) : null;
    }

    private static FolderTree[] Places(FolderTree root, string name)
    {
        var images = Below(root, "images");
        return [.. new[] { Below(root, name), Below(images, name), images, root }.OfType<FolderTree>()];

        static FolderTree? Below(FolderTree? folder, string name) =>
            folder?.Folders.Find(one => one.Name.Equals(name, StringComparison.OrdinalIgnoreCase));
    }

    private void Add(IReadOnlyList<(string File, SplitPart? Part, FolderTree[] Folders)> sources)
    {
        if (sources.FirstOrDefault(source => source.Part is null && sources.Count > 1).File is { } unclear)
        {
            throw new DatasetException(
                $"There are several files of annotations beside '{unclear}', whose name does not say which part of the data it is for. Name it after train, "
                + $"val or test, such as '{InstancesPrefix}train.json', or move it elsewhere.");
        }

        if (sources.GroupBy(source => source.Part).FirstOrDefault(group => group.Count() > 1) is { } twice)
        {
            throw new DatasetException(
                $"The files {string.Join(" and ", twice.Select(source => $"'{source.File}'"))} are for the same part of the data. Keep one of them.");
        }

        var read = sources.Select(source => (source.File, source.Part, source.Folders, Content: CocoFile.Read(source.File))).ToArray();
        NameClasses([.. read.Select(source => (source.File, source.Content))]);
        foreach (var (file, part, folders, content) in read) AddImages(file, part, folders, content);
        if (_lacking.Count > 0)
        {
            throw new DatasetException(
                $"{FolderTree.Count(_lacking.Count, "image")} of the annotations in '{Root.Path}' {(_lacking.Count == 1 ? "is" : "are")} missing: "
                + $"{NameList.Join(_lacking, MostNamed)}. Add the images, or remove them from the annotations.");
        }

        Require(_mistakes);
        var unread = Root.AllImages().Count(image => !_annotated.ContainsKey(image.Path));
        if (unread > 0)
        {
            var first = Root.AllImages().First(image => !_annotated.ContainsKey(image.Path)).Name;
            _notes.Add($"Not read: {FolderTree.Count(unread, "image")} that the annotations do not name, such as '{first}'.");
        }

        if (_files.Count == 0) throw new DatasetException($"The annotations in '{Root.Path}' name no images. Export them again.");
        _files.Sort((a, b) => a.Part == b.Part ? string.CompareOrdinal(a.Name, b.Name) : Nullable.Compare(a.Part, b.Part));
    }

    // The same names in all parts, in the order of the numbers.
    private void NameClasses((string File, CocoFile Content)[] read)
    {
        HashSet<string> used = [], unused = [];
        foreach (var (file, content) in read)
        {
            if (content.Categories.GroupBy(category => category!.Id).FirstOrDefault(group => group.Count() > 1) is { } id)
                throw new DatasetException($"The category {id.Key} is twice in '{file}'. Give each category a number of its own.");
            if (content.Categories.GroupBy(category => category!.Name).FirstOrDefault(group => group.Count() > 1) is { } name)
                throw new DatasetException($"The category '{name.Key}' is twice in '{file}'. Give each category a name of its own.");
            var ids = content.Annotations.Select(annotation => annotation!.CategoryId).ToHashSet();
            var above = content.Categories.Select(category => category!.Supercategory).ToHashSet();
            foreach (var category in content.Categories)
            {
                // Roboflow adds the group of all categories as one of them.
                var isGroup = !ids.Contains(category!.Id) && above.Contains(category.Name) && category.Supercategory is null or "none";
                (isGroup ? unused : used).Add(category.Name);
            }
        }

        unused.ExceptWith(used);
        foreach (var (_, content) in read)
        {
            foreach (var category in content.Categories.OrderBy(category => category!.Id))
            {
                var name = category!.Name;
                if (!unused.Contains(name) && !name.Equals(Background, StringComparison.OrdinalIgnoreCase) && !_classes.Contains(name)) _classes.Add(name);
            }
        }

        if (unused.Count > 0) _notes.Add($"No class: the category {NameList.Join([.. unused])}, which groups others and has no annotations.");
        if (_classes.Count is >= 2 and <= Gpu.Kernels.PixelLoss.MaxClasses) return;
        throw new DatasetException(
            $"The annotations in '{Root.Path}' have {_classes.Count - 1} categories beside the background; 1 to "
            + $"{Gpu.Kernels.PixelLoss.MaxClasses - 1} are possible.");
    }

    private void AddImages(string file, SplitPart? part, FolderTree[] folders, CocoFile content)
    {
        var labels = content.Categories.ToDictionary(category => category!.Id, category => Math.Max(0, _classes.IndexOf(category!.Name)));
        var names = folders.Select(
            folder => folder.AllImages().DistinctBy(image => image.Name).ToDictionary(image => image.Name, image => image.Path)).ToArray();
        var known = Root.AllImages().ToDictionary(image => image.Path, image => image.Name);
        Dictionary<long, (CocoImage Image, List<(CocoAnnotation, byte)> Annotations)?> byId = [];
        foreach (var image in content.Images)
        {
            if (!byId.TryAdd(image!.Id, null)) throw new DatasetException($"The image {image.Id} is twice in '{file}'. Give each image a number of its own.");
            var name = UnicodeNames.Normalize(image.FileName.Replace('\\', '/'));
            if (name.StartsWith("./", StringComparison.Ordinal)) name = name[2..];
            // Only what was found below the folder, so that no name leads elsewhere.
            if (names.Select(found => found.GetValueOrDefault(name)).FirstOrDefault(path => path is not null) is not { } path)
            {
                _lacking.Add(Printable(name));
                continue;
            }

            if (!_annotated.TryAdd(path, (image, [])))
                throw new DatasetException($"The image '{path}' is twice in the annotations, as in '{file}'. Name each image once, and in one part only.");
            byId[image.Id] = _annotated[path];
            _files.Add(new ImageFile(path, known[path], "", part));
        }

        foreach (var annotation in content.Annotations)
        {
            var isKnown = labels.TryGetValue(annotation!.CategoryId, out var label);
            if (!isKnown) _mistakes.Add($"{Describe(annotation)} of '{file}' has the category {annotation.CategoryId}, which is not among the categories");
            if (!byId.TryGetValue(annotation.ImageId, out var image))
                _mistakes.Add($"{Describe(annotation)} of '{file}' is for the image {annotation.ImageId}, which is not among the images");
            else if (isKnown) image?.Annotations.Add((annotation, annotation.IsCrowd ? ImageSplit.VoidLabel : (byte)label));
        }
    }

    // Null with a mistake.
    private (byte[] Mask, int Height, int Width)? Draw(ImageFile file, List<string> mistakes, ref int boxes)
    {
        var (image, annotations) = _annotated[file.Path];
        var (height, width) = ImageHeader.Read(file.Path);
        if ((image.Height, image.Width) != (0, 0) && (image.Height, image.Width) != (height, width))
        {
            mistakes.Add(FormattableString.Invariant(
                $"'{file.Path}' is {height}x{width}, but {image.Height}x{image.Width} in the annotations (height x width), so that their pixels are others"));
            return null;
        }

        var mask = new byte[height * width];
        bool[]? marks = null;
        foreach (var (annotation, label) in annotations)
        {
            if (annotation.Segmentation is not { IsEmpty: false } segmentation)
            {
                Interlocked.Increment(ref boxes);
                continue;
            }

            marks ??= new bool[mask.Length + 1];
            if (segmentation.Paint(mask, height, width, label, marks) is { } mistake) mistakes.Add($"{Describe(annotation)} of '{file.Name}': {mistake}");
        }

        return (mask, height, width);
    }

    private void Require(IReadOnlyList<string> mistakes)
    {
        if (mistakes.Count == 0) return;
        throw new DatasetException(
            $"The annotations in '{Root.Path}' have {FolderTree.Count(mistakes.Count, "mistake")}. Correct or remove what is named here:"
            + NameList.Lines(mistakes));
    }

    private static string Describe(CocoAnnotation annotation) => annotation.Id is { } id ? $"annotation {id}" : "an annotation";

    // A name from a file may be of any length.
    private static string Printable(string name) => name.Length <= 200 ? name : name[..200] + "...";
}
