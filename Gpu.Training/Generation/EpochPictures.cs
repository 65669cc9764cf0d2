using Gpu.Training.Data;
using Gpu.Training.Images;
using Gpu.Training.Loop;

namespace Gpu.Training.Generation;

/// <summary>The pictures that a run writes after each epoch: what the evaluated weights make of the first test images, and of noise.</summary>
internal sealed class EpochPictures : IDisposable
{
    private const int MostReconstructed = 32, PairsPerRow = 8, Samples = 64, SamplesPerRow = 16, WalkRows = 6, WalkSteps = 12;

    // The same in all runs and epochs, so that pictures can be compared.
    private const ulong Seed = 1;

    private readonly TrainingSession _session;
    private readonly ImageDataset _data;

    private readonly ImageGenerator? _generator;

    private EpochPictures(TrainingSession session, ImageDataset data)
    {
        (_session, _data) = (session, data);
        var model = session.Network.Model;
        if (ImageGenerator.Supports(model)) _generator = ImageGenerator.Create(model, session.Network.Device, data.Statistics);
    }

    /// <summary>The pictures of a run; null for a task whose result is no image.</summary>
    public static EpochPictures? Create(TrainingSession session, Dataset data) =>
        data is ImageDataset { Task: TaskKind.Autoencoding } images ? new(session, images) : null;

    /// <summary>Draws the pictures with the weights that the network has.</summary>
    public IReadOnlyList<RunPicture> Draw()
    {
        List<RunPicture> pictures = [new("reconstructions", DrawReconstructions())];
        if (_generator is null) return pictures;
        _generator.Load(_session.Network.GetParameter);
        pictures.Add(new("samples", ImageGrid.Render(_generator.Generate(Samples, Seed), _data.SampleShape, SamplesPerRow)));
        pictures.Add(new("walk", ImageGrid.Render(_generator.Interpolate(WalkRows, WalkSteps, Seed), _data.SampleShape, WalkSteps)));
        return pictures;
    }

    /// <inheritdoc/>
    public void Dispose() => _generator?.Dispose();

    // Each image beside its reconstruction.
    private ByteImage DrawReconstructions()
    {
        var (network, shape) = (_session.Network, _data.SampleShape);
        var plan = _session.Plans.Evaluation(Math.Min(MostReconstructed, Math.Min(_data.Test.Count, _session.EvaluationBatch)));
        var originals = new byte[plan.Batch * shape.Length];
        for (var i = 0; i < plan.Batch; i++) _data.Test.CopyImage(i, originals.AsSpan(i * shape.Length, shape.Length));
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

/// <summary>A picture of an epoch.</summary>
/// <param name="Name">What it shows; the beginning of the file name.</param>
/// <param name="Image">The picture.</param>
internal sealed record RunPicture(string Name, ByteImage Image);
