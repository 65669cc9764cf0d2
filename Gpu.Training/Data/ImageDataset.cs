using Gpu.Training.Images;
using Gpu.Training.Shapes;

namespace Gpu.Training.Data;

/// <summary>Labeled images of one size: a training split, a test split and optionally a validation split. Immutable.</summary>
public sealed class ImageDataset : Dataset
{
    private const int MostNames = 50;

    private readonly Lazy<ChannelStatistics> _statistics;

    /// <summary>Creates a data set and checks that its parts fit together.</summary>
    /// <param name="name">Name for messages and reports.</param>
    /// <param name="classNames">Class names; a label is an index into this list.</param>
    /// <param name="train">Training images, at least one.</param>
    /// <param name="test">Test images, at least one.</param>
    /// <param name="validation">Validation images, used to choose settings; null for none.</param>
    /// <exception cref="DatasetException">A split is empty, the splits have different image sizes, or a label has no class.</exception>
    public ImageDataset(string name, IReadOnlyList<string> classNames, ImageSplit train, ImageSplit test, ImageSplit? validation = null)
        : base(name, classNames)
    {
        ArgumentNullException.ThrowIfNull(train);
        ArgumentNullException.ThrowIfNull(test);
        Train = train;
        Test = test;
        Validation = validation;
        Check("training", train);
        Check("test", test);
        if (validation is not null)
            Check("validation", validation);
        _statistics = new(() => ChannelStatistics.Of(Train));
    }

    /// <summary>Image height in pixels.</summary>
    public int Height => Train.Height;

    /// <summary>Image width in pixels.</summary>
    public int Width => Train.Width;

    /// <summary>Values per pixel: 1 for gray, 3 for RGB.</summary>
    public int Channels => Train.Channels;

    /// <inheritdoc/>
    public override TensorShape SampleShape => TensorShape.Image(Height, Width, Channels);

    /// <summary>Segmentation if the images have masks, else classification, or the task of <see cref="ForTask"/>.</summary>
    public override TaskKind Task => GivenTask ?? (Train.Masks is null ? TaskKind.Classification : TaskKind.Segmentation);

    /// <summary>The training split.</summary>
    public override ImageSplit Train { get; }

    /// <summary>The test split.</summary>
    public override ImageSplit Test { get; }

    /// <summary>The validation split, or null.</summary>
    public override ImageSplit? Validation { get; }

    /// <summary>How the images were brought to one size when they were loaded; null if they were not.</summary>
    public ImageTransform? Transform { get; init; }

    /// <summary>Names of the files that were left out because they cannot be read.</summary>
    internal IReadOnlyList<string> Unreadable { get; init; } = [];

    /// <summary>The XXH3 (128 bits) of the file of each image, by its name: equal files have equal ones. Empty if the images are not from files.</summary>
    public IReadOnlyDictionary<string, UInt128> ContentHashes { get; internal init; } = new Dictionary<string, UInt128>();

    /// <summary>
    /// Mean and standard deviation per channel that pixels are normalized with: those of the training pixels, computed on first use, or those of
    /// <see cref="WithStatistics"/>.
    /// </summary>
    public ChannelStatistics Statistics => GivenStatistics ?? _statistics.Value;

    private ChannelStatistics? GivenStatistics { get; init; }

    private TaskKind? GivenTask { get; init; }

    /// <summary>The same images for a task that needs no labels, with the normalization of its network: values from 0 to 1 for an autoencoder, -1 to 1
    /// for generation.</summary>
    /// <param name="task">Autoencoding or generation.</param>
    /// <exception cref="ArgumentException">Another task, which the labels or masks of the images decide.</exception>
    public ImageDataset ForTask(TaskKind task)
    {
        if (task is not (TaskKind.Autoencoding or TaskKind.Generation))
            throw new ArgumentException($"the labels of the images decide about {task}", nameof(task));
        var range = task == TaskKind.Autoencoding ? new(Repeat(0), Repeat(1)) : new ChannelStatistics(Repeat(0.5f), Repeat(0.5f));
        var images = Convert(ClassNames, split => split.WithoutMasks(), Transform);
        return new ImageDataset(Name, ClassNames, images.Train, images.Test, images.Validation)
        {
            Transform = Transform, Unreadable = Unreadable, ContentHashes = ContentHashes, GivenStatistics = range, GivenTask = task,
        };

        float[] Repeat(float value) => [.. Enumerable.Repeat(value, Channels)];
    }

    /// <summary>The same images with another normalization, such as the one that pretrained weights need.</summary>
    /// <param name="statistics">Mean and standard deviation for each channel.</param>
    /// <exception cref="DatasetException">The number of channels differs.</exception>
    public ImageDataset WithStatistics(ChannelStatistics statistics)
    {
        ArgumentNullException.ThrowIfNull(statistics);
        if (statistics.Mean.Length != Channels)
        {
            throw new DatasetException(
                $"The normalization has {statistics.Mean.Length} channels, but the images of '{Name}' have {Channels}. Convert them, such as by --channels 3.");
        }

        return new ImageDataset(Name, ClassNames, Train, Test, Validation)
        {
            Transform = Transform, Unreadable = Unreadable, ContentHashes = ContentHashes, GivenStatistics = statistics, GivenTask = GivenTask,
        };
    }

    /// <summary>Converts the images to gray or RGB; see <see cref="ImageSplit.ToChannels"/>.</summary>
    public ImageDataset ToChannels(int channels) => channels == Channels ? this : Convert(ClassNames, split => split.ToChannels(channels), Transform);

