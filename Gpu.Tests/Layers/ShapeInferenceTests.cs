using Gpu.Kernels;
using Gpu.Training.Layers;
using Gpu.Training.Models;
using Gpu.Training.Shapes;

namespace Gpu.Tests.Layers;

public class ShapeInferenceTests
{
    private static readonly TensorShape Input = TensorShape.Image(13, 10, 6);

    public static TheoryData<Layer, string> Shapes => new()
    {
        { new Conv2dLayer(8, 3), "11x8x8" },
        { new Conv2dLayer(8, 3) { Padding = Padding.Same }, "13x10x8" },
        { new Conv2dLayer(8, 3) { Padding = Padding.Same, Stride = 2 }, "7x5x8" },
        { new Conv2dLayer(8, new Extent(5, 1)) { Stride = new Extent(3, 2), Padding = new Padding(1, 0, 2, 1) }, "4x6x8" },
        { new Conv2dLayer(8, 3) { Dilation = 3 }, "7x4x8" },
        { new Conv2dLayer(12, 3) { Groups = 6, Padding = 1 }, "13x10x12" },
        { new ConvTranspose2dLayer(4, 3, 2), "27x21x4" },
        { new ConvTranspose2dLayer(4, 4, 2) { Padding = Padding.Same }, "26x20x4" },
        { new MaxPool2dLayer(2), "6x5x6" },
        { new MaxPool2dLayer(3) { Stride = 2, Padding = 1 }, "7x5x6" },
        { new AvgPool2dLayer(3) { Stride = 1, Padding = Padding.Same }, "13x10x6" },
        { new GlobalAvgPool2dLayer(), "6" },
        { new FlattenLayer(), "780" },
        { new UpsampleLayer(3), "39x30x6" },
        { new BatchNormLayer(), "13x10x6" },
        { new DropoutLayer(0.5f), "13x10x6" },
        { new ActivationLayer(new Activation(ActivationKind.Gelu)), "13x10x6" },
        { new SequenceBlock(new MaxPool2dLayer(2), new FlattenLayer(), new DenseLayer(3)), "3" },
        { new ResidualBlock(new Conv2dLayer(6, 3) { Padding = 1 }), "13x10x6" },
        { new ResidualBlock(new Conv2dLayer(8, 3) { Padding = 1, Stride = 2 }) { Shortcut = Shortcut.ZeroPadded }, "7x5x8" },
        { new ResidualBlock(new Conv2dLayer(5, 3) { Padding = 1, Stride = 3 }) { Shortcut = Shortcut.NormalizedProjection }, "5x4x5" },
    };

