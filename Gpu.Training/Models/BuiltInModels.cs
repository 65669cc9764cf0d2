using Gpu.Kernels;
using Gpu.Training.Data;
using Gpu.Training.Layers;
using Gpu.Training.Loop;
using Gpu.Training.Shapes;

namespace Gpu.Training.Models;

/// <summary>The built-in models, each with a training recipe.</summary>
public static class BuiltInModels
{
    private static readonly (string Name, string Description, Func<Model> Make)[] Entries =
    [
        ("cnn2", "two 3x3 convolutions with pooling and two dense layers, for 28x28 gray images", Cnn2),
        ("mlp10", "2-10-1 perceptron with a sigmoid output and mean squared error, for two numbers", Mlp10),
        ("mlp64x2", "784-64-64-10 perceptron", Mlp64x2),
        ("cnn3", "three 3x3 convolutions and two dense layers, for 28x28 gray images", Cnn3),
        ("mlp128", "784-128-10 perceptron trained by plain gradient descent", Mlp128),
        ("lenet_bn28", "four 3x3 convolutions with batch normalization and dropout, for 28x28 gray images", () => LeNet("lenet_bn28", 28, 1)),
        ("lenet_bn32", "four 3x3 convolutions with batch normalization and dropout, for 32x32 color images", () => LeNet("lenet_bn32", 32, 3)),
        ("resnet20", "residual network of 20 layers with zero-padded shortcuts, for 32x32 color images", ResNet20),
        ("vgg_small", "six 3x3 convolutions with batch normalization, 64 to 256 channels, for 32x32 color images", VggSmall),
    ];

    /// <summary>The name of the default model.</summary>
    public const string Default = "cnn2";

    /// <summary>The default model for a data set: the first built-in model for images of the given size, with one output per class.</summary>
    /// <param name="height">height of the images, in pixels</param>
    /// <param name="width">width of the images, in pixels</param>
    /// <param name="channels">1 for gray, 3 for color</param>
    /// <param name="classes">number of classes</param>
    /// <exception cref="ModelException">no built-in model has this input size; the message lists the sizes of the built-in models</exception>
    public static Model DefaultFor(int height, int width, int channels, int classes)
    {
        var models = Entries.Select(known => known.Make()).Where(model => model.Input.IsImage).ToArray();
        if (Array.Find(models, model => model.Input == TensorShape.Image(height, width, channels)) is { } found) return WithOutputs(found, classes);
        var sizes = models.Select(model => model.Input.ToString()).Distinct();
        throw new ModelException(
            $"There is no built-in model for images of {height}x{width}x{channels} (height x width x channels), only for {string.Join(" and ", sizes)}. "
            + "Scale the images to one of these sizes, or describe a model in a JSON file (--model FILE).");
    }

    /// <summary>The names of the built-in models.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Entries.Select(known => known.Name)];

    /// <summary>A one-line description of a model.</summary>
    /// <exception cref="ModelException">there is no such model; the message suggests the nearest name</exception>
    public static string Describe(string name) => Find(name).Description;

    /// <summary>Creates a model by name.</summary>
    /// <exception cref="ModelException">there is no such model; the message suggests the nearest name</exception>
    public static Model Get(string name) => Find(name).Make();

    // All built-in classifiers end in a dense layer without an activation.
    private static Model WithOutputs(Model model, int classes) =>
        model.Output.Length == classes ? model : new Model(model.Name, model.Input, model.Recipe, [.. model.Layers.SkipLast(1), new DenseLayer(classes)]);

    private static (string Name, string Description, Func<Model> Make) Find(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        foreach (var known in Entries)
            if (known.Name == name) return known;
        var nearest = NearestName.Find(name, Names);
        throw new ModelException($"There is no built-in model '{name}'.{(nearest is null ? "" : $" Did you mean '{nearest}'?")} Built-in models: "
            + $"{string.Join(", ", Names)}.");
    }

    private static TrainingRecipe Adam(float learningRate, float weightDecay, LossKind loss = LossKind.SoftmaxCrossEntropy) =>
        new() { Loss = loss, Optimizer = OptimizerOptions.DefaultsFor(OptimizerKind.Adam) with { LearningRate = learningRate, WeightDecay = weightDecay } };

    private static TrainingRecipe Nesterov(float learningRate) => new()
    {
        Optimizer = OptimizerOptions.DefaultsFor(OptimizerKind.Nesterov) with { LearningRate = learningRate, WeightDecay = 5e-4f, DecayOn = DecayTarget.All },
    };

    private static Conv2dLayer Convolution(int channels) => new(channels, 3) { Activation = Activation.Relu };

    private static DenseLayer Dense(int units) => new(units) { Activation = Activation.Relu };

    private static Model Cnn2() => new(
        "cnn2", TensorShape.Image(28, 28, 1), Adam(1e-3f, 5e-4f),
        Convolution(32), new MaxPool2dLayer(2), Convolution(64), new MaxPool2dLayer(2), new FlattenLayer(), Dense(64), new DenseLayer(10));

    private static Model Mlp10() => new(
        "mlp10", TensorShape.Features(2), Adam(0.01f, 1e-3f, LossKind.MeanSquaredError),
        Dense(10), new DenseLayer(1) { Activation = new Activation(ActivationKind.Sigmoid) });

    private static Model Mlp64x2() => new("mlp64x2", TensorShape.Features(784), Adam(1e-3f, 1e-3f), Dense(64), Dense(64), new DenseLayer(10));

    private static Model Cnn3() => new(
        "cnn3", TensorShape.Image(28, 28, 1), Adam(1e-3f, 0),
        Convolution(32), new MaxPool2dLayer(2), Convolution(64), new MaxPool2dLayer(2), Convolution(64), new FlattenLayer(), Dense(64), new DenseLayer(10));

    private static Model Mlp128()
    {
        var sgd = OptimizerOptions.DefaultsFor(OptimizerKind.Sgd) with { LearningRate = 0.01f, WeightDecay = 1e-4f, DecayOn = DecayTarget.All };
        return new("mlp128", TensorShape.Features(784), new TrainingRecipe { Optimizer = sgd }, Dense(128), new DenseLayer(10));
    }

    private static Layer[] Normalized(int channels, int stride = 1, bool activation = true) =>
    [
        new Conv2dLayer(channels, 3) { Stride = stride, Padding = 1, Bias = false },
        new BatchNormLayer { Activation = activation ? Activation.Relu : Activation.None },
    ];

    private static Model LeNet(string name, int side, int channels) => new(
        name, TensorShape.Image(side, side, channels), Adam(1e-3f, 5e-4f),
        [
            .. Normalized(32), .. Normalized(32), new MaxPool2dLayer(2), new DropoutLayer(0.25f),
            .. Normalized(64), .. Normalized(64), new MaxPool2dLayer(2), new DropoutLayer(0.25f), new FlattenLayer(),
            new DenseLayer(128) { Bias = false }, new BatchNormLayer { Activation = Activation.Relu }, new DropoutLayer(0.5f), new DenseLayer(10),
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

        return new("resnet20", TensorShape.Image(32, 32, 3), Nesterov(0.1f), [.. layers, new GlobalAvgPool2dLayer(), new DenseLayer(10)]);
    }

    private static Model VggSmall()
    {
        var layers = new List<Layer>();
        foreach (var channels in new[] { 64, 128, 256 })
            layers.AddRange([.. Normalized(channels), .. Normalized(channels), new MaxPool2dLayer(2)]);
        return new("vgg_small", TensorShape.Image(32, 32, 3), Nesterov(0.05f), [.. layers, new FlattenLayer(), new DenseLayer(10)]);
    }
}
