using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using Gpu.Kernels.Devices;
using Gpu.Tests.IO;
using Gpu.Tests.Loop;
using Gpu.Training.Layers;
using Gpu.Training.Loop;
using Gpu.Training.Models;
using Gpu.Training.Planning;
using Gpu.Training.Shapes;
using Gpu.Training.Weights;

namespace Gpu.Tests.Weights;

public class WeightTransferTests
{
    [Fact]
    public void TheHeadOfARunIsMatchedByTheNamesOfTheClasses()
    {
        using var folder = new TempFolder();
        using var device = new CpuDevice(1);
        var run = folder.File("run");
        var data = SmallData.Squares();
        using (var trainer = new Trainer(SmallData.Network(), data, device, new TrainingOptions { Epochs = 1, OutputFolder = run })) trainer.Run();
        using var source = new Network(SmallData.Network(), device, seed: 7);
        WeightFile.Load(source, Path.Combine(run, "best.safetensors"));
        var (weight, bias) = (source.GetParameter("dense2.weight"), source.GetParameter("dense2.bias"));

        // Another order, and a class that the run does not have.
        using var target = new Network(SmallData.Network(), device, seed: 8);
        var initial = target.GetParameter("dense2.weight");
        var messages = WeightTransfer.Load(target, run, WeightLayout.Native, ["bottom right", "top left", "middle", "bottom left"]);
        Assert.Equal(
            "The classes of 'dense2' are matched by name: 3 of 4 are classes of the run. New, left at their initial values: middle. Not in the data, left out: "
            + "top right.", messages[^1]);
        var (got, gotBias) = (target.GetParameter("dense2.weight"), target.GetParameter("dense2.bias"));
        int[] from = [3, 0, -1, 2];
        for (var row = 0; row < 12; row++)
        {
            for (var c = 0; c < 4; c++)
                Assert.Equal(from[c] < 0 ? initial[4 * row + c] : weight[4 * row + from[c]], got[4 * row + c]);
        }

        Assert.Equal([bias[3], bias[0], 0, bias[2]], gotBias);
        Assert.Equal(source.GetParameter("conv1.weight"), target.GetParameter("conv1.weight"));

        // The same classes in the same order are not mentioned.
        Assert.Single(WeightTransfer.Load(target, run, WeightLayout.Native, data.ClassNames));
        Assert.Equal(weight, target.GetParameter("dense2.weight"));
    }

    [Fact]
    public void AHeadOfAnotherSizeIsLeftOutAndSaid()
    {
        using var folder = new TempFolder();
        using var device = new CpuDevice(1);
        using var source = new Network(BuiltInModels.Create("resnet20", TensorShape.Image(32, 32, 3), 10), device, seed: 1);
        using var target = new Network(BuiltInModels.Create("resnet20", TensorShape.Image(48, 48, 3), 3), device, seed: 2);
        var head = target.GetParameter("dense1.weight");
        WeightFile.Save(source, folder.File("w.safetensors"));
        var messages = WeightTransfer.Load(target, folder.File("w.safetensors"), WeightLayout.Native);
        var count = target.Model.Parameters.Count;
        Assert.Contains($"{count - 2} of {count} tensors loaded", messages[0]);
        Assert.Equal("dense1.weight: 64x10 in the file, 64x3 in the network: left at its initial values", messages[1]);
        Assert.Equal("dense1.bias: 10 in the file, 3 in the network: left at its initial values", messages[2]);
        Assert.Equal(3, messages.Count);
        Assert.Equal(head, target.GetParameter("dense1.weight"));
        Assert.Equal(source.GetParameter("residual9.conv2.weight"), target.GetParameter("residual9.conv2.weight"));
    }

    [Fact]
    public void MissingAndExtraTensorsAreCounted()
    {
        using var folder = new TempFolder();
        using var device = new CpuDevice(1);
        using var target = new Network(Small(), device);
        var writer = new SafeTensorsWriter();
        writer.Add("conv1.bias", [2], new float[] { 3, 4 });
        writer.Add("other.weight", [1], new float[] { 5 });
        writer.Write(folder.File("w.safetensors"));
        var messages = WeightTransfer.Load(target, folder.File("w.safetensors"), WeightLayout.Native);
        Assert.Equal([3f, 4f], target.GetParameter("conv1.bias"));
        Assert.Contains("3 not in the file, left at their initial values (conv1.weight, dense1.weight, dense1.bias)", messages[1]);
        Assert.Contains("1 in the file not in the network, ignored (other.weight)", messages[1]);
    }