    public static TheoryData<Layer, string[]> InvalidLayers => new()
    {
        { new Conv2dLayer(8, 15), ["conv1", "15x15", "13x10x6", "smaller kernel"] },
        { new Conv2dLayer(8, 3) { Dilation = 7 }, ["conv1", "15x15"] },
        { new Conv2dLayer(8, 3) { Groups = 4 }, ["conv1", "groups is 4", "6 input channels"] },
        { new Conv2dLayer(0, 3), ["conv1", "channels is 0"] },
        { new Conv2dLayer(8, 3) { Stride = 0 }, ["conv1", "stride is 0x0"] },
        { new Conv2dLayer(8, 3) { Padding = new Padding(-1, 0, 0, 0) }, ["conv1", "padding is [-1", "each side must be 0 to"] },
        { new DenseLayer(10), ["dense1", "image of 13x10x6", "flatten"] },
        { new MaxPool2dLayer(20), ["maxpool1", "20x20"] },
        { new MaxPool2dLayer(2) { Padding = 2 }, ["maxpool1", "smaller than the window"] },
        { new DropoutLayer(1.5f), ["dropout1", "1.5"] },
        { new UpsampleLayer(0), ["upsample1", "factor is 0"] },
        { new ConvTranspose2dLayer(4, 3, 1) { Padding = 8 }, ["deconv1", "less padding"] },
        { new ResidualBlock(new Conv2dLayer(8, 3) { Padding = 1 }), ["residual1", "13x10x8", "13x10x6", "identity"] },
        { new ResidualBlock(new Conv2dLayer(9, 3) { Padding = 1 }) { Shortcut = Shortcut.ZeroPadded }, ["residual1", "9 channels of 6"] },
        { new ResidualBlock(new Conv2dLayer(6, 3)) { Shortcut = Shortcut.Projection }, ["residual1", "11x8x6"] },
        { new ResidualBlock { Body = [] }, ["residual1", "no layers"] },
        { new ResidualBlock(new Conv2dLayer(6, 3) { Padding = 1 }, new DenseLayer(2)), ["residual1.dense1", "flatten"] },
        { new SequenceBlock(new FlattenLayer(), new Conv2dLayer(6, 3)), ["sequence1.conv1", "780 features"] },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void InfersTheOutputShape(Layer layer, string expected)
    {
        Assert.Equal(expected, layer.InferShape(Input).ToString());
        Assert.Equal(expected, new Model("m", Input, layer).Output.ToString());
    }

    [Theory]
    [MemberData(nameof(InvalidLayers))]
    public void ErrorNamesTheLayerAndTheProblem(Layer layer, string[] parts)
    {
        var e = Assert.Throws<ModelException>(() => new Model("m", Input, layer));
        foreach (var part in parts) Assert.Contains(part, e.Message);
    }

    [Fact]
    public void NamesAreNumberedByKind()
    {
        var model = new Model(
            "m", Input, new Conv2dLayer(4, 3), new Conv2dLayer(4, 3) { Name = "conv2" }, new Conv2dLayer(4, 3),
            new ResidualBlock(new Conv2dLayer(4, 1)) { Shortcut = Shortcut.Projection }, new FlattenLayer(), new DenseLayer(2));
        Assert.Equal(["conv1", "conv2", "conv3", "residual1", "flatten1", "dense1"], model.Nodes.Select(node => node.Name));
        Assert.Equal(["residual1.conv1", "residual1.shortcut"], model.Nodes[3].Children.Select(node => node.Name));
        Assert.Contains("residual1.shortcut.weight", model.Parameters.Select(parameter => parameter.Name));
    }

    [Theory]
    [InlineData("a b")]
    [InlineData("")]
    [InlineData("x.y")]
    public void InvalidLayerNameThrows(string name) =>
        Assert.Contains("not a layer name", Assert.Throws<ModelException>(() => new Model("m", Input, new FlattenLayer { Name = name })).Message);

    [Fact]
    public void DuplicateLayerNameThrows()
    {
        var e = Assert.Throws<ModelException>(() => new Model("m", Input, new FlattenLayer { Name = "a" }, new DenseLayer(3) { Name = "a" }));
        Assert.Contains("'a'", e.Message);
    }

    [Fact]
    public void TooLargeATensorThrows()
    {
        var e = Assert.Throws<ModelException>(() => new Model("m", TensorShape.Features(100_000), new DenseLayer(1_000_000)));
        Assert.Contains("dense1", e.Message);
    }

    [Fact]
    public void ModelWithoutLayersThrows() => Assert.Contains("no layers", Assert.Throws<ModelException>(() => new Model("m", Input)).Message);

    [Fact]
    public void OnlyWeightsDecay()
    {
        var model = new Model("m", Input, new Conv2dLayer(4, 3), new BatchNormLayer(), new FlattenLayer(), new DenseLayer(2));
        var decaying = model.Parameters.Where(parameter => parameter.Declaration.Decays).Select(parameter => parameter.Name);
        Assert.Equal(["conv1.weight", "dense1.weight"], decaying);
        Assert.Equal(["batchnorm1.running_mean", "batchnorm1.running_variance"], model.Parameters.Where(parameter => !parameter.Trainable)
            .Select(parameter => parameter.Name));
    }
}
