using Gpu.Kernels;
using Gpu.Tests.IO;
using Gpu.Training.Initialization;
using Gpu.Training.Layers;
using Gpu.Training.Loop;
using Gpu.Training.Models;
using Gpu.Training.Shapes;

namespace Gpu.Tests.Models;

public class ModelFileTests
{
    public static TheoryData<string> BuiltIn => [.. BuiltInModels.Names];

    [Theory]
    [MemberData(nameof(BuiltIn))]
    public void BuiltInModelsRoundTrip(string name)
    {
        var model = BuiltInModels.Get(name);
        var json = ModelFile.Write(model);
        var parsed = ModelFile.Parse(json);
        Assert.Equal(json, ModelFile.Write(parsed));
        Assert.Equal(model.Recipe, parsed.Recipe);
        Assert.Equal(model.Parameters.Select(Describe), parsed.Parameters.Select(Describe));
        Assert.Equal(model.Nodes.SelectMany(node => node.Flatten()).Select(node => (node.Name, node.Output)),
            parsed.Nodes.SelectMany(node => node.Flatten()).Select(node => (node.Name, node.Output)));
    }

    [Fact]
    public void EveryPropertyRoundTrips()
    {
        var layers = new Layer[]
        {
            new Conv2dLayer(8, new Extent(3, 5))
            {
                Name = "first", Stride = new Extent(2, 1), Padding = new Padding(1, 2, 0, 3), Dilation = 2, Groups = 2, Bias = false,
                Activation = new Activation(ActivationKind.LeakyRelu, 0.2f), Initializer = Initializer.HeNormal,
            },
            new ConvTranspose2dLayer(4, 4, 2) { Padding = Padding.Same, Activation = new Activation(ActivationKind.Silu) },
            new BatchNormLayer { Momentum = 0.05f, Epsilon = 1e-3f, Activation = Activation.Relu },
            new AvgPool2dLayer(3) { Stride = 2, Padding = 1, CountPadding = true },
            new ResidualBlock(new SequenceBlock(new Conv2dLayer(4, 1),
                new ActivationLayer(new Activation(ActivationKind.Gelu)))) { Activation = Activation.None },
            new UpsampleLayer(2), new DropoutLayer(0.1f), new GlobalAvgPool2dLayer(), new DenseLayer(2)
            {
                Initializer = Initializer.PyTorch, WeightDecay = 0, L1 = 0.01f, MaxNorm = 0.5f, LearningRateScale = 0.1f,
            },
        };
        var optimizer = OptimizerOptions.DefaultsFor(OptimizerKind.AdamW) with { LearningRate = 0.003f, Beta2 = 0.95, DecayOn = DecayTarget.All, L1 = 1e-6f,
            DecayConvention = DecayConvention.Full, DecaySchedule = DecaySchedule.Schedule, CautiousDecay = true, L1Mode = L1Mode.Proximal, MaxNorm = 3,
            SpectralNorm = 2 };
        var recipe = new TrainingRecipe { LabelSmoothing = 0.1f, Optimizer = optimizer };
        var model = new Model("all", TensorShape.Image(20, 20, 2), recipe, layers);
        var json = ModelFile.Write(model);
        var parsed = ModelFile.Parse(json);
        Assert.Equal(json, ModelFile.Write(parsed));
        Assert.Equal(recipe, parsed.Recipe);
        var first = Assert.IsType<Conv2dLayer>(parsed.Layers[0]);
        var expected = (Conv2dLayer)layers[0];
        Assert.Equal(
            (expected.Name, expected.Kernel, expected.Stride, expected.Padding, expected.Dilation, expected.Groups, expected.Bias, expected.Activation,
                expected.Initializer),
            (first.Name, first.Kernel, first.Stride, first.Padding, first.Dilation, first.Groups, first.Bias, first.Activation, first.Initializer));
        Assert.True(Assert.IsType<AvgPool2dLayer>(parsed.Layers[3]).CountPadding);
        Assert.Equal(ActivationKind.Identity, Assert.IsType<ResidualBlock>(parsed.Layers[4]).Activation.Kind);
    }

    [Fact]
    public void EveryActivationRoundTrips()
    {
        foreach (var kind in Enum.GetValues<ActivationKind>())
        {
            var json = ModelFile.Write(new Model("m", TensorShape.Features(3), new ActivationLayer(new Activation(kind)), new DenseLayer(2)));
            Assert.Equal(kind, Assert.IsType<ActivationLayer>(ModelFile.Parse(json).Layers[0]).Function.Kind);
        }

        Assert.Contains("\"softplus\"", ModelFile.Write(new Model(
            "m", TensorShape.Features(3), new DenseLayer(2) { Activation = new Activation(ActivationKind.Softplus) })));
    }

