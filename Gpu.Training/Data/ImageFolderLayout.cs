using Gpu.Training.Data.Masks;

namespace Gpu.Training.Data;

/// <summary>
/// Finds the image files of a folder and their classes. Each class has a folder; images in folders below it are of the same class. The class folders are in
/// <c>train</c>, <c>test</c> and <c>val</c> (or similar names), or directly in the folder.
/// </summary>
internal sealed class ImageFolderLayout
{
    private static readonly (SplitPart Part, string[] Names)[] Parts =
    [
        (SplitPart.Train, ["train", "training"]), (SplitPart.Test, ["test", "testing"]), (SplitPart.Validation, ["val", "valid", "validation"]),
    ];

    private readonly List<ImageFile> _files = [];
    private readonly List<string> _notes = [];

    private ImageFolderLayout(FolderTree root) => Root = root;

    private ImageFolderLayout(MaskLayout masks)
    {
        (Root, Masks, _files, _notes) = (masks.Root, masks, [.. masks.Files], [.. masks.Notes]);
    }

    /// <summary>The masks; null if the images are in class folders.</summary>
    public MaskLayout? Masks { get; }

    /// <summary>The image files, by part, then class folder and name in ordinal order.</summary>
    public IReadOnlyList<ImageFile> Files => _files;

    /// <summary>What is not read, for the user.</summary>
    public IReadOnlyList<string> Notes => _notes;

    /// <summary>Whether the parts have folders.</summary>
    public bool IsDivided => _files.Count > 0 && _files[0].Part is not null;

    /// <summary>The folder that has the class folders, or those of the parts.</summary>
    public FolderTree Root { get; }

    /// <summary>Whether the images are in class folders; false if they lie anywhere.</summary>
    public bool HasClasses { get; private init; } = true;

    /// <summary>Whether a folder of this name holds a part of the data.</summary>
    public static bool IsPartName(string name) => PartOf(name) is not null;

    /// <summary>The part of the data that a folder of this name holds; null if it holds none.</summary>
    public static SplitPart? PartOf(string name) =>
        Parts.Where(part => part.Names.Contains(name.ToLowerInvariant())).Select(part => (SplitPart?)part.Part).FirstOrDefault();

    /// <summary>Finds the files; null if there are no image files.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="classesOptional">Whether the images may lie anywhere, in the folder or in those of the parts.</param>
    /// <exception cref="DatasetException">There are images, but not in class folders, or a part has two folders.</exception>
    public static ImageFolderLayout? TryFind(string path, bool classesOptional)
    {
        var root = FolderTree.Read(path);
        if (root.ImageCount == 0)
            return null;
        if (MaskLayout.TryFind(root) is { } masks)
            return new ImageFolderLayout(masks);
        var start = root;

        // Archives often unpack into a folder of their own, and data sets have a folder 'images' beside annotations.
        while (root.Images.Count == 0 && PartFolders(root).Count == 0 && root.Folders.Where(folder => folder.ImageCount > 0).ToArray() is [var only]
            && only.Images.Count == 0)
        {
            root = only;
        }

        var parts = PartFolders(root);
        var layout = new ImageFolderLayout(root) { HasClasses = !classesOptional || IsOfClasses(root, parts) };
        layout.NoteNotRead(start, root);
        if (!layout.HasClasses)
            layout.AddAll(parts);
        else if (parts.Count > 0)
            layout.AddParts(parts);
        else
            layout.AddClasses(root, null, "");
        return layout;
    }

    private static List<(SplitPart Part, FolderTree Folder)> PartFolders(FolderTree root)
    {
        List<(SplitPart Part, FolderTree Folder)> found =
        [
            .. Parts.SelectMany(part =>
                root.Folders.Where(folder => part.Names.Contains(folder.Name.ToLowerInvariant())).Select(folder => (part.Part, folder))),
        ];

        // 'valid' beside 'invalid' is a class.
        if (root.Folders.Exists(folder => folder.Name.Equals("invalid", StringComparison.OrdinalIgnoreCase)))
            found.RemoveAll(entry => entry.Folder.Name.Equals("valid", StringComparison.OrdinalIgnoreCase));
        return found;
    }

