using Gpu.Kernels;
using Gpu.Tests.Oracles;
using Gpu.Training.Initialization;
using Gpu.Training.Layers;
using Gpu.Training.Loop;
using Gpu.Training.Models;
using Gpu.Training.Planning;
using Gpu.Training.Shapes;

namespace Gpu.Tests.Planning;

/// <summary>
/// Small networks: outputs against a double-precision forward pass, and the gradients of every parameter against its central differences. They detect errors
/// that tests of single operations cannot: a wrong activation derivative, a gradient that is not accumulated, memory that is reused too early.
/// </summary>
public class WholeNetworkGradientTests
{
    private const int Batch = 3;
    private const ulong Seed = 7;

    private static readonly Activation Relu = Activation.Relu;
    private static readonly Activation Leaky = new(ActivationKind.LeakyRelu, 0.1f);
    private static readonly Activation Tanh = new(ActivationKind.Tanh);
    private static readonly Activation Sigmoid = new(ActivationKind.Sigmoid);
    private static readonly Activation Gelu = new(ActivationKind.Gelu);
    private static readonly Activation Silu = new(ActivationKind.Silu);
    private static readonly Activation Softplus = new(ActivationKind.Softplus);

    private static readonly Dictionary<string, Func<Model>> Networks = new()
    {
        ["convolutions and pooling, fused activations"] = () => Classifier(
            new Conv2dLayer(5, 3) { Activation = Relu, Padding = 1 }, new MaxPool2dLayer(2),
            new Conv2dLayer(4, 3) { Activation = Tanh, Dilation = 2, Padding = 2 }, new AvgPool2dLayer(2) { Stride = 1 },
            new Conv2dLayer(6, 2) { Activation = Leaky, Stride = 2 }, new FlattenLayer(), new DenseLayer(7) { Activation = Sigmoid }, new DenseLayer(4)),
        ["activations that need their input"] = () => Classifier(
            new Conv2dLayer(5, 3) { Activation = Gelu }, new Conv2dLayer(4, 3) { Activation = Silu },
            new BatchNormLayer { Activation = Gelu },
            new FlattenLayer(), new DenseLayer(6) { Activation = Silu }, new DropoutLayer(0.3f), new DenseLayer(4)),
        ["batch normalization and dropout"] = () => Classifier(
            new Conv2dLayer(4, 3) { Bias = false }, new BatchNormLayer { Activation = Relu }, new MaxPool2dLayer(2), new DropoutLayer(0.25f),
            new Conv2dLayer(5, 3) { Padding = 1, Activation = Relu }, new DropoutLayer(0.4f), new FlattenLayer(), new DenseLayer(9) { Bias = false },
            new BatchNormLayer { Activation = Relu }, new DropoutLayer(0.5f), new DenseLayer(4)),
        ["pooling fused with batch normalization"] = () => Classifier(
            new BatchNormLayer { Activation = Leaky }, new MaxPool2dLayer(2),
            new Conv2dLayer(5, 3) { Padding = 1, Activation = Tanh }, new BatchNormLayer { Activation = Gelu }, new MaxPool2dLayer(2),
            new ActivationLayer(Silu), new DropoutLayer(0.2f), new FlattenLayer(), new DenseLayer(4)),
        ["pooling fused with batch normalization, then an activation"] = () => Classifier(
            new Conv2dLayer(5, 3) { Padding = 1, Bias = false }, new BatchNormLayer(), new MaxPool2dLayer(2), new ActivationLayer(Gelu),
            new ResidualBlock(new Conv2dLayer(5, 3) { Padding = 1 }, new BatchNormLayer()), new MaxPool2dLayer(2), new FlattenLayer(),
            new DenseLayer(4)),
        ["dropout after each activation"] = () => Classifier(
            new FlattenLayer(), new DenseLayer(8) { Activation = Relu }, new DropoutLayer(0.3f), new DenseLayer(8) { Activation = Tanh },
            new DropoutLayer(0.3f),
            new DenseLayer(8) { Activation = Leaky }, new DropoutLayer(0.3f), new DropoutLayer(0.2f), new DenseLayer(4)),
        ["residual blocks"] = () => Classifier(
            new Conv2dLayer(4, 3) { Bias = false, Padding = 1 }, new BatchNormLayer { Activation = Relu },
            new ResidualBlock(new Conv2dLayer(4, 3) { Padding = 1 }, new BatchNormLayer { Activation = Relu },
                new Conv2dLayer(4, 3) { Padding = 1 }, new BatchNormLayer()),
            new ResidualBlock(new Conv2dLayer(6, 3) { Padding = 1, Stride = 2, Activation = Tanh }) { Shortcut = Shortcut.ZeroPadded },
            new ResidualBlock(new Conv2dLayer(5, 3) { Padding = 1, Stride = 2 }) { Shortcut = Shortcut.Projection, Activation = Tanh },
            new ResidualBlock(new Conv2dLayer(3, 1) { Activation = Relu }) { Shortcut = Shortcut.NormalizedProjection, Activation = Activation.None },
            new GlobalAvgPool2dLayer(), new DenseLayer(4)),
        ["nested residual blocks"] = () => Classifier(
            new Conv2dLayer(4, 3) { Activation = Relu, Padding = 1 },
            new ResidualBlock(
                new ActivationLayer(Tanh),
                new ResidualBlock(new BatchNormLayer { Activation = Relu }, new Conv2dLayer(4, 3) { Padding = 1 }) { Activation = Gelu },
                new DropoutLayer(0.2f)) { Activation = Leaky },
            new GlobalAvgPool2dLayer(), new DenseLayer(4)),
        ["softplus, fused and alone"] = () => Classifier(
            new Conv2dLayer(4, 3) { Padding = 1, Activation = Softplus }, new BatchNormLayer { Activation = Softplus }, new MaxPool2dLayer(2),
            new ResidualBlock(new Conv2dLayer(4, 3) { Padding = 1 }) { Activation = Softplus }, new ActivationLayer(Softplus),
            new FlattenLayer(), new DenseLayer(6) { Activation = Softplus }, new DropoutLayer(0.3f), new DenseLayer(4)),
        ["residual block first"] = () => Classifier(
            new ResidualBlock(new Conv2dLayer(3, 3) { Padding = 1 }), new ResidualBlock(new ActivationLayer(Tanh)), new FlattenLayer(), new DenseLayer(4)),
        ["residual addition over a dropout that gates a ReLU"] = () => Classifier(
            new ResidualBlock(new Conv2dLayer(3, 3) { Padding = 1, Activation = Relu }, new DropoutLayer(0.3f)) { Activation = Activation.None },
            new FlattenLayer(), new DenseLayer(4)),
        ["activation over a dropout that gates a ReLU"] = () => Classifier(
            new FlattenLayer(), new DenseLayer(8) { Activation = Relu }, new DropoutLayer(0.3f), new ActivationLayer(Sigmoid), new DenseLayer(4)),
        ["weight standardization"] = () => Classifier(
            new Conv2dLayer(5, 3) { Bias = false, WeightStandardization = true }, new BatchNormLayer { Activation = Relu },
            new Conv2dLayer(4, 3) { Activation = Tanh, Padding = 1, WeightStandardization = true },
            new ResidualBlock(new Conv2dLayer(4, 3) { Padding = 1, Groups = 2, WeightStandardization = true, Activation = Silu }),
            new FlattenLayer(), new DenseLayer(4)),
        ["spatial dropout"] = () => Classifier(
            new Conv2dLayer(6, 3) { Activation = Relu }, new DropoutLayer(0.4f) { Spatial = true }, new Conv2dLayer(5, 3) { Activation = Silu },
            new DropoutLayer(0.3f) { Spatial = true }, new FlattenLayer(), new DenseLayer(4)),
        ["only the shortcut has parameters"] = () => Classifier(
            new ResidualBlock(new ActivationLayer(Tanh)) { Shortcut = Shortcut.Projection, Activation = Leaky }, new FlattenLayer(), new DenseLayer(4)),
        ["up- and downsampling"] = () => Classifier(
            new Conv2dLayer(6, 3) { Stride = 2, Activation = Leaky, Groups = 3 }, new UpsampleLayer(2),
            new ConvTranspose2dLayer(4, 3, 2) { Activation = Relu, Groups = 2 }, new Conv2dLayer(4, 3) { Groups = 4, Stride = 2 },
            new BatchNormLayer { Activation = Tanh },
            new ConvTranspose2dLayer(3, 4, 2) { Padding = Padding.Same, Bias = false }, new MaxPool2dLayer(3) { Stride = 2, Padding = 1 },
            new FlattenLayer(), new DenseLayer(4)),
        ["u-net"] = () => Classifier(
            new Conv2dLayer(4, new Extent(2, 1)) { Activation = Relu }, new MaxPool2dLayer(2), new Conv2dLayer(5, 3) { Padding = 1, Activation = Gelu },
            new UpsampleLayer(2), new ConcatLayer { Inputs = ["conv1", "upsample1"] }, new BatchNormLayer { Activation = Relu },
            new Conv2dLayer(4, 3) { Padding = 1, Activation = Leaky }, new AddLayer { Inputs = ["conv3", "conv1", "conv3"], Activation = Tanh },
            new FlattenLayer(), new DenseLayer(4)),
        ["features that are joined"] = () => new Model(
            "m", TensorShape.Features(5), new DenseLayer(6) { Activation = Relu }, new DenseLayer(3) { Inputs = ["input"], Activation = Silu },
            new ConcatLayer { Inputs = ["dense2", "dense1", "input", "dense1"] }, new DenseLayer(4)),
        ["no parameters before the pooling"] = () => Classifier(
            new DropoutLayer(0.2f), new AvgPool2dLayer(3) { Stride = 2, Padding = 1, CountPadding = true }, new ActivationLayer(Tanh),
            new BatchNormLayer(), new Conv2dLayer(4, 2) { Activation = Relu }, new FlattenLayer(), new DenseLayer(4)),
        ["squared error through a sigmoid"] = () => new Model(
            "m", TensorShape.Features(5), new TrainingRecipe { Loss = LossKind.MeanSquaredError },
            new DenseLayer(6) { Activation = Relu }, new DenseLayer(3) { Activation = Sigmoid }),
        ["squared error through batch normalization"] = () => new Model(
            "m", TensorShape.Features(5), new TrainingRecipe { Loss = LossKind.MeanSquaredError },
            new DenseLayer(6) { Activation = Gelu }, new DenseLayer(3), new BatchNormLayer { Activation = Silu }),
    };

