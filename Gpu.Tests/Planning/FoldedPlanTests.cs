using Gpu.Kernels;
using Gpu.Kernels.Devices;
using Gpu.Tests.Onnx;
using Gpu.Training.Layers;
using Gpu.Training.Models;
using Gpu.Training.Planning;
using Gpu.Training.Shapes;

namespace Gpu.Tests.Planning;

/// <summary>Evaluation with batch normalizations folded into the weights before them and with packed weights, against evaluation without.</summary>
public class FoldedPlanTests
{
    private static readonly PlanSettings Folding = new() { FoldBatchNorm = true, PackWeights = true };

    public static TheoryData<string> BuiltIns => [.. BuiltInModels.Names];

    [Theory]
    [MemberData(nameof(BuiltIns))]
    public void BuiltInModelsHaveTheSameOutputs(string name)
    {
        var model = OnnxSupport.BuiltIn(name);
        Compare(model);
        // In cifar_fast and fashion_fast they follow max pooling, in dcgan_small the first follows a reshape.
        Assert.Equal(name switch { "cifar_fast" or "fashion_fast" => 3, "dcgan_small" => 1, _ => 0 }, BatchNorms(model, false, Folding));
    }

    [Fact]
    public void RandomModelsHaveTheSameOutputs()
    {
        var (folded, kept) = (0, 0);
        for (var seed = 0; seed < 60; seed++)
        {
            var model = new RandomModels(seed).Next();
            Compare(model);
            var left = BatchNorms(model, false, Folding);
            kept += left;
            folded += BatchNorms(model, false, new PlanSettings()) - left;
        }

        Assert.True(folded > 5 && kept > 5, $"{folded} normalizations were folded and {kept} were not: too few of one kind");
    }

    // The layers, and the batch normalizations that are left.
    private static Dictionary<string, (Layer[] Layers, int Left)> Cases => new()
    {
        ["first layer"] = ([new BatchNormLayer(), new Conv2dLayer(4, 3)], 1),
        ["activation between"] = ([new Conv2dLayer(4, 3) { Activation = Activation.Relu }, new BatchNormLayer()], 1),
        ["after pooling"] = ([new Conv2dLayer(4, 3), new MaxPool2dLayer(2), new BatchNormLayer { Activation = Activation.Relu }], 1),
        ["before pooling"] = ([new Conv2dLayer(4, 3), new BatchNormLayer { Activation = Activation.Relu }, new MaxPool2dLayer(2)], 0),
        ["after concatenation"] = (
            [
                new Conv2dLayer(4, 1) { Name = "c" }, new ConcatLayer { Inputs = ["c", "input"] }, new BatchNormLayer(), new Conv2dLayer(4, 1),
                new BatchNormLayer(),
            ],
            1),
        ["two readers of the convolution"] = (
            [new Conv2dLayer(4, 1) { Name = "c" }, new BatchNormLayer { Name = "n" }, new AddLayer { Inputs = ["c", "n"] }], 1),
        ["two readers of the normalization"] = (
            [
                new Conv2dLayer(4, 1), new BatchNormLayer { Name = "n" }, new ActivationLayer(Activation.Relu) { Name = "r" },
                new AddLayer { Inputs = ["n", "r"] },
            ],
            0),
        ["after flatten"] = ([new Conv2dLayer(4, 1), new FlattenLayer(), new BatchNormLayer(), new DenseLayer(3)], 1),
        ["dense"] = (
            [new FlattenLayer(), new DenseLayer(5) { Bias = false }, new BatchNormLayer { Activation = new(ActivationKind.Gelu) }, new DenseLayer(3)], 0),
        ["depthwise"] = ([new Conv2dLayer(4, 3) { Groups = 4, Padding = 1, Bias = false }, new BatchNormLayer { Activation = Activation.Relu }], 0),
        ["groups"] = ([new Conv2dLayer(8, 3) { Groups = 2, Stride = 2 }, new BatchNormLayer()], 0),
        ["transposed"] = ([new ConvTranspose2dLayer(6, 3, 2) { Groups = 2 }, new BatchNormLayer { Activation = new(ActivationKind.Silu) }], 0),
        ["standardized"] = ([new Conv2dLayer(4, 3) { WeightStandardization = true }, new BatchNormLayer { Activation = Activation.Relu }], 0),
        ["twice"] = ([new Conv2dLayer(4, 3), new BatchNormLayer(), new BatchNormLayer()], 1),
        ["epsilon"] = ([new Conv2dLayer(4, 3), new BatchNormLayer { Epsilon = 0.5f }], 0),
        ["residual"] = (
            [
                new Conv2dLayer(4, 1), new ResidualBlock(new BatchNormLayer { Activation = Activation.Relu }, new Conv2dLayer(4, 3) { Padding = 1 }),
                new ResidualBlock(new Conv2dLayer(8, 3) { Padding = 1, Stride = 2 }, new BatchNormLayer()) { Shortcut = Shortcut.NormalizedProjection },
            ],
            1),
    };

    public static TheoryData<string> CaseNames => [.. Cases.Keys];

    [Theory]
    [MemberData(nameof(CaseNames))]
    public void LayersHaveTheSameOutputs(string name)
    {
        var (layers, left) = Cases[name];
        var model = new Model("special", TensorShape.Image(6, 5, 4), layers);
        Compare(model);
        Assert.Equal(left, BatchNorms(model, false, Folding));
    }

    [Fact]
    public void TrainingDoesNotFold() =>
        Assert.Equal(BatchNorms(BuiltInModels.Get("resnet20"), true, new PlanSettings()), BatchNorms(BuiltInModels.Get("resnet20"), true, Folding));

    [Fact]
    public void RequiredMemoryIncludesFoldedWeights()
    {
        using var device = new CpuDevice(threads: 1);
        var model = BuiltInModels.Get("resnet20");
        using var network = new Network(model, device);
        var before = device.AllocatedBytes;
        using var plans = new PlanCache(network.Memory, device, Folding);
        plans.Evaluation(3);
        var allocated = device.AllocatedBytes - before;
        var required = new MemoryRequirements(model, Folding, device).PlanBytes([], [3])!.Value;
        var unfolded = new MemoryRequirements(model, new PlanSettings()).PlanBytes([], [3])!.Value;
        Assert.InRange(required, allocated, allocated + (1 << 16));
        Assert.True(required > unfolded + sizeof(float) * 250_000, $"{required} with folded weights, {unfolded} without");
    }

    private static void Compare(Model model)
    {
        var weights = OnnxSupport.RandomWeights(model, 1);
        var inputs = OnnxSupport.Inputs(2 * model.Input.Length, 2);
        OnnxSupport.AssertClose(OnnxSupport.Run(model, weights, inputs), OnnxSupport.Run(model, weights, inputs, Folding));
    }

    private static int BatchNorms(Model model, bool training, PlanSettings settings)
    {
        var names = model.Nodes.SelectMany(node => node.Flatten()).Where(node => node.Layer is BatchNormLayer).Select(node => node.Name).ToHashSet();
        return PlanBuilder.Build(model, training, settings).Operations.Count(operation => names.Contains(operation.Name));
    }
}