    // Whether the images are arranged as classification needs them.
    private static bool IsOfClasses(FolderTree root, List<(SplitPart Part, FolderTree Folder)> parts)
    {
        if (parts.Count == 0) return root.Images.Count == 0 && Classes(root).Length > 1;
        var train = parts.Where(entry => entry.Part == SplitPart.Train).SelectMany(entry => Classes(entry.Folder)).ToArray();
        return train.Length > 1 && parts.Exists(entry => entry.Part != SplitPart.Train)
            && parts.TrueForAll(entry => entry.Folder.Images.Count == 0 && Classes(entry.Folder) is { Length: > 0 } names && !names.Except(train).Any());

        static string[] Classes(FolderTree folder) => [.. folder.Folders.Where(one => one.ImageCount > 0).Select(one => one.Name)];
    }

    // A single part is no division, so that all images are read.
    private void AddAll(List<(SplitPart Part, FolderTree Folder)> parts)
    {
        parts = [.. parts.Where(entry => entry.Folder.ImageCount > 0)];
        if (parts.Count > 1 && parts.Exists(entry => entry.Part == SplitPart.Train) && parts.DistinctBy(entry => entry.Part).Count() == parts.Count)
        {
            foreach (var (part, folder) in parts) Add(folder, part, folder.Name + "/");
            var others = Root.ImageCount - _files.Count;
            if (others == 0) return;
            var names = string.Join(", ", parts.Select(entry => $"'{entry.Folder.Name}/'"));
            _notes.Add($"Not read: {FolderTree.Count(others, "image")} elsewhere in '{Root.Path}', because the data are divided into {names}.");
            return;
        }

        Add(Root, null, "");

        void Add(FolderTree folder, SplitPart? part, string prefix) => _files.AddRange(folder.AllImages()
            .OrderBy(image => image.Name, StringComparer.Ordinal).Select(image => new ImageFile(image.Path, prefix + image.Name, "", part)));
    }

    private void AddParts(List<(SplitPart Part, FolderTree Folder)> parts)
    {
        if (parts.GroupBy(entry => entry.Part).FirstOrDefault(group => group.Count() > 1) is { } twice)
        {
            throw new DatasetException(
                $"The folder '{Root.Path}' has {string.Join(" and ", twice.Select(entry => $"'{entry.Folder.Name}/'"))}, which mean the same part of the data. "
                + "Keep one of them.");
        }

        foreach (var (part, folder) in parts)
        {
            if (folder.ImageCount == 0)
            {
                throw new DatasetException(
                    $"The folder '{folder.Path}' holds no images. Put them in one folder per class: {folder.Name}/<class>/*, or remove the folder.");
            }

            if (folder.Images.Count > 0 && !folder.Folders.Exists(one => one.ImageCount > 0))
            {
                throw new DatasetException(
                    $"The folder '{folder.Path}' has {FolderTree.Count(folder.Images.Count, "image")}, but no class folders: the class of an image is the "
                    + $"folder that it is in, such as '{folder.Name}/cat/1.jpg'. Move the images into class folders, or move '{folder.Name}/' elsewhere if "
                    + "they have no classes ('predict' takes such a folder).");
            }

            AddClasses(folder, part, folder.Name + "/");
        }

        var names = string.Join(", ", parts.Select(entry => $"'{entry.Folder.Name}/'"));
        foreach (var other in Root.Folders.Where(folder => folder.ImageCount > 0 && !parts.Exists(entry => entry.Folder == folder)))
            _notes.Add($"Not read: {FolderTree.Count(other.ImageCount, "image")} in '{other.Name}/', because the data are divided into {names}.");
        if (Root.Images.Count > 0)
            _notes.Add($"Not read: {FolderTree.Count(Root.Images.Count, "image")} directly in '{Root.Path}', because the data are divided into {names}.");
    }

