using Gpu.Kernels.Activations;
using Gpu.Kernels.Optimizers;
using Gpu.Training.Data;
using Gpu.Training.Layers;
using Gpu.Training.Loop;
using Gpu.Training.Shapes;

namespace Gpu.Training.Models;

/// <summary>The networks that come with the program, each with the recipe it is usually trained by.</summary>
public static class BuiltInModels
{
    private static readonly (string Name, string Description, Func<Model> Make)[] Known =
    [
        ("seed0", "two 3x3 convolutions with pooling and two dense layers, for 28x28 grey images", Seed0),
        ("seed1", "2-10-1 perceptron with a sigmoid output and mean squared error, for two numbers", Seed1),
        ("seed2", "784-64-64-10 perceptron", Seed2),
        ("seed3", "three 3x3 convolutions and two dense layers, for 28x28 grey images", Seed3),
        ("seed4", "784-128-10 perceptron trained by plain gradient descent", Seed4),
        ("lenet_bn28", "four 3x3 convolutions with batch normalisation and dropout, for 28x28 grey images", () => LeNet("lenet_bn28", 28, 1)),
        ("lenet_bn32", "four 3x3 convolutions with batch normalisation and dropout, for 32x32 colour images", () => LeNet("lenet_bn32", 32, 3)),
        ("resnet20", "residual network of 20 layers with zero-padded shortcuts, for 32x32 colour images", ResNet20),
        ("vgg_small", "six 3x3 convolutions with batch normalisation, 64 to 256 channels, for 32x32 colour images", VggSmall),
    ];

    /// <summary>The model that training takes when none is named.</summary>
    public const string Default = "seed0";

    /// <summary>The names.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Known.Select(known => known.Name)];

    /// <summary>One line about a model.</summary>
    /// <exception cref="ModelException">there is no such model</exception>
    public static string Describe(string name) => Find(name).Description;

    /// <summary>A model by its name.</summary>
    /// <exception cref="ModelException">there is no such model; the message names the nearest</exception>
    public static Model Get(string name) => Find(name).Make();

    private static (string Name, string Description, Func<Model> Make) Find(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        foreach (var known in Known)
            if (known.Name == name) return known;
        var nearest = NearestName.Find(name, Names);
        throw new ModelException($"There is no built-in model '{name}'.{(nearest is null ? "" : $" Did you mean '{nearest}'?")} Built-in models: "
            + $"{string.Join(", ", Names)}.");
    }

    private static TrainingRecipe Adam(float learningRate, float weightDecay, LossKind loss = LossKind.SoftmaxCrossEntropy) =>
        new() { Loss = loss, Optimizer = OptimizerOptions.Of(OptimizerKind.Adam) with { LearningRate = learningRate, WeightDecay = weightDecay } };

    private static TrainingRecipe Nesterov(float learningRate) => new()
    {
        Optimizer = OptimizerOptions.Of(OptimizerKind.Nesterov) with { LearningRate = learningRate, WeightDecay = 5e-4f, DecayOn = DecayTarget.All },
    };

    private static ConvolutionLayer Convolution(int channels) => new(channels, 3) { Activation = Activation.Relu };

    private static DenseLayer Dense(int units) => new(units) { Activation = Activation.Relu };

    private static Model Seed0() => new(
        "seed0", TensorShape.Image(28, 28, 1), Adam(1e-3f, 5e-4f),
        Convolution(32), new MaxPoolingLayer(2), Convolution(64), new MaxPoolingLayer(2), new FlattenLayer(), Dense(64), new DenseLayer(10));

    private static Model Seed1() => new(
        "seed1", TensorShape.Features(2), Adam(0.01f, 1e-3f, LossKind.MeanSquaredError),
        Dense(10), new DenseLayer(1) { Activation = new Activation(ActivationKind.Sigmoid) });

    private static Model Seed2() => new("seed2", TensorShape.Features(784), Adam(1e-3f, 1e-3f), Dense(64), Dense(64), new DenseLayer(10));

    private static Model Seed3() => new(
        "seed3", TensorShape.Image(28, 28, 1), Adam(1e-3f, 0),
        Convolution(32), new MaxPoolingLayer(2), Convolution(64), new MaxPoolingLayer(2), Convolution(64), new FlattenLayer(), Dense(64), new DenseLayer(10));

    private static Model Seed4()
    {
        var sgd = OptimizerOptions.Of(OptimizerKind.Sgd) with { LearningRate = 0.01f, WeightDecay = 1e-4f, DecayOn = DecayTarget.All };
        return new("seed4", TensorShape.Features(784), new TrainingRecipe { Optimizer = sgd }, Dense(128), new DenseLayer(10));
    }

    private static Layer[] Normalized(int channels, int stride = 1, bool activation = true) =>
    [
        new ConvolutionLayer(channels, 3) { Stride = stride, Padding = 1, Bias = false },
        new BatchNormalizationLayer { Activation = activation ? Activation.Relu : Activation.None },
    ];

    private static Model LeNet(string name, int side, int channels) => new(
        name, TensorShape.Image(side, side, channels), Adam(1e-3f, 5e-4f),
        [
            .. Normalized(32), .. Normalized(32), new MaxPoolingLayer(2), new DropoutLayer(0.25f),
            .. Normalized(64), .. Normalized(64), new MaxPoolingLayer(2), new DropoutLayer(0.25f), new FlattenLayer(),
            new DenseLayer(128) { Bias = false }, new BatchNormalizationLayer { Activation = Activation.Relu }, new DropoutLayer(0.5f), new DenseLayer(10),
        ]);

    private static Model ResNet20()
    {
        var layers = new List<Layer>(Normalized(16));
        foreach (var (channels, firstStride) in new[] { (16, 1), (32, 2), (64, 2) })
        {
            for (var block = 0; block < 3; block++)
            {
                var stride = block == 0 ? firstStride : 1;
                layers.Add(new ResidualBlock([.. Normalized(channels, stride), .. Normalized(channels, activation: false)])
                {
                    Shortcut = stride == 1 ? Shortcut.Identity : Shortcut.ZeroPadded,
                });
            }
        }

        return new("resnet20", TensorShape.Image(32, 32, 3), Nesterov(0.1f), [.. layers, new GlobalAveragePoolingLayer(), new DenseLayer(10)]);
    }

    private static Model VggSmall()
    {
        var layers = new List<Layer>();
        foreach (var channels in new[] { 64, 128, 256 })
            layers.AddRange([.. Normalized(channels), .. Normalized(channels), new MaxPoolingLayer(2)]);
        return new("vgg_small", TensorShape.Image(32, 32, 3), Nesterov(0.05f), [.. layers, new FlattenLayer(), new DenseLayer(10)]);
    }
}