    [Fact]
    public void CommentsAndTrailingCommasAreAccepted()
    {
        var model = ModelFile.Parse("""
            {
              // two classes
              "input": [4],
              "layers": [{"type": "dense", "units": 2},],
            }
            """);
        Assert.Equal("2", model.Output.ToString());
    }

    [Theory]
    [InlineData("{\"input\": [4],\n \"layers\": [}", "line 2, column")]
    [InlineData("", "not JSON: line 1")]
    [InlineData("[]", "an object")]
    [InlineData("{\"layers\": []}", "'input' is missing")]
    [InlineData("{\"input\": [4]}", "'layers' is missing")]
    [InlineData("{\"input\": [4], \"layers\": []}", "no layers")]
    [InlineData("{\"input\": [4, 4], \"layers\": []}", "[height, width, channels]")]
    [InlineData("{\"input\": \"4\", \"layers\": []}", "\"4\" was found")]
    [InlineData("{\"input\": [4], \"layers\": 3}", "a list of layers")]
    [InlineData("{\"input\": [4], \"layers\": [3]}", "layers[0]: a layer")]
    [InlineData("{\"input\": [4], \"layers\": [{\"units\": 3}]}", "layers[0]: the property 'type' is missing")]
    [InlineData("{\"input\": [4], \"layers\": [{\"type\": \"dens\", \"units\": 3}]}", "no layer type 'dens'. Did you mean 'dense'?")]
    [InlineData("{\"input\": [4], \"layers\": [{\"type\": \"dense\", \"unit\": 3}]}", "layers[0] (dense): there is no property 'unit'. Did you mean 'units'?")]
    [InlineData("{\"input\": [4], \"layers\": [{\"type\": \"dense\"}]}", "layers[0] (dense): the property 'units' is missing")]
    [InlineData("{\"input\": [4], \"layers\": [{\"type\": \"dense\", \"units\": \"ten\"}]}",
        "layers[0] (dense): property 'units': a whole number is needed, but \"ten\" was found")]
    [InlineData("{\"input\": [4], \"layers\": [{\"type\": \"dense\", \"units\": 2.5}]}", "'units': a whole number")]
    [InlineData("{\"input\": [4], \"layers\": [{\"type\": \"dense\", \"units\": 2, \"units\": 3}]}", "'units' appears twice")]
    [InlineData("{\"input\": [4], \"layers\": [{\"type\": \"dense\", \"units\": 2, \"bias\": 1}]}", "'bias': true or false is needed")]
    [InlineData("{\"input\": [4], \"layers\": [{\"type\": \"dense\", \"units\": 2, \"activation\": \"rleu\"}]}", "Did you mean 'relu'?")]
    [InlineData("{\"input\": [8,8,1], \"layers\": [{\"type\": \"convolution\", \"channels\": 2, \"kernel\": [3]}]}", "'kernel': a whole number, or two")]
    [InlineData("{\"input\": [8,8,1], \"layers\": [{\"type\": \"convolution\", \"channels\": 2, \"kernel\": 3, \"padding\": \"full\"}]}",
        "\"same\", \"valid\"")]
    [InlineData("{\"input\": [8,8,1], \"layers\": [{\"type\": \"convolution\", \"channels\": 2, \"kernel\": 9}]}", "conv1")]
    [InlineData("{\"input\": [8,8,1], \"layers\": [{\"type\": \"residual\", \"body\": [{\"type\": \"dense\"}]}]}",
        "layers[0] (residual).body[0] (dense): the property 'units'")]
    [InlineData("{\"input\": [4], \"los\": 1, \"layers\": []}", "Did you mean 'loss'?")]
    [InlineData("{\"input\": [4], \"loss\": \"squared\", \"layers\": []}", "mean-squared-error")]
    [InlineData("{\"input\": [4], \"optimizer\": {\"kind\": \"adma\"}, \"layers\": []}", "Did you mean 'adam'?")]
    [InlineData("{\"input\": [4], \"optimizer\": {\"lr\": 1}, \"layers\": []}", "optimizer: there is no property 'lr'")]
    public void ErrorsNameTheFileAndTheProblem(string json, string expected)
    {
        var e = Assert.Throws<ModelException>(() => ModelFile.Parse(json, "net.json"));
        Assert.Contains("net.json", e.Message);
        Assert.Contains(expected, e.Message);
    }

    [Fact]
    public void MissingFileIsNamed() => Assert.Contains("nowhere.json", Assert.Throws<ModelException>(() => ModelFile.Find("nowhere.json")).Message);

    [Fact]
    public void FileRoundTrips()
    {
        using var folder = new TempFolder();
        var path = folder.File("cnn3.json");
        ModelFile.Save(BuiltInModels.Get("cnn3"), path);
        Assert.Equal(93322, ModelFile.Find(path).ParameterCount);
    }

    private static (string, string, bool, bool) Describe(ModelParameter parameter) =>
        (parameter.Name, string.Join("x", parameter.Shape), parameter.Trainable, parameter.Declaration.Decays);
}
