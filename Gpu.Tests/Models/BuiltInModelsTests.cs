using Gpu.Kernels.Devices;
using Gpu.Training.Data;
using Gpu.Training.Loop;
using Gpu.Training.Models;
using Gpu.Training.Planning;
using Gpu.Training.Shapes;

namespace Gpu.Tests.Models;

public class BuiltInModelsTests
{
    [Fact]
    public void DefaultModelFitsTheImageSizeAndTheClasses()
    {
        Assert.Equal(("cnn2", 10), Default(28, 28, 1, 10));
        Assert.Equal(("lenet_bn32", 2), Default(32, 32, 3, 2));
        Assert.Equal(("lenet_bn28", 5), Default(32, 32, 1, 5));
        Assert.Equal(("resnet20", 2), Default(64, 48, 3, 2));

        static (string Name, int Outputs) Default(int height, int width, int channels, int classes)
        {
            var model = BuiltInModels.DefaultFor(height, width, channels, classes);
            return (model.Name, model.Output.Length);
        }
    }

    [Fact]
    public void BuiltInModelsAdaptToTheData()
    {
        foreach (var name in BuiltInModels.Names)
        {
            // Their output is an image; see GenerationTrainingTests.
            if (BuiltInModels.TaskOf(name) is TaskKind.Autoencoding or TaskKind.Generation) continue;
            var isForMasks = BuiltInModels.IsForMasks(name);
            TensorShape[] inputs = isForMasks ? [TensorShape.Image(32, 32, 1), TensorShape.Image(48, 80, 3)]
                : [TensorShape.Image(28, 28, 1), TensorShape.Image(40, 52, 3)];
            foreach (var input in inputs)
            {
                var model = BuiltInModels.Create(name, input, 3);
                if (isForMasks) Assert.Equal(TensorShape.Image(input.Height, input.Width, 3), model.Output);
                else Assert.Equal(3, model.Output.Length);
                Assert.Equal(model.Input.IsImage ? input : TensorShape.Features(input.Length), model.Input);
                Assert.Equal(isForMasks || BuiltInModels.EndsInGlobalPooling(name), BuiltInModels.Create(name, TensorShape.Image(64, 64, 3), 3).ParameterCount
                    == BuiltInModels.Create(name, TensorShape.Image(128, 128, 3), 3).ParameterCount);
            }

            Assert.Equal(BuiltInModels.PublishedInput(name), BuiltInModels.Get(name).Input);
        }

        Assert.Contains("pool", Assert.Throws<ModelException>(() => BuiltInModels.Create("cnn2", TensorShape.Image(3, 3, 1), 2)).Message);
    }

    [Theory]
    [InlineData("autoencoder_small")]
    [InlineData("vae_small")]
    [InlineData("dcgan_small")]
    public void NetworksForImagesGiveImagesOfTheSizeOfTheData(string name)
    {
        foreach (var shape in new[] { TensorShape.Image(28, 28, 1), TensorShape.Image(32, 32, 3), TensorShape.Image(20, 36, 3) })
        {
            var model = BuiltInModels.Create(name, shape, shape.Channels);
            Assert.Equal(shape, model.Output);
            Assert.Equal(name == "dcgan_small" ? TensorShape.Features(64) : shape, model.Input);
            if (name == "dcgan_small") Assert.Equal(shape, model.Discriminator!.Input);
        }

        Assert.Contains("multiples of 4", Assert.Throws<ModelException>(
            () => BuiltInModels.Create(name, TensorShape.Image(30, 32, 1), 1)).Message, StringComparison.Ordinal);
    }

    /// <summary>Numbers from PyTorch: the sum of p.numel() over the parameters, and millions of operations per sample (two per multiply-add).</summary>
    [Theory]
    [InlineData("cnn2", 121930, 5.056)]
    [InlineData("mlp10", 41, 0.0001)]
    [InlineData("mlp64x2", 55050, 0.1098)]
    [InlineData("cnn3", 93322, 5.5885)]
    [InlineData("mlp128", 101770, 0.2033)]
    [InlineData("lenet_bn28", 468138, 37.3837)]
    [InlineData("lenet_bn32", 591594, 50.0065)]
    [InlineData("resnet20", 269722, 81.1021)]
    [InlineData("vgg_small", 1187274, 305.6108)]
    [InlineData("cifar_fast", 1972792, 236.2947)]
    [InlineData("fashion_fast", 560168, 68.0356)]
    [InlineData("resnet18", 11689512, 3628.1467)]
    [InlineData("mobilenet_small", 590410, 59.3331)]
    public void ParameterAndOperationCountsEqualPyTorchs(string name, long parameters, double megaFlops)
    {
        var model = BuiltInModels.Get(name);
        Assert.Equal(parameters, model.ParameterCount);
        Assert.Equal(megaFlops, 2e-6 * model.MultiplyAdds, 1e-4);
    }

    [Theory]
    [InlineData("resnet18")]
    [InlineData("mobilenet_small")]
    public void TheNetworksForPhotosLearn(string name)
    {
        using var device = new CpuDevice(2);
        using var network = new Network(BuiltInModels.Create(name, TensorShape.Image(40, 36, 3), 3), device);
        // The recipes are for batches of 64.
        using var runner = new StepRunner(network, 6);
        runner.LearningRate *= 6f / 64;
        var random = new Random(4);
        float[] images = [.. Enumerable.Range(0, 6 * network.Model.Input.Length).Select(_ => random.NextSingle() - 0.5f)];
        runner.SetBatch(images, [0, 1, 2, 2, 1, 0]);
        runner.Step();
        var first = runner.ReadLoss();
        for (var i = 0; i < 15; i++) runner.Step();
        Assert.True(runner.ReadLoss() < 0.5 * first, $"loss {first} at first, {runner.ReadLoss()} after 16 steps");
    }

    [Fact]
    public void EveryModelHasADescription() => Assert.All(BuiltInModels.Names, name => Assert.NotEmpty(BuiltInModels.Describe(name)));

    [Fact]
    public void UnknownNameSuggestsTheNearest()
    {
        var e = Assert.Throws<ModelException>(() => BuiltInModels.Get("resnet2"));
        Assert.Contains("'resnet20'?", e.Message);
    }
}
