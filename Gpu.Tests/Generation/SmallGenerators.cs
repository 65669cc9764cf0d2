using Gpu.Kernels;
using Gpu.Tests.Vectors;
using Gpu.Training.Data;
using Gpu.Training.Layers;
using Gpu.Training.Loop;
using Gpu.Training.Models;
using Gpu.Training.Planning;
using Gpu.Training.Shapes;

namespace Gpu.Tests.Generation;

/// <summary>The networks of make_generation_vectors.py, and images for them.</summary>
internal static class SmallGenerators
{
    public const int Side = 8, Latent = 3;

    public static Model Autoencoder() => new(
        "vae", TensorShape.Image(Side, Side, 1), new TrainingRecipe { Loss = LossKind.ReconstructionCrossEntropy },
        new Conv2dLayer(4, 3) { Stride = 2, Padding = 1, Activation = Activation.Relu }, new FlattenLayer(), new DenseLayer(2 * Latent),
        new LatentSampleLayer(), new DenseLayer(4 * 4 * 4) { Activation = Activation.Relu }, new ReshapeLayer { Height = 4, Width = 4 },
        new ConvTranspose2dLayer(1, 4, 2) { Padding = 1 });

    public static Model Adversarial(LossKind loss) => new(
        "gan", TensorShape.Features(Latent), new TrainingRecipe { Loss = loss },
        new DenseLayer(4 * 4 * 4) { Bias = false }, new ReshapeLayer { Height = 4, Width = 4 }, new BatchNormLayer { Activation = Activation.Relu },
        new ConvTranspose2dLayer(1, 4, 2) { Padding = 1, Activation = new Activation(ActivationKind.Tanh) })
    {
        Discriminator = new Model(
            "critic", TensorShape.Image(Side, Side, 1), new TrainingRecipe { Loss = LossKind.BinaryCrossEntropy },
            new Conv2dLayer(4, 4) { Stride = 2, Padding = 1, Activation = new Activation(ActivationKind.LeakyRelu, 0.2f) }, new FlattenLayer(),
            new DenseLayer(1)),
    };

    /// <summary>The adversarial network, told one of two classes.</summary>
    public static Model Conditional()
    {
        var plain = Adversarial(LossKind.NonSaturating);
        var critic = plain.Discriminator!;
        return new Model("conditional", TensorShape.Features(Latent + 2), plain.Recipe, plain.Layers)
        {
            Discriminator = new Model(
                "critic", TensorShape.Image(Side, Side, 1 + 2), critic.Recipe,
                new Conv2dLayer(16, 4) { Stride = 2, Padding = 1, Activation = new Activation(ActivationKind.LeakyRelu, 0.2f) }, new FlattenLayer(),
                new DenseLayer(1)),
        };
    }

    /// <summary>Dark images of class 0 and bright ones of class 1.</summary>
    public static ImageDataset Shades(int count = 96)
    {
        var random = new Random(6);
        ImageSplit Split(int images)
        {
            var (pixels, labels) = (new byte[images * Side * Side], new int[images]);
            for (var i = 0; i < pixels.Length; i++)
            {
                labels[i / (Side * Side)] = i / (Side * Side) % 2;
                pixels[i] = (byte)random.Next(labels[i / (Side * Side)] == 0 ? 20 : 180, labels[i / (Side * Side)] == 0 ? 80 : 240);
            }

            return new ImageSplit(pixels, labels, Side, Side, 1);
        }

        return new ImageDataset("shades", ["dark", "bright"], Split(count), Split(count / 2)).ForTask(TaskKind.Generation);
    }

    public static void Initialize(Network network, string name)
    {
        var parameters = network.Model.Parameters.Where(parameter => parameter.Trainable).ToArray();
        for (var number = 0; number < parameters.Length; number++)
        {
            var (parameter, isWeight) = (parameters[number], parameters[number].Shape.Count > 1);
            var center = parameter.Name.EndsWith("gamma", StringComparison.Ordinal) ? 1 : 0;
            network.SetParameter(parameter.Name, HashValues.Uniform($"{name}/parameters/{number}", parameter.Length, center, isWeight ? 0.3 : 0.1));
        }
    }

    public static float[] Batch(string name, int step, int batch, double low) =>
        HashValues.Uniform($"{name}/images/{step}", batch * Side * Side, (1 + low) / 2, (1 - low) / 2);

    /// <summary>Bars and squares in two classes.</summary>
    public static ImageDataset Images(TaskKind task, int count = 96)
    {
        var random = new Random(5);
        ImageSplit Split(int images)
        {
            var (pixels, labels) = (new byte[images * Side * Side], new int[images]);
            for (var i = 0; i < images; i++)
            {
                var (top, left, label) = (random.Next(5), random.Next(5), i % 2);
                labels[i] = label;
                for (var y = 0; y < 4; y++)
                    for (var x = 0; x < (label == 0 ? 1 : 4); x++) pixels[(i * Side + top + y) * Side + left + x] = (byte)random.Next(180, 256);
            }

            return new ImageSplit(pixels, labels, Side, Side, 1);
        }

        return new ImageDataset("figures", ["bar", "square"], Split(count), Split(count / 2)).ForTask(task);
    }

    public static TrainingOptions Options(int epochs = 2) => new()
    {
        Epochs = epochs, Batch = 16, Optimizer = OptimizerKind.Adam, LearningRate = 2e-3f, RecordLosses = true,
    };
}