    public static TheoryData<string, string> Cases
    {
        get
        {
            var cases = new TheoryData<string, string>();
            foreach (var network in Networks.Keys)
                foreach (var device in TestDevices.Names)
                    cases.Add(network, device);
            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void GradientsEqualCentralDifferences(string network, string device) => CheckModel(Networks[network](), device);

    [Theory]
    [MemberData(nameof(TestDevices.All), MemberType = typeof(TestDevices))]
    public void GradientsWithStochasticDepthEqualCentralDifferences(string device) => CheckModel(
        Classifier(
            new Conv2dLayer(4, 3) { Activation = Relu, Padding = 1 },
            new ResidualBlock(new Conv2dLayer(4, 3) { Padding = 1 }, new BatchNormLayer { Activation = Relu }, new Conv2dLayer(4, 3) { Padding = 1 }),
            new ResidualBlock(new Conv2dLayer(6, 3) { Padding = 1, Stride = 2, Activation = Gelu }) { Shortcut = Shortcut.ZeroPadded, Activation = Tanh },
            new ResidualBlock(new Conv2dLayer(6, 3) { Padding = 1, Activation = Relu }) { Activation = Activation.None },
            new GlobalAvgPool2dLayer(), new DenseLayer(4)), device, stochasticDepth: 0.8f);

    /// <summary>
    /// Random layers, on one device: fusion, memory sharing and overwriting depend on which layers follow each other. Each number is a seed.
    /// </summary>
    [Theory]
    [MemberData(nameof(Seeds))]
    public void GradientsOfRandomNetworksEqualCentralDifferences(int seed)
    {
        var model = new RandomModels(seed).Next();
        try
        {
            CheckModel(model, "cpu128");
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"in the network {string.Join("; ", model.Nodes.Select(Describe))}: {e.Message}", e);
        }

        static string Describe(LayerNode node) => node.Children.Count == 0
            ? node.Name + string.Concat(node.Layer.GetType().GetProperties().Where(property => property.PropertyType == typeof(Activation))
                .Select(property => $" {((Activation)property.GetValue(node.Layer)!).Kind}"))
            : $"{node.Name} ({string.Join("; ", node.Children.Select(Describe))})";
    }

    public static TheoryData<int> Seeds => [.. Enumerable.Range(0, 150)];

    private static void CheckModel(Model model, string device, float stochasticDepth = 0)
    {
        using var lease = TestDevices.Rent(device);
        var compute = lease.Device;
        using var trained = new Network(model, compute, Seed);
        using var runner = new StepRunner(trained, Batch, new TrainingOptions { Seed = Seed, StochasticDepth = stochasticDepth });
        var random = new Random(11);
        var reference = new ReferenceNetwork(model, Seed, stochasticDepth);
        foreach (var parameter in model.Parameters)
        {
            // Perturbed, so that gamma and beta are not 1 and 0 and errors in their use are detected.
            var values = ParameterSampler.Sample(parameter, Seed).Select(value =>
                parameter.Trainable ? value + 0.2f * (random.NextSingle() - 0.5f) : value).ToArray();
            trained.SetParameter(parameter.Name, values);
            reference.Parameters[parameter.Name] = [.. values.Select(value => (double)value)];
        }

        var inputs = Enumerable.Range(0, Batch * model.Input.Length).Select(_ => 2 * random.NextSingle() - 1).ToArray();
        var samples = inputs.Select(value => (double)value).Chunk(model.Input.Length).ToArray();
        Func<double> loss;
        if (model.Recipe.Loss == LossKind.MeanSquaredError)
        {
            var targets = Enumerable.Range(0, Batch * model.Output.Length).Select(_ => random.NextSingle()).ToArray();
            runner.SetBatch(inputs, targets);
            loss = () => reference.SquaredError(samples, [.. targets.Select(value => (double)value).Chunk(model.Output.Length)]);
        }
        else
        {
            int[] labels = [3, 0, 2];
            runner.SetBatch(inputs, labels);
            loss = () => reference.CrossEntropy(samples, labels);
        }

        runner.ForwardBackward();
        Assert.Equal(loss(), runner.ReadLoss(), 2e-5);
        var outputs = reference.Forward(samples).SelectMany(row => row).ToArray();
        Assert.All(runner.ReadOutput().Zip(outputs), pair => Assert.Equal(pair.Second, pair.First, 1e-4));
        foreach (var parameter in model.Parameters.Where(parameter => parameter.Trainable))
            CheckGradient(parameter, trained.GetGradient(parameter.Name), reference, loss, random);
    }

    private static Model Classifier(params Layer[] layers) => new("m", TensorShape.Image(9, 8, 3), layers);

    private static void CheckGradient(ModelParameter parameter, float[] gradient, ReferenceNetwork reference, Func<double> loss, Random random)
    {
        // Small, so that hardly any value crosses the kink of a ReLU or changes places with another in a maximum.
        const double step = 1e-7;
        var values = reference.Parameters[parameter.Name];
        // The floor is for gradients that are 0 up to rounding, such as that of a bias before batch normalization.
        var scale = Math.Max(1e-2, gradient.Max(Math.Abs));
        var elements = Enumerable.Range(0, 5).Select(_ => random.Next(values.Length))
            .Append(Array.FindIndex(gradient, g => Math.Abs(g) == gradient.Max(Math.Abs))).Distinct();
        foreach (var i in elements.Where(i => i >= 0))
        {
            var value = values[i];
            values[i] = value + step;
            var above = loss();
            values[i] = value - step;
            var below = loss();
            values[i] = value;
            var expected = (above - below) / (2 * step);
            Assert.True(
                Math.Abs(gradient[i] - expected) <= 5e-4 * scale,
                $"gradient of {parameter.Name}[{i}] is {gradient[i]}, central difference {expected}, largest of the tensor {scale}");
        }
    }
}