    /// <summary>Resizes the images.</summary>
    /// <param name="transform">The size, and what happens to other proportions.</param>
    /// <param name="background">What <see cref="ImageFit.Pad"/> fills the rest with.</param>
    public ImageDataset Resize(ImageTransform transform, RgbColor background) =>
        Convert(ClassNames, split => split.Resize(transform, background), transform);

    /// <summary>Gives the images the labels of another list of classes, matched by name.</summary>
    /// <param name="classNames">The classes wanted, such as those that a network was trained on. The data set may lack some, and have another order.</param>
    /// <exception cref="DatasetException">A class of the data set is not in the list; the message has both.</exception>
    public ImageDataset WithClasses(IReadOnlyList<string> classNames)
    {
        ArgumentNullException.ThrowIfNull(classNames);
        if (ClassNames.SequenceEqual(classNames))
            return this;
        var wanted = classNames.Select(UnicodeNames.Normalize).ToArray();
        var labels = ClassNames.Select(name => Array.IndexOf(wanted, UnicodeNames.Normalize(name))).ToArray();
        var used = Train.Labels.Concat(Test.Labels).Concat(Validation?.Labels ?? []).ToHashSet();
        if (Task == TaskKind.Segmentation) return WithMaskClasses(classNames, labels);
        var unknown = Enumerable.Range(0, Classes).Where(label => labels[label] < 0 && used.Contains(label)).Select(label => ClassNames[label]).ToArray();
        if (unknown.Length > 0)
        {
            throw new DatasetException(
                $"The data set '{Name}' has classes that are not known here: {NameList.Join(unknown, MostNames)}. Classes are matched by name. Known: "
                + $"{NameList.Join(classNames, MostNames)}. "
                + $"In the data: {NameList.Join(ClassNames, MostNames)}. Rename the classes of the data, or use data with the known ones.");
        }

        return Convert(classNames, split => split.WithLabels([.. split.Labels.Select(label => labels[label])]), Transform);
    }

    /// <summary>The same images, all of the first of some classes, for a task that needs no labels.</summary>
    internal ImageDataset WithoutLabels(IReadOnlyList<string> classNames) =>
        Convert(classNames, split => split.WithoutMasks().WithLabels(new int[split.Count]), Transform);

    private ImageDataset WithMaskClasses(IReadOnlyList<string> classNames, int[] labels)
    {
        var unknown = Enumerable.Range(0, Classes).Where(label => labels[label] < 0).Select(label => ClassNames[label]).ToArray();
        if (unknown.Length > 0)
        {
            throw new DatasetException(
                $"The masks of the data set '{Name}' have classes that are not known here: {NameList.Join(unknown, MostNames)}. Known: "
                + $"{NameList.Join(classNames, MostNames)}. Use masks with the known classes.");
        }

        return Convert(classNames, split => split.WithMasks([.. split.Masks!.Select(label => label < Classes ? (byte)labels[label] : label)]), Transform);
    }

    private ImageDataset Convert(IReadOnlyList<string> classNames, Func<ImageSplit, ImageSplit> convert, ImageTransform? transform)
    {
        // Where one split serves as two parts, it is converted once.
        var train = convert(Train);
        var test = ReferenceEquals(Test, Train) ? train : convert(Test);
        return new ImageDataset(Name, classNames, train, test, Validation is null ? null : convert(Validation))
        {
            Transform = transform, Unreadable = Unreadable, ContentHashes = ContentHashes,
            GivenStatistics = train.Channels == Channels ? GivenStatistics : null, GivenTask = GivenTask,
        };
    }

    /// <inheritdoc/>
    public override ImageDataset Limit(int? train = null, int? test = null) => (ImageDataset)base.Limit(train, test);

    /// <inheritdoc/>
    public override ImageDataset WithValidation(double fraction, ulong seed) => (ImageDataset)base.WithValidation(fraction, seed);

    internal override ImageDataset With(DataSplit train, DataSplit test, DataSplit? validation) =>
        new(Name, ClassNames, (ImageSplit)train, (ImageSplit)test, (ImageSplit?)validation)
        {
            Transform = Transform, Unreadable = Unreadable, ContentHashes = ContentHashes, GivenStatistics = GivenStatistics, GivenTask = GivenTask,
        };

    private void Check(string part, ImageSplit split)
    {
        if (split.Count == 0)
            throw new DatasetException($"The {part} part of the data set '{Name}' has no images; at least one is needed.");
        if ((split.Height, split.Width, split.Channels) != (Height, Width, Channels))
        {
            throw new DatasetException(
                $"The {part} images of the data set '{Name}' are {split.Height}x{split.Width}x{split.Channels} (height x width x channels), "
                + "the training images "
                + $"{Height}x{Width}x{Channels}. All parts need the same size.");
        }

        if (split.Masks is null != Train.Masks is null)
            throw new DatasetException($"The {part} part of the data set '{Name}' has {(split.Masks is null ? "no " : "")}masks, unlike the training part.");
        if (split.Masks is not null)
        {
            var unknown = split.CountPixelsPerClass(ImageSplit.VoidLabel).Skip(Classes).Sum();
            if (unknown > 0)
            {
                throw new DatasetException(
                    $"{unknown} pixels of the masks of the {part} part of the data set '{Name}' have labels above {Classes - 1}, but there are {Classes} "
                    + $"classes. Correct the masks, name more classes, or give such pixels the label {ImageSplit.VoidLabel}, which does not count.");
            }
        }

        for (var i = 0; i < split.Count; i++)
        {
            if (split.Labels[i] >= Classes)
            {
                throw new DatasetException(
                    $"Label {i} of the {part} part of the data set '{Name}' is {split.Labels[i]}, but there are {Classes} classes (labels 0 to {Classes - 1}). "
                    + "Correct the label, or name more classes.");
            }
        }
    }
}