    private void AddClasses(FolderTree folder, SplitPart? part, string prefix)
    {
        if (folder.Images.Count > 0)
        {
            if (!folder.Folders.Exists(one => one.ImageCount > 0))
            {
                throw new DatasetException(
                    $"The folder '{folder.Path}' has {FolderTree.Count(folder.Images.Count, "image")}, but no class folders: the class of an image is the "
                    + "folder that it is in, such as 'cat/1.jpg' and 'dog/2.jpg'. Move the images into class folders, at least two.");
            }

            _notes.Add($"Not read: {FolderTree.Count(folder.Images.Count, "image")} directly in '{folder.Path}', which are in no class folder.");
        }

        // By names in one Unicode form: a copy on a file system with another form has the same order.
        foreach (var one in folder.Folders.OrderBy(one => one.Name, StringComparer.Ordinal))
        {
            if (one.ImageCount == 0)
            {
                _notes.Add($"The folder '{prefix}{one.Name}/' has no images and is not a class.");
                continue;
            }

            _files.AddRange(one.AllImages().OrderBy(image => image.Name, StringComparer.Ordinal)
                .Select(image => new ImageFile(image.Path, $"{prefix}{one.Name}/{image.Name}", one.Name, part)));
        }
    }

    private void NoteNotRead(FolderTree start, FolderTree root)
    {
        if (start != root)
            _notes.Add($"The images are in '{root.Path}'.");

        // By the folder that a user knows: the data set, a class, or a part with its class.
        var places = start.All().Where(folder => folder.Others.Count > 0).GroupBy(folder => Place(start, folder.Path)).Select(group =>
            $"{string.Join(", ", group.SelectMany(folder => folder.Others).GroupBy(entry => entry.Key, entry => entry.Value).Select(Describe))} "
            + $"in '{group.Key}'").ToArray();
        if (places.Length > 0)
            _notes.Add($"Not read, because their endings are not those of images: {NameList.Join(places)}.");

        var alike = start.All().SelectMany(folder => folder.Folders.GroupBy(one => one.Name)).Where(group => group.Count() > 1)
            .Select(group => $"'{group.Key}'").ToArray();
        if (alike.Length > 0)
            _notes.Add($"Read as one folder each, because their names differ only in how Unicode writes accents: {NameList.Join(alike)}.");

        var links = start.All().SelectMany(folder => folder.Links).ToArray();
        if (links.Length > 0)
            _notes.Add($"Not read: links to folders ({NameList.Join(links)}). "
                + "Only links to files are followed; give the folder that a link points to, or copy it.");
        var inside = Path.TrimEndingDirectorySeparator(root.Path) + Path.DirectorySeparatorChar;
        var outside = start.All().SelectMany(folder => folder.LinkedImages)
            .Where(link => !link.Target.StartsWith(inside, StringComparison.Ordinal) && File.Exists(link.Target))
            .Select(link => $"{Path.GetRelativePath(root.Path, link.Path)} to {link.Target}").ToArray();
        if (outside.Length > 0)
            _notes.Add($"Read from outside the folder, through {FolderTree.Count(outside.Length, "link")}: {NameList.Join(outside)}.");
        var ignored = start.All().Sum(folder => folder.Ignored);
        if (ignored > 0)
            _notes.Add($"Ignored: {FolderTree.Count(ignored, "hidden or system file")} or folders (.*, __MACOSX, Thumbs.db, desktop.ini).");

        static string Describe(IGrouping<string, int> ending) =>
            $"{FolderTree.Count(ending.Sum(), "file")} {(ending.Key.Length > 0 ? ending.Key : "without ending")}";
    }

    private static string Place(FolderTree start, string path)
    {
        var parts = Path.GetRelativePath(start.Path, path).Split(Path.DirectorySeparatorChar);
        return parts[0] == "." ? start.Path : string.Join('/', parts.Take(2));
    }
}
