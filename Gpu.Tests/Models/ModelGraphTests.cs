using Gpu.Kernels;
using Gpu.Training.Layers;
using Gpu.Training.Models;
using Gpu.Training.Shapes;

namespace Gpu.Tests.Models;

public class ModelGraphTests
{
    private static readonly TensorShape Input = TensorShape.Image(8, 8, 3);

    [Fact]
    public void LayersReadTheLayersThatTheirInputsName()
    {
        var model = new Model(
            "u", Input, new Conv2dLayer(4, 3) { Padding = 1, Name = "skip" }, new MaxPool2dLayer(2), new UpsampleLayer(2),
            new ConcatLayer { Inputs = ["upsample1", "skip", "input"] });
        Assert.Equal("8x8x11", model.Output.ToString());
        Assert.Equal([2, 0, -1], model.Nodes[3].Sources);
        Assert.Equal([[-1], [0], [1]], model.Nodes.Take(3).Select(node => node.Sources));
    }

    [Fact]
    public void ModelFilesKeepTheGraph()
    {
        var model = new Model(
            "u", Input, new Conv2dLayer(3, 3) { Padding = 1 }, new ResidualBlock(
                new Conv2dLayer(3, 1), new AddLayer { Inputs = ["input", "conv1"], Activation = Activation.Relu }),
            new ConcatLayer { Inputs = ["residual1", "conv1"] }, new FlattenLayer(), new DenseLayer(2) { Inputs = ["flatten1"] });
        var text = ModelWriter.Write(model);
        var read = ModelReader.Read(text, "text");
        Assert.Equal(text, ModelWriter.Write(read));
        Assert.Equal(model.Nodes.SelectMany(node => node.Flatten()).Select(node => $"{node.Name} {node.Output} {string.Join(",", node.Sources)}"),
            read.Nodes.SelectMany(node => node.Flatten()).Select(node => $"{node.Name} {node.Output} {string.Join(",", node.Sources)}"));
    }

    public static TheoryData<string, string> Faults => new()
    {
        { """{"type":"flatten"},{"type":"dense","units":2,"inputs":["flaten1"]}""", "reads 'flaten1'*Did you mean 'flatten1'? Possible: input, flatten1" },
        { """{"type":"flatten"},{"type":"dense","units":2,"inputs":[]}""", "empty list of inputs" },
        { """{"type":"flatten"},{"type":"dense","units":2,"inputs":["dense1"]}""", "reads 'dense1'" },
        {
            """{"type":"flatten"},{"type":"dense","units":2,"inputs":["flatten1","input"]}""",
            "'dense1' (dense): it has 2 inputs (flatten1, input), but takes one"
        },
        { """{"type":"flatten"},{"type":"dense","units":2,"inputs":"flatten1"}""", "a list of strings is needed" },
        { """{"type":"flatten"},{"type":"dense","units":2,"inputs":[3]}""", "a list of strings is needed" },
        { """{"type":"flatten"},{"type":"concatenation"}""", "'concat1' (concatenation): it needs two or more inputs" },
        { """{"type":"dense","units":3},{"type":"flatten","inputs":["input"]},{"type":"dense","units":2}""", "Layer 'dense1'*" },
        { """{"type":"flatten"},{"type":"flatten","inputs":["input"]},{"type":"dense","units":2}""", "Layer 'flatten1' (flatten): no layer reads its output" },
        {
            """{"type":"convolution","channels":3,"kernel":3},{"type":"addition","inputs":["conv1","input"]}""",
            "'add1' (addition): it adds 'conv1' (6x6x3) and 'input' (8x8x3), whose shapes must be equal"
        },
        {
            """{"type":"convolution","channels":3,"kernel":3},{"type":"concatenation","inputs":["input","conv1"]}""",
            "'concat1' (concatenation): it joins 'input' (8x8x3) and 'conv1' (6x6x3), whose height and width must be equal"
        },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public void FaultsOfTheGraphAreNamed(string layers, string message)
    {
        var e = Assert.Throws<ModelException>(() => ModelReader.Read($$"""{"input":[8,8,3],"layers":[{{layers}}]}""", "text"));
        foreach (var part in message.Split('*')) Assert.Contains(part, e.Message, StringComparison.Ordinal);
    }
}
