using Gpu.Training.Shapes;

namespace Gpu.Training.Data;

/// <summary>
/// Samples to train on: a training split, a test split and optionally a validation split. <see cref="ImageDataset"/> has images,
/// <see cref="Tables.TableDataset"/> rows of numbers.
/// </summary>
public abstract class Dataset
{
    private protected Dataset(string name, IReadOnlyList<string> classNames)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentNullException.ThrowIfNull(classNames);
        Name = name;
        ClassNames = [.. classNames];
    }

    /// <summary>Name of the data set.</summary>
    public string Name { get; }

    /// <summary>Class names; a label is an index into this list. Empty in regression.</summary>
    public IReadOnlyList<string> ClassNames { get; }

    /// <summary>Number of classes; 0 in regression.</summary>
    public int Classes => ClassNames.Count;

    /// <summary>What a network is trained to predict.</summary>
    public virtual TaskKind Task => TaskKind.Classification;

    /// <summary>Outputs that a network needs: the classes in classification and, for each pixel, in segmentation; those of a pixel in
    /// autoencoding and generation; else 1.</summary>
    public int Outputs => Task is TaskKind.Classification or TaskKind.Segmentation ? Classes 
        : Task is TaskKind.Autoencoding or TaskKind.Generation ? SampleShape.Channels : 1;

    /// <summary>The shape of a sample.</summary>
    public abstract TensorShape SampleShape { get; }

    /// <summary>The training split.</summary>
    public abstract DataSplit Train { get; }

    /// <summary>The test split.</summary>
    public abstract DataSplit Test { get; }

    /// <summary>The validation split, or null.</summary>
    public abstract DataSplit? Validation { get; }

    /// <summary>
    /// Returns the data set limited to the first <paramref name="train"/> training samples and the first <paramref name="test"/> test samples; null for no
    /// limit.
    /// </summary>
    /// <exception cref="DatasetException">A limit is 0; a split may not be empty.</exception>
    public virtual Dataset Limit(int? train = null, int? test = null) =>
        With(train is int a ? Train.Take(a) : Train, test is int b ? Test.Take(b) : Test, Validation);

    /// <summary>Moves a share of the training samples of each class to a validation split. The test split stays as it is.</summary>
    /// <param name="fraction">Share of the training samples, between 0 and 1 (exclusive).</param>
    /// <param name="seed">Random seed; the same seed draws the same samples on every platform.</param>
    /// <exception cref="DatasetException">The data set already has a validation split, or a split would be empty.</exception>
    public virtual Dataset WithValidation(double fraction, ulong seed)
    {
        if (Validation is not null)
        {
            throw new DatasetException(
                $"The data set '{Name}' has a validation part of {Validation.Count} {Train.SampleNoun} already; no second one is split off.");
        }

        var (rest, part) = Train.DrawPart(fraction, seed);
        return With(Train.Select(rest), Test, Train.Select(part));
    }

    /// <summary>The data set with other splits.</summary>
    internal abstract Dataset With(DataSplit train, DataSplit test, DataSplit? validation);
}
