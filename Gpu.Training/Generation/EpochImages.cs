using Gpu.Training.Data;
using Gpu.Training.Images;
using Gpu.Training.Loop;

namespace Gpu.Training.Generation;

/// <summary>What the evaluated weights make of the first test images, and of noise, after each epoch: pictures and scores.</summary>
internal sealed class EpochImages : IDisposable
{
    private const int MostReference = 2048, Judged = 256, MostReconstructed = 32, PairsPerRow = 8,
        Samples = 64, SamplesPerRow = 16, WalkRows = 6, WalkSteps = 12, MostClassRows = 32;

    // The same in all runs and epochs, so that pictures can be compared.
    private const ulong Seed = 1;

    private readonly TrainingSession _session;
    private readonly ImageDataset _data;

    private readonly ImageGenerator? _generator;
    private FeatureClassifier? _classifier;
    private FeatureMoments? _moments;
    private float[,]? _features;

    private EpochImages(TrainingSession session, ImageDataset data)
    {
        (_session, _data) = (session, data);
        var model = session.Network.Model;
        if (ImageGenerator.Supports(model)) _generator = ImageGenerator.Create(model, session.Network.Device, data.Statistics);
    }

    /// <summary>The pictures of a run; null for a task whose result is no image.</summary>
    public static EpochImages? Create(TrainingSession session, Dataset data) =>
        data is ImageDataset { Task: TaskKind.Autoencoding or TaskKind.Generation } images ? new(session, images) : null;

    /// <summary>Takes the weights that the network has, for the pictures and scores of the generator.</summary>
    public void TakeWeights() => _generator?.Load(_session.Network.GetParameter);

    /// <summary>Draws the pictures: reconstructions with the weights that the network has, the others with those that were taken.</summary>
    public IReadOnlyList<RunPicture> Draw()
    {
        List<RunPicture> pictures = [];
        if (_data.Task == TaskKind.Autoencoding) pictures.Add(new("reconstructions", DrawReconstructions()));
        if (_generator is null) return pictures;
        // A row for each class.
        var samples = _generator.Classes > 0 ? Math.Min(_generator.Classes, MostClassRows) * SamplesPerRow : Samples;
        pictures.Add(new(
            "samples", ImageGrid.Render(_generator.Generate(samples, Seed, image => image / SamplesPerRow), _data.SampleShape, SamplesPerRow)));
        pictures.Add(new("walk", ImageGrid.Render(_generator.Interpolate(WalkRows, WalkSteps, Seed), _data.SampleShape, WalkSteps)));
        return pictures;
    }

    /// <summary>How much generated images vary, by that of the data: the quotient of the mean variances of a pixel value. NaN without generator.</summary>
    public double Diversity()
    {
        if (_generator is null) return double.NaN;
        var real = Reference(Judged);
        return Variance(_generator.Generate(real.Length / _data.SampleShape.Length, Seed, LabelOf)) / Variance(real);
    }

    /// <summary>Compares generated images with as many test images. NaN without generator.</summary>
    public GenerationScores Judge(CancellationToken cancellation)
    {
        if (_generator is null) return GenerationScores.None;
        _classifier ??= FeatureClassifier.Train(_data, _session.Network.Device, cancellation);
        _features ??= _classifier.Features(Reference(MostReference));
        _moments ??= FeatureMoments.Of(_features);
        var made = _classifier.Features(_generator.Generate(_features.GetLength(0), Seed, LabelOf));
        var (precision, recall) = _features.GetLength(0) > PrecisionRecall.DefaultNeighbors
            ? PrecisionRecall.Between(_features, made) : (double.NaN, double.NaN);
        return new GenerationScores(FrechetDistance.Between(_moments, FeatureMoments.Of(made)), precision, recall);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _generator?.Dispose();
        _classifier?.Dispose();
    }

    // Generated images have the classes of the test images that they are compared with.
    private int LabelOf(int image) => _data.Test.Labels[image];

    // The first test images.
    private byte[] Reference(int most)
    {
        var length = _data.SampleShape.Length;
        var pixels = new byte[Math.Min(most, _data.Test.Count) * length];
        for (var i = 0; i < pixels.Length / length; i++) _data.Test.CopyImage(i, pixels.AsSpan(i * length, length));
        return pixels;
    }

    // The mean over the values of an image of their variance over the images.
    private double Variance(byte[] pixels)
    {
        var (length, sum) = (_data.SampleShape.Length, 0.0);
        var count = pixels.Length / length;
        for (var i = 0; i < length; i++)
        {
            double total = 0, squares = 0;
            for (var image = 0; image < count; image++)
            {
                double value = pixels[image * length + i];
                (total, squares) = (total + value, squares + value * value);
            }

            sum += squares / count - total / count * (total / count);
        }

        return sum / length;
    }

    // Each image beside its reconstruction.
    private ByteImage DrawReconstructions()
    {
        var (network, shape) = (_session.Network, _data.SampleShape);
        var plan = _session.Plans.Evaluation(Math.Min(MostReconstructed, Math.Min(_data.Test.Count, _session.EvaluationBatch)));
        var originals = Reference(plan.Batch);
        network.Device.Upload<float>(ImageValues.FromPixels(originals, _data.Statistics), plan.Input);
        plan.RunForward();
        var made = ImageValues.ToPixels(network.Memory.Download(plan.Output), network.Model.Recipe.Loss, _data.Statistics);
        var pairs = new byte[2 * originals.Length];
        for (var i = 0; i < plan.Batch; i++)
        {
            originals.AsSpan(i * shape.Length, shape.Length).CopyTo(pairs.AsSpan(2 * i * shape.Length));
            made.AsSpan(i * shape.Length, shape.Length).CopyTo(pairs.AsSpan((2 * i + 1) * shape.Length));
        }

        return ImageGrid.Render(pairs, shape, 2 * PairsPerRow);
    }
}

/// <summary>How generated images compare with those of the data.</summary>
/// <param name="Frechet">See <see cref="FrechetDistance"/>.</param>
/// <param name="Precision">See <see cref="PrecisionRecall"/>; NaN for fewer images than it needs.</param>
/// <param name="Recall">See <see cref="PrecisionRecall"/>; NaN for fewer images than it needs.</param>
internal readonly record struct GenerationScores(double Frechet, double Precision, double Recall)
{
    /// <summary>The scores that were not computed.</summary>
    public static GenerationScores None { get; } = new(double.NaN, double.NaN, double.NaN);
}

/// <summary>A picture of an epoch.</summary>
/// <param name="Name">What it shows; the beginning of the file name.</param>
/// <param name="Image">The picture.</param>
internal sealed record RunPicture(string Name, ByteImage Image);
