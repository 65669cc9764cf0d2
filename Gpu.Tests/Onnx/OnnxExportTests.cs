using Gpu.Kernels;
using Gpu.Tests.Planning;
using Gpu.Training.Data;
using Gpu.Training.Layers;
using Gpu.Training.Models;
using Gpu.Training.Onnx;
using Gpu.Training.Onnx.Proto;
using Gpu.Training.Shapes;

namespace Gpu.Tests.Onnx;

public class OnnxExportTests
{
    public static TheoryData<string, bool> BuiltIns()
    {
        var data = new TheoryData<string, bool>();
        foreach (var name in BuiltInModels.Names)
        {
            data.Add(name, false);
            data.Add(name, true);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(BuiltIns))]
    public void BuiltInModelsHaveTheSameOutputsInOnnxRuntime(string name, bool folds)
    {
        Compare(OnnxSupport.BuiltIn(name), 3, new OnnxOptions { FoldBatchNorm = folds });
    }

    [Fact]
    public void RandomGraphsHaveTheSameOutputsInOnnxRuntime()
    {
        for (var seed = 0; seed < 60; seed++)
            Compare(new RandomModels(seed).Next(), 2, new OnnxOptions { FoldBatchNorm = seed % 2 == 0 });
    }

    public static TheoryData<string> Layers => new(Special.Keys);

    private static Dictionary<string, Layer[]> Special => new()
    {
        ["transposed"] = [
            new ConvTranspose2dLayer(4, 3, 2) { Padding = 1, Groups = 2, Activation = new(ActivationKind.Silu) }, new BatchNormLayer(),
            new ConvTranspose2dLayer(5, new Extent(2, 3), new Extent(2, 1)) { Padding = Padding.Same, Dilation = 2, Bias = false }],
        ["folded transposed"] = [new ConvTranspose2dLayer(6, 3, 2) { Groups = 2 }, new BatchNormLayer { Activation = Activation.Relu }],
        ["groups"] = [
            new Conv2dLayer(8, 3) { Groups = 4, Stride = new Extent(1, 2), Padding = Padding.Same },
            new Conv2dLayer(8, 3) { Groups = 8, Dilation = 2, Padding = 2 }],
        ["padding"] = [
            new Conv2dLayer(4, 4) { Padding = Padding.Same, Stride = 2 }, new MaxPool2dLayer(3) { Stride = 2, Padding = Padding.Same },
            new AvgPool2dLayer(2) { Stride = 1, Padding = new Padding(1, 0, 0, 1) }, new AvgPool2dLayer(2) { Stride = 1, Padding = 1, CountPadding = true }],
        ["zero-padded"] = [
            new ResidualBlock(new Conv2dLayer(8, 3) { Padding = 1, Stride = 2 }) { Shortcut = Shortcut.ZeroPadded, Activation = new(ActivationKind.Gelu) },
            new ResidualBlock(new Conv2dLayer(10, 1)) { Shortcut = Shortcut.ZeroPadded, Activation = new(ActivationKind.LeakyRelu, 0.2f) }],
        ["upsampling"] = [
            new Conv2dLayer(4, 1), new UpsampleLayer(3) { Name = "up" }, new AvgPool2dLayer(3), new ConcatLayer { Inputs = ["avgpool1", "input"] }],
        ["activations"] = [new Conv2dLayer(4, 1), .. Enum.GetValues<ActivationKind>().Select(kind => new ActivationLayer(new(kind, 0.3f)))],
        ["flattened"] = [
            new FlattenLayer(), new BatchNormLayer { Activation = Activation.Relu }, new DenseLayer(5), new BatchNormLayer(), new DropoutLayer(0.5f),
            new DenseLayer(3) { Bias = false }],
        ["flattened branches"] = [
            new FlattenLayer(), new ActivationLayer(new(ActivationKind.Tanh)) { Name = "a" }, new AddLayer { Inputs = ["a", "flatten1"] },
            new ConcatLayer { Inputs = ["add1", "a"] }, new DenseLayer(4)],
        ["flattened residual"] = [
            new FlattenLayer(), new ResidualBlock(new DenseLayer(6 * 5 * 4)), new DenseLayer(4)],
        ["flattened output"] = [new Conv2dLayer(4, 1), new FlattenLayer()],
        ["two readers"] = [
            new Conv2dLayer(4, 1) { Name = "c" }, new BatchNormLayer { Name = "n" }, new AddLayer { Inputs = ["c", "n"] }],
    };

