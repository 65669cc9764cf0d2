using Gpu.Training.Images;
using Gpu.Training.IO;

namespace Gpu.Training.Data.Masks;

/// <summary>
/// Finds images and their masks: <c>images/</c> and <c>masks/</c> with files of the same names, with or without <c>train</c>, <c>val</c> and <c>test</c> above
/// or below them; or the folders of Pascal VOC, <c>JPEGImages</c>, <c>SegmentationClass</c> and <c>ImageSets/Segmentation/*.txt</c>.
/// </summary>
internal sealed class MaskFolderLayout : MaskLayout
{
    private const int MostNamed = 20;

    private static readonly string[] ImageNames = ["images", "image", "imgs", "jpegimages"];
    private static readonly string[] MaskNames = ["masks", "mask", "labels", "annotations", "segmentationclass"];

    private readonly List<ImageFile> _files = [];
    private readonly List<string> _notes = [];
    private readonly Dictionary<string, string> _masks = [];
    private readonly List<string> _lacking = [];

    private MaskFolderLayout(FolderTree root) => Root = root;

    /// <inheritdoc/>
    public override FolderTree Root { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<ImageFile> Files => _files;

    /// <summary>The mask of each image, by paths.</summary>
    public IReadOnlyDictionary<string, string> Masks => _masks;

    /// <inheritdoc/>
    public override IReadOnlyList<string> Notes => _notes;

    /// <summary>Whether the folders are those of Pascal VOC, whose classes have known names.</summary>
    public bool IsVoc { get; private set; }

    /// <summary>Whether a folder has images and masks.</summary>
    public static bool IsIn(FolderTree tree) => FindRoot(tree, IsRoot) is not null;

    /// <summary>Finds the files; null if the folder has no images and masks.</summary>
    /// <exception cref="DatasetException">An image has no mask; the message lists all.</exception>
    public static new MaskFolderLayout? TryFind(FolderTree tree)
    {
        if (FindRoot(tree, IsRoot) is not { } root) return null;
        var layout = new MaskFolderLayout(root);
        if (Pair(root) is var (images, masks)) layout.AddPair(images, masks);
        else
        {
            foreach (var part in root.Folders)
            {
                if (PartOf(part) is { } kind && Pair(part) is var (partImages, partMasks))
                    layout.Add(partImages, partMasks, kind, $"{part.Name}/{partImages.Name}/");
            }

        }

        if (layout._lacking.Count > 0)
        {
            throw new DatasetException(
                $"{FolderTree.Count(layout._lacking.Count, "image")} in '{root.Path}' {(layout._lacking.Count == 1 ? "has" : "have")} no mask: "
                + $"{NameList.Join(layout._lacking, MostNamed)}. A mask has the name of its image, up to the ending, in the folder of the masks. Add the "
                + "masks, or remove the images.");
        }

        return layout._files.Count == 0 ? null : layout;
    }

    /// <inheritdoc/>
    public override (byte[][] Masks, string[] ClassNames) Read(IReadOnlyList<ImageFile> files, ImageTransform? transform, Action<string>? note) =>
        MaskReader.Read(this, files, transform, note);

    private static bool IsRoot(FolderTree tree) =>
        Pair(tree) is not null || tree.Folders.Exists(part => PartOf(part) is not null && Pair(part) is not null);

    private static (FolderTree Images, FolderTree Masks)? Pair(FolderTree folder) =>
        Find(folder, ImageNames) is { ImageCount: > 0 } images && Find(folder, MaskNames) is { ImageCount: > 0 } masks ? (images, masks) : null;

    private static FolderTree? Find(FolderTree folder, string[] names) =>
        names.Select(name => folder.Folders.Find(one => one.Name.Equals(name, StringComparison.OrdinalIgnoreCase))).FirstOrDefault(found => found is not null);

    private static SplitPart? PartOf(FolderTree folder) => ImageFolderLayout.PartOf(folder.Name);

    private void AddPair(FolderTree images, FolderTree masks)
    {
        var lists = Root.Folders.Find(folder => folder.Name == "ImageSets") is { } sets ? Path.Combine(sets.Path, "Segmentation") : "";
        if (Directory.Exists(lists))
        {
            AddVoc(images, masks, lists);
            return;
        }

        var parts = images.Folders.Where(folder => PartOf(folder) is not null && folder.ImageCount > 0).ToArray();
        if (parts.Length == 0)
        {
            Add(images, masks, null, $"{images.Name}/");
            return;
        }

        foreach (var part in parts)
        {
            if (masks.Folders.Find(folder => PartOf(folder) == PartOf(part)) is { } own) Add(part, own, PartOf(part), $"{images.Name}/{part.Name}/");
            else _lacking.AddRange(part.AllImages().Select(image => $"{images.Name}/{part.Name}/{image.Name}"));
        }
    }

    private void Add(FolderTree images, FolderTree masks, SplitPart? part, string prefix)
    {
        var byStem = Stems(masks);
        foreach (var (path, name) in images.AllImages().OrderBy(image => image.Name, StringComparer.Ordinal))
        {
            if (!byStem.Remove(Stem(name), out var mask))
            {
                _lacking.Add(prefix + name);
                continue;
            }

            _files.Add(new ImageFile(path, prefix + name, "", part));
            _masks[path] = mask;
        }

        if (byStem.Count == 0 || _lacking.Count > 0) return;
        var first = Path.GetFileName(byStem.First().Value);
        _notes.Add($"Not read: {FolderTree.Count(byStem.Count, "mask")} without an image in '{masks.Path}', such as '{first}'.");
    }

    private void AddVoc(FolderTree images, FolderTree masks, string lists)
    {
        IsVoc = masks.Name.Equals("SegmentationClass", StringComparison.OrdinalIgnoreCase);
        var (byStem, maskByStem) = (Stems(images), Stems(masks));
        foreach (var (part, file) in new[] { (SplitPart.Train, "train.txt"), (SplitPart.Validation, "val.txt"), (SplitPart.Test, "test.txt") })
        {
            var path = Path.Combine(lists, file);
            if (!File.Exists(path)) continue;
            foreach (var stem in RegularFile.ReadAllText(path).Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0))
            {
                if (!byStem.TryGetValue(stem, out var image) || !maskByStem.TryGetValue(stem, out var mask))
                {
                    _lacking.Add($"{stem} (of {file}{(byStem.ContainsKey(stem) ? "" : ", which has no image either")})");
                    continue;
                }

                _files.Add(new ImageFile(image, $"{images.Name}/{Path.GetFileName(image)}", "", part));
                _masks[image] = mask;
            }
        }
    }

    private static Dictionary<string, string> Stems(FolderTree folder)
    {
        var stems = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (path, name) in folder.AllImages())
        {
            if (stems.TryAdd(Stem(name), path)) continue;
            throw new DatasetException(
                $"'{stems[Stem(name)]}' and '{path}' have the same name up to the ending, so their pair is not clear. Rename one of them.");
        }

        return stems;
    }

    // With the folders below, without the ending.
    private static string Stem(string name) => name[..^Path.GetExtension(name).Length];
}