    [Fact]
    public void NothingMatchedIsAnError()
    {
        using var folder = new TempFolder();
        using var device = new CpuDevice(1);
        using var source = new Network(BuiltInModels.Get("cnn2"), device);
        using var target = new Network(BuiltInModels.Get("mlp10"), device);
        WeightFile.Save(source, folder.File("w.safetensors"));
        var e = Assert.Throws<SafeTensorsException>(() => WeightTransfer.Load(target, folder.File("w.safetensors"), WeightLayout.Native));
        Assert.Contains("No tensor of", e.Message);
        Assert.Contains("conv1.weight", e.Message);
        Assert.Contains("--init-layout torch", e.Message);
    }

    [Fact]
    public void OtherFloatTypesAreConverted()
    {
        using var folder = new TempFolder();
        using var device = new CpuDevice(1);
        var model = new Model("three", TensorShape.Features(1), new DenseLayer(3) { Bias = false });
        float[] values = [1.5f, -0.25f, 1024f];
        foreach (var (type, bytes) in new[]
            {
                ("F16", values.SelectMany(value => BitConverter.GetBytes((Half)value))),
                ("BF16", values.SelectMany(value => BitConverter.GetBytes((ushort)(BitConverter.SingleToUInt32Bits(value) >> 16)))),
                ("F64", values.SelectMany(value => BitConverter.GetBytes((double)value))),
            })
        {
            File.WriteAllBytes(folder.File("w.safetensors"), SafeTensors(type, "dense1.weight", [1, 3], [.. bytes]));
            using var network = new Network(model, device);
            WeightTransfer.Load(network, folder.File("w.safetensors"), WeightLayout.Native);
            Assert.Equal(values, network.GetParameter("dense1.weight"));
        }

        File.WriteAllBytes(folder.File("w.safetensors"), SafeTensors("I16", "dense1.weight", [1, 3], new byte[6]));
        using var other = new Network(model, device);
        Assert.Contains("I16", Assert.Throws<SafeTensorsException>(
            () => WeightTransfer.Load(other, folder.File("w.safetensors"), WeightLayout.Native)).Message);
    }

    [Fact]
    public void TorchLayoutsAreConverted()
    {
        // Conv2d(1, 2, 3), BatchNorm2d(2), Flatten, Linear(2*2*3, 2): y = W flatten_chw(conv(x)), computed index by index in PyTorch's layouts.
        using var folder = new TempFolder();
        using var device = new CpuDevice(1);
        var model = new Model("net", TensorShape.Image(4, 5, 3),
            new Conv2dLayer(2, 3), new BatchNormLayer(), new FlattenLayer(), new DenseLayer(4));
        var random = new Random(3);
        float[] Draw(int count, float least = -1) => [.. Enumerable.Range(0, count).Select(_ => least + random.NextSingle() * (1 - least))];
        var (conv, bias, scale, shift, mean, variance) = (Draw(2 * 3 * 9), Draw(2), Draw(2), Draw(2), Draw(2), Draw(2, 0.5f));
        var (linear, linearBias, image) = (Draw(4 * 12), Draw(4), Draw(60));
        var writer = new SafeTensorsWriter();
        writer.Add("10.bias", [4], linearBias);
        writer.Add("10.weight", [4, 12], linear);
        writer.Add("0.weight", [2, 3, 3, 3], conv);
        writer.Add("0.bias", [2], bias);
        writer.Add("1.weight", [2], scale);
        writer.Add("1.bias", [2], shift);
        writer.Add("1.running_mean", [2], mean);
        writer.Add("1.running_var", [2], variance);
        writer.Add("1.num_batches_tracked", [], new int[] { 7 });
        writer.Write(folder.File("w.safetensors"));
        using var network = new Network(model, device);
        var message = Assert.Single(WeightTransfer.Load(network, folder.File("w.safetensors"), WeightLayout.Torch));
        Assert.Contains("8 of 8", message);

        var features = new double[12];
        for (var o = 0; o < 2; o++)
        {
            for (var y = 0; y < 2; y++)
            {
                for (var x = 0; x < 3; x++)
                {
                    double sum = bias[o];
                    for (var i = 0; i < 3; i++)
                        for (var ky = 0; ky < 3; ky++)
                            for (var kx = 0; kx < 3; kx++)
                                sum += conv[((o * 3 + i) * 3 + ky) * 3 + kx] * image[((y + ky) * 5 + x + kx) * 3 + i];
                    features[(o * 2 + y) * 3 + x] = (sum - mean[o]) / Math.Sqrt(variance[o] + 1e-5) * scale[o] + shift[o];
                }
            }
        }

        using var runner = new Gpu.Training.Loop.StepRunner(network, 1, new() { });
        runner.SetBatch(image, [0]);
        var output = runner.Evaluate();
        for (var k = 0; k < 4; k++)
            Assert.Equal(linearBias[k] + features.Select((value, i) => value * linear[k * 12 + i]).Sum(), output[k], 1e-4);
    }