    [Theory]
    [MemberData(nameof(Layers))]
    public void LayersHaveTheSameOutputsInOnnxRuntime(string name)
    {
        var model = new Model("special", TensorShape.Image(6, 5, 4), Special[name]);
        Compare(model, 2, new OnnxOptions());
        Compare(model, 2, new OnnxOptions { FoldBatchNorm = true });
    }

    [Theory]
    [InlineData(OnnxInput.Bytes)]
    [InlineData(OnnxInput.Unit)]
    public void TheGraphNormalizesPixels(OnnxInput input)
    {
        foreach (var (name, shape) in new[] { ("cnn2", TensorShape.Image(16, 16, 3)), ("mlp128", TensorShape.Features(48)) })
        {
            var model = BuiltInModels.Create(name, shape, 4);
            var statistics = new ChannelStatistics([0.2f, 0.4f, 0.6f], [0.1f, 0.2f, 0.3f]);
            var weights = OnnxSupport.RandomWeights(model, 1);
            var pixels = new byte[2 * model.Input.Length];
            new Random(2).NextBytes(pixels);
            var normalized = pixels.Select((pixel, i) => (pixel / 255f - statistics.Mean[i % 3]) / statistics.StandardDeviation[i % 3]).ToArray();
            var file = OnnxExporter.Write(model, weights, new OnnxOptions { Input = input, Normalization = statistics });
            var actual = input == OnnxInput.Bytes ? OnnxSupport.RunOnnx(file, model, [.. pixels.Select(pixel => (float)pixel)], value => (byte)value)
                : OnnxSupport.RunOnnx(file, model, [.. pixels.Select(pixel => pixel / 255f)]);
            OnnxSupport.AssertClose(OnnxSupport.Run(model, weights, normalized), actual);
        }
    }

    [Fact]
    public void TheGraphEndsInProbabilitiesByChoice()
    {
        var model = BuiltInModels.Create("mlp64x2", TensorShape.Features(6), 3);
        var weights = OnnxSupport.RandomWeights(model, 1);
        var inputs = OnnxSupport.Inputs(4 * 6, 2);
        var logits = OnnxSupport.Run(model, weights, inputs).Chunk(3).ToArray();
        var expected = logits.SelectMany(row => row.Select(logit => (float)(Math.Exp(logit) / row.Sum(other => Math.Exp(other)))));
        var options = new OnnxOptions { Probabilities = true };
        OnnxSupport.AssertClose([.. expected], OnnxSupport.RunOnnx(OnnxExporter.Write(model, weights, options), model, inputs));

        var binary = new Model("b", TensorShape.Features(6), new TrainingRecipe { Loss = LossKind.BinaryCrossEntropy }, new DenseLayer(1));
        weights = OnnxSupport.RandomWeights(binary, 1);
        var yes = OnnxSupport.Run(binary, weights, inputs).Select(logit => (float)(1 / (1 + Math.Exp(-logit)))).ToArray();
        OnnxSupport.AssertClose(yes, OnnxSupport.RunOnnx(OnnxExporter.Write(binary, weights, options), binary, inputs));
        var regression = BuiltInModels.Get("mlp10");
        var mistake = Assert.Throws<OnnxException>(() => OnnxExporter.Write(regression, OnnxSupport.RandomWeights(regression, 1), options));
        Assert.Contains("numbers", mistake.Message);
    }

    private static void Compare(Model model, int batch, OnnxOptions options)
    {
        var weights = OnnxSupport.RandomWeights(model, 1);
        var inputs = OnnxSupport.Inputs(batch * model.Input.Length, 2);
        var file = OnnxExporter.Write(model, weights, options);
        OnnxSupport.AssertClose(OnnxSupport.Run(model, weights, inputs), OnnxSupport.RunOnnx(file, model, inputs));
        if (options.FoldBatchNorm && model.Name is ("resnet20" or "vgg_small"))
            Assert.DoesNotContain(ModelProto.Parser.ParseFrom(file).Graph.Node, node => node.OpType == "BatchNormalization");
    }
}
