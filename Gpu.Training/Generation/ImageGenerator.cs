using Gpu.Kernels.Devices;
using Gpu.Training.Data;
using Gpu.Training.Layers;
using Gpu.Training.Loop;
using Gpu.Training.Models;
using Gpu.Training.Planning;
using Gpu.Training.Runs;
using Gpu.Training.Shapes;
using Gpu.Training.Weights;

namespace Gpu.Training.Generation;

/// <summary>Makes images from latent values: the decoder of a variational autoencoder, or the generator of an adversarial network.</summary>
public sealed class ImageGenerator : IDisposable
{
    private const int Batch = 64;

    private readonly Network _network;
    private readonly PlanSettings _settings;
    private PlanCache _plans;
    private readonly LossKind _loss;
    private readonly ChannelStatistics _statistics;
    // The parameters of the model that belong to the generator, with their names in it.
    private readonly (string Own, string InModel)[] _parameters;

    private ImageGenerator(Model model, ComputeDevice device, ChannelStatistics statistics, bool folds)
    {
        (_loss, _statistics) = (model.Recipe.Loss, statistics);
        Classes = model.ConditionClasses;
        var start = model.Discriminator is not null ? 0 : model.Layers.TakeWhile(layer => layer is not LatentSampleLayer).Count() + 1;
        Model decoder;
        try
        {
            var input = start == 0 ? model.Input : model.Nodes[start - 1].Output;
            decoder = new Model(model.Name, input, model.Recipe with { Loss = LossKind.MeanSquaredError }, [.. model.Layers.Skip(start)]);
        }
        catch (ModelException e)
        {
            throw new TrainingException($"The model '{model.Name}' cannot generate: the layers after its latent-sample read earlier ones. {e.Message}", e);
        }

        // Names count the layers of a kind, so that those of the last layers differ; the order is the same.
        var own = decoder.Nodes.SelectMany(node => node.Flatten()).SelectMany(node => node.Parameters);
        var theirs = model.Nodes.Skip(start).SelectMany(node => node.Flatten()).SelectMany(node => node.Parameters);
        _parameters = [.. own.Zip(theirs, (mine, other) => (mine.Name, other.Name))];
        _network = new Network(decoder, device);
        _settings = new PlanSettings { FoldBatchNorm = folds, PackWeights = folds };
        _plans = new PlanCache(_network.Memory, device, _settings);
    }

    /// <summary>Number of latent values of an image.</summary>
    public int Latent => _network.Model.Input.Length - Classes;

    /// <summary>Number of classes that the generator is told; 0 for none.</summary>
    public int Classes { get; }

    /// <summary>The shape of the images.</summary>
    public TensorShape Shape => _network.Model.Output;

    /// <summary>Whether a model makes images from latent values.</summary>
    public static bool Supports(Model model)
    {
        ArgumentNullException.ThrowIfNull(model);
        return LatentSampleLayer.IsIn(model) || model.Discriminator is not null;
    }

    /// <summary>Loads the best weights of a run.</summary>
    /// <param name="runFolder">The run folder.</param>
    /// <param name="device">The device to run on. The caller disposes it.</param>
    /// <exception cref="TrainingException">The folder is not a run, its model generates nothing, or one of its files is damaged.</exception>
    public static ImageGenerator Open(string runFolder, ComputeDevice device)
    {
        ArgumentNullException.ThrowIfNull(device);
        var run = RunFolder.Open(runFolder);
        if (!Supports(run.Model))
            throw new TrainingException($"The run '{run.Path}' generates no images: its model '{run.Model.Name}' makes none from noise. Train one that does, "
                + "such as with --task gan.");
        run.RequireBestWeights();
        var generator = new ImageGenerator(run.Model, device, run.Configuration.Normalization, folds: true);
        try
        {
            using var reader = new SafeTensorsReader(run.BestWeights);
            generator.Load(reader.ReadFloats);
            return generator;
        }
        catch (SafeTensorsException e)
        {
            generator.Dispose();
            throw new TrainingException($"The run '{run.Path}' cannot be opened: {e.Message}", e);
        }
    }

    /// <summary>Generates images from random latent values.</summary>
    /// <param name="count">Number of images, 1 or more.</param>
    /// <param name="seed">The seed; image i is the same whatever the number of images.</param>
    /// <param name="classOf">The class of image i, 0 to <see cref="Classes"/> - 1; null: one after the other. Not called without classes.</param>
    /// <returns>Bytes, count x height x width x channels.</returns>
    public byte[] Generate(int count, ulong seed, Func<int, int>? classOf = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        return Decode(LatentNoise.Draw(seed, count, Latent), classOf ?? (image => image % Classes));
    }

    /// <summary>Generates images on paths between random latent values.</summary>
    /// <param name="rows">Number of paths, 1 or more.</param>
    /// <param name="steps">Images of a path, both ends included; 2 or more.</param>
    /// <param name="seed">The seed of the ends.</param>
    /// <param name="classOf">The class of the images of path i, 0 to <see cref="Classes"/> - 1; null: one after the other. Not called without classes.</param>
    /// <returns>Bytes, rows x steps x height x width x channels.</returns>
    public byte[] Interpolate(int rows, int steps, ulong seed, Func<int, int>? classOf = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rows);
        ArgumentOutOfRangeException.ThrowIfLessThan(steps, 2);
        return Decode(LatentNoise.Walk(seed, rows, steps, Latent), image => classOf?.Invoke(image / steps) ?? image / steps % Classes);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _plans.Dispose();
        _network.Dispose();
    }

    /// <summary>Allocates the generator of a model, with weights that <see cref="Load"/> replaces.</summary>
    internal static ImageGenerator Create(Model model, ComputeDevice device, ChannelStatistics statistics) =>
        new(model, device, statistics, folds: false);

    /// <summary>Sets the weights.</summary>
    /// <param name="parameter">Gives a parameter of the whole model by its name.</param>
    internal void Load(Func<string, float[]> parameter)
    {
        foreach (var (own, inModel) in _parameters) _network.SetParameter(own, parameter(inModel));
        if (!_settings.FoldBatchNorm) return;
        // Plans have read the weights.
        _plans.Dispose();
        _plans = new PlanCache(_network.Memory, _network.Device, _settings);
    }

    private byte[] Decode(float[] latents, Func<int, int> classOf)
    {
        var count = latents.Length / Latent;
        var inputs = latents;
        if (Classes > 0)
        {
            inputs = new float[checked(count * (Latent + Classes))];
            for (var i = 0; i < count; i++)
            {
                var row = inputs.AsSpan(i * (Latent + Classes), Latent + Classes);
                latents.AsSpan(i * Latent, Latent).CopyTo(row);
                row[Latent..][classOf(i)] = 1;
            }
        }

        var length = _network.Model.Input.Length;
        var images = new byte[checked(count * Shape.Length)];
        for (var from = 0; from < count; from += Batch)
        {
            var plan = _plans.Evaluation(Math.Min(Batch, count - from));
            _network.Device.Upload<float>(inputs.AsSpan(from * length, plan.Batch * length), plan.Input);
            plan.RunForward();
            ImageValues.ToPixels(_network.Memory.Download(plan.Output), _loss, _statistics).CopyTo(images, from * Shape.Length);
        }

        return images;
    }
}
