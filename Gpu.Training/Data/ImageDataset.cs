namespace Gpu.Training.Data;

/// <summary>Labelled images of one size, divided into a training, a test and possibly a validation part. Immutable.</summary>
public sealed class ImageDataset
{
    private readonly Lazy<ChannelStatistics> statistics;

    /// <summary>Creates a data set and checks that its parts fit together.</summary>
    /// <param name="name">What to call it in messages and reports.</param>
    /// <param name="classNames">A name for each class; a label is an index into it.</param>
    /// <param name="train">The images to train on; at least one.</param>
    /// <param name="test">The images to test on; at least one.</param>
    /// <param name="validation">The images to choose settings by, when there are any.</param>
    /// <exception cref="DatasetException">A part is empty, the parts differ in image size, or a label has no class.</exception>
    public ImageDataset(string name, IReadOnlyList<string> classNames, ImageSplit train, ImageSplit test, ImageSplit? validation = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentNullException.ThrowIfNull(classNames);
        ArgumentNullException.ThrowIfNull(train);
        ArgumentNullException.ThrowIfNull(test);
        Name = name;
        ClassNames = [.. classNames];
        Train = train;
        Test = test;
        Validation = validation;
        Check("training", train);
        Check("test", test);
        if (validation is not null)
            Check("validation", validation);
        statistics = new(() => ChannelStatistics.Of(Train));
    }

    /// <summary>What the data set is called.</summary>
    public string Name { get; }

    /// <summary>The classes' names; a label is an index into this list.</summary>
    public IReadOnlyList<string> ClassNames { get; }

    /// <summary>Number of classes.</summary>
    public int Classes => ClassNames.Count;

    /// <summary>Rows of an image.</summary>
    public int Height => Train.Height;

    /// <summary>Columns of an image.</summary>
    public int Width => Train.Width;

    /// <summary>Values a pixel: 1 for grey, 3 for red, green, blue.</summary>
    public int Channels => Train.Channels;

    /// <summary>The training part.</summary>
    public ImageSplit Train { get; }

    /// <summary>The test part.</summary>
    public ImageSplit Test { get; }

    /// <summary>The validation part, or null.</summary>
    public ImageSplit? Validation { get; }

    /// <summary>Mean and standard deviation a channel of the training pixels, computed when first asked for.</summary>
    public ChannelStatistics Statistics => statistics.Value;

    /// <summary>
    /// The same data set with at most so many images in a part, the first of each; null leaves a part as it is.
    /// </summary>
    /// <exception cref="DatasetException">A limit of 0: a part may not be empty.</exception>
    public ImageDataset Limit(int? train = null, int? test = null) =>
        new(Name, ClassNames, train is int a ? Train.Take(a) : Train, test is int b ? Test.Take(b) : Test, Validation);

    /// <summary>Moves a share of the training images, the same of every class, into a validation part. The test part is not touched.</summary>
    /// <param name="fraction">Share of the training images, between 0 and 1, both excluded.</param>
    /// <param name="seed">The same seed draws the same images on every platform.</param>
    /// <exception cref="DatasetException">The data set has a validation part already, or one of the parts would be empty.</exception>
    public ImageDataset WithValidation(double fraction, ulong seed)
    {
        if (Validation is not null)
            throw new DatasetException($"The data set '{Name}' has a validation part of {Validation.Count} images already; no second one is split off.");
        var (rest, part) = Train.Divide(fraction, seed);
        return new ImageDataset(Name, ClassNames, rest, Test, part);
    }

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