    [Fact]
    public void TorchvisionsResNet18IsRecognized()
    {
        using var folder = new TempFolder();
        using var device = new CpuDevice(1);
        using var network = new Network(BuiltInModels.Create("resnet18", TensorShape.Image(64, 64, 3), 5), device, seed: 1);
        var writer = new SafeTensorsWriter();
        var tensors = TorchvisionResNet18().ToArray();
        // safetensors sorts by name. Each tensor is filled with its number, which tells which one arrived where.
        foreach (var (index, tensor) in tensors.OrderBy(tensor => tensor.Name, StringComparer.Ordinal).Index())
        {
            var values = new float[tensor.Shape.Aggregate(1, (product, extent) => product * extent)];
            Array.Fill(values, index + 1);
            writer.Add(tensor.Name, tensor.Shape, values);
        }

        writer.Write(folder.File("resnet18.safetensors"));
        var numbers = tensors.Select(tensor => tensor.Name).Order(StringComparer.Ordinal).Index().ToDictionary(pair => pair.Item, pair => pair.Index + 1f);
        var messages = WeightTransfer.Load(network, folder.File("resnet18.safetensors"), WeightLayout.Torch);
        Assert.Equal(3, messages.Count);
        Assert.Contains("100 of 102 tensors", messages[0]);
        Assert.Equal("dense1.weight: 512x1000 in the file, 512x5 in the network: left at its initial values", messages[1]);
        foreach (var (ours, theirs) in new[]
            {
                ("conv1.weight", "conv1.weight"), ("batchnorm1.gamma", "bn1.weight"), ("batchnorm1.running_variance", "bn1.running_var"),
                ("residual1.conv2.weight", "layer1.0.conv2.weight"), ("residual2.batchnorm1.beta", "layer1.1.bn1.bias"),
                ("residual3.shortcut.weight", "layer2.0.downsample.0.weight"), ("residual3.shortcut_norm.gamma", "layer2.0.downsample.1.weight"),
                ("residual3.batchnorm2.running_mean", "layer2.0.bn2.running_mean"), ("residual8.conv1.weight", "layer4.1.conv1.weight"),
            })
            Assert.All(network.GetParameter(ours), value => Assert.Equal(numbers[theirs], value));
    }

    [Fact]
    public void AnotherNumberOfLayersIsAnError()
    {
        using var folder = new TempFolder();
        using var device = new CpuDevice(1);
        using var network = new Network(BuiltInModels.Get("cnn3"), device);
        var writer = new SafeTensorsWriter();
        writer.Add("0.weight", [32, 1, 3, 3], new float[288]);
        writer.Write(folder.File("w.safetensors"));
        var e = Assert.Throws<SafeTensorsException>(() => WeightTransfer.Load(network, folder.File("w.safetensors"), WeightLayout.Torch));
        Assert.Contains("has 1 layers of the kind convolution", e.Message);
        Assert.Contains("has 3", e.Message);
    }

    private static Model Small() => new("small", TensorShape.Image(3, 3, 1), new Conv2dLayer(2, 3), new FlattenLayer(), new DenseLayer(2));

    private static IEnumerable<(string Name, int[] Shape)> TorchvisionResNet18()
    {
        static IEnumerable<(string, int[])> Norm(string name, int channels)
        {
            foreach (var tensor in new[] { "weight", "bias", "running_mean", "running_var" }) yield return ($"{name}.{tensor}", [channels]);
            yield return ($"{name}.num_batches_tracked", []);
        }

        yield return ("conv1.weight", [64, 3, 7, 7]);
        foreach (var tensor in Norm("bn1", 64)) yield return tensor;
        var inputs = 64;
        foreach (var (stage, channels) in new[] { (1, 64), (2, 128), (3, 256), (4, 512) })
        {
            for (var block = 0; block < 2; block++)
            {
                var name = $"layer{stage}.{block}";
                yield return ($"{name}.conv1.weight", [channels, inputs, 3, 3]);
                foreach (var tensor in Norm($"{name}.bn1", channels)) yield return tensor;
                yield return ($"{name}.conv2.weight", [channels, channels, 3, 3]);
                foreach (var tensor in Norm($"{name}.bn2", channels)) yield return tensor;
                if (inputs != channels)
                {
                    yield return ($"{name}.downsample.0.weight", [channels, inputs, 1, 1]);
                    foreach (var tensor in Norm($"{name}.downsample.1", channels)) yield return tensor;
                }

                inputs = channels;
            }
        }

        yield return ("fc.weight", [1000, 512]);
        yield return ("fc.bias", [1000]);
    }

    private static byte[] SafeTensors(string type, string name, int[] shape, byte[] data)
    {
        var header = JsonSerializer.Serialize(new Dictionary<string, object>
        {
            [name] = new { dtype = type, shape, data_offsets = new[] { 0, data.Length } },
        });
        var length = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
        return [.. length, .. Encoding.ASCII.GetBytes(header), .. data];
    }
}
