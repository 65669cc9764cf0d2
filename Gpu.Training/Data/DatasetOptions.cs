using Gpu.Training.Data.Cache;
using Gpu.Training.Images;

namespace Gpu.Training.Data;

/// <summary>Options of loading a data set. Most concern folders of image files.</summary>
public sealed record DatasetOptions
{
    /// <summary>Share of the images held out for testing if a folder of images has no test split, between 0 and 1 (exclusive).</summary>
    public double HoldOut { get; init; } = DatasetLoader.DefaultHoldOut;

    /// <summary>Seed of the test split and of the image order, for folders of image files.</summary>
    public ulong Seed { get; init; } = DatasetLoader.DefaultSeed;

    /// <summary>Background that transparent images are composited on, and that <see cref="ImageFit.Pad"/> fills with.</summary>
    public RgbColor Background { get; init; } = RgbColor.White;

    /// <summary>
    /// Chooses how images are brought to one size, given the sizes of all images. Null, or a function that returns null, leaves them as they are: then all
    /// must be of the same size.
    /// </summary>
    public Func<IReadOnlyList<(int Height, int Width)>, ImageTransform?>? ChooseTransform { get; init; }

    /// <summary>Values per pixel, 1 for gray or 3 for RGB, that images are converted to. Null keeps what the data has.</summary>
    public int? Channels { get; init; }

    /// <summary>Leaves image files out that cannot be read, instead of failing.</summary>
    public bool SkipsUnreadable { get; init; }

    /// <summary>
    /// The classes wanted, such as those that a network was trained on. Labels are then indices into this list, matched by name, and the data may lack some
    /// classes. Null takes the classes of the data.
    /// </summary>
    public IReadOnlyList<string>? ClassNames { get; init; }

    /// <summary>
    /// The split of an earlier run, which a folder without a test split is divided by; images that it does not name are drawn by their names. Null draws all.
    /// </summary>
    public RecordedSplit? Split { get; init; }

    /// <summary>Leaves out images that <see cref="Split"/> does not name.</summary>
    public bool OnlyRecorded { get; init; }

    /// <summary>
    /// Draws the test split by the order of the images, as versions up to 0.2 did, instead of by their names. The images then have no names, so that a
    /// validation split is drawn by order, too.
    /// </summary>
    public bool DrawsByOrder { get; init; }

    /// <summary>
    /// Draws no test split: all images of a folder without splits are both training and test images. A folder with a test split need not have a training split.
    /// </summary>
    public bool IsUndivided { get; init; }

    /// <summary>
    /// Whether the images may lie anywhere in a folder, because the task needs no labels. Class folders are classes where they can be; else all images are of
    /// one class, the first of <see cref="ClassNames"/>.
    /// </summary>
    public bool ClassesOptional { get; init; }

    /// <summary>Whether to use the 20 coarse labels of CIFAR-100, not the 100 fine ones.</summary>
    public bool CoarseLabels { get; init; }

    /// <summary>Folders whose images need at least this many bytes are decoded into a file of <see cref="ImageCache"/>; others into memory.</summary>
    public long CacheFrom { get; init; } = ImageCache.DefaultMinBytes;

    /// <summary>Splits of images in a cache file are streamed to the device while they are used if they need more than this many bytes.</summary>
    internal long ResidentBytes { get; init; } = ImageCache.DefaultMinBytes;

    /// <summary>Receives what the user should know, one sentence or a few at a time, such as the files that were not read.</summary>
    public Action<string>? Note { get; init; }
}
