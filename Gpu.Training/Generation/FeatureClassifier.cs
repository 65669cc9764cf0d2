using Gpu.Kernels.Devices;
using Gpu.Training.Data;
using Gpu.Training.Loop;
using Gpu.Training.Models;
using Gpu.Training.Planning;

namespace Gpu.Training.Generation;

/// <summary>
/// The features that generated images are judged by: the last hidden layer of a classifier that is trained on the labels of the same data with a fixed recipe.
/// The
/// recipe and the seed do not depend on the run, so that the distances of all runs on a data set can be compared.
/// </summary>
internal sealed class FeatureClassifier : IDisposable
{
    private const int Epochs = 2, MostImages = 10_000, TrainingBatch = 64, Batch = 256;
    private const ulong Seed = 1;

    private readonly Network _network;
    private readonly PlanCache _plans;
    private readonly ChannelStatistics _statistics;

    private FeatureClassifier(Network network, ComputeDevice device, ChannelStatistics statistics)
    {
        (_network, _statistics) = (network, statistics);
        _plans = new PlanCache(network.Memory, device, new PlanSettings());
    }

    /// <summary>Trains the classifier, which takes some seconds.</summary>
    /// <param name="data">Images with the labels of at least two classes.</param>
    /// <param name="device">The device.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="TrainingException">The images have fewer than two classes.</exception>
    public static FeatureClassifier Train(ImageDataset data, ComputeDevice device, CancellationToken cancellation)
    {
        RequireLabels(data);
        var labeled = new ImageDataset(data.Name, data.ClassNames, data.Train, data.Test).Limit(MostImages);
        var model = BuiltInModels.DefaultFor(data.Height, data.Width, data.Channels, data.Classes);
        var options = new TrainingOptions
        {
            Epochs = Epochs, Batch = TrainingBatch, Seed = Seed, Schedule = LearningRateSchedule.Parse("cosine"),
        };
        using var trainer = new Trainer(model, labeled, device, options);
        if (trainer.Run(cancellation).End == TrainingEnd.Cancelled) throw new OperationCanceledException(cancellation);
        var hidden = new Model(model.Name, model.Input, model.Recipe with { Loss = LossKind.MeanSquaredError }, [.. model.Layers.SkipLast(1)]);
        var network = new Network(hidden, device);
        foreach (var parameter in hidden.Parameters) network.SetParameter(parameter.Name, trainer.Network.GetParameter(parameter.Name));
        return new FeatureClassifier(network, device, labeled.Statistics);
    }

    /// <summary>Checks that the images have labels, which the classifier learns. Those of images with masks are all 0.</summary>
    /// <exception cref="TrainingException">They are all of one class.</exception>
    public static void RequireLabels(ImageDataset data)
    {
        if (data.Train.Labels.AsSpan().ContainsAnyExcept(data.Train.Labels[0])) return;
        throw new TrainingException(
            $"frechet-every trains a classifier on the labels of the images, but all images of '{data.Name}' have the same label. Omit it.");
    }

    /// <summary>Computes the features of images.</summary>
    /// <param name="pixels">Bytes, count x height x width x channels.</param>
    /// <returns>Count x features.</returns>
    public float[,] Features(byte[] pixels)
    {
        var (length, features) = (_network.Model.Input.Length, _network.Model.Output.Length);
        var count = pixels.Length / length;
        var all = new float[count, features];
        for (var from = 0; from < count; from += Batch)
        {
            var plan = _plans.Evaluation(Math.Min(Batch, count - from));
            _network.Device.Upload<float>(ImageValues.FromPixels(pixels.AsSpan(from * length, plan.Batch * length), _statistics), plan.Input);
            plan.RunForward();
            Buffer.BlockCopy(_network.Memory.Download(plan.Output), 0, all, from * features * sizeof(float), plan.Batch * features * sizeof(float));
        }

        return all;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _plans.Dispose();
        _network.Dispose();
    }
}
