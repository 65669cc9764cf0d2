using Gpu.Kernels.Devices;
using Gpu.Tests.Cli;
using Gpu.Tests.IO;
using Gpu.Tests.Onnx;
using Gpu.Training.Data;
using Gpu.Training.Loop;
using Gpu.Training.Models;
using Gpu.Training.Planning;
using Gpu.Training.Shapes;

namespace Gpu.Tests.Loop;

public class FoldedPredictorTests
{
    [Fact]
    public void PredictionsFoldBatchNormalizationsAndEvaluationsDoNot()
    {
        using var folder = new TempFolder();
        var run = folder.File("run");
        var train = CommandLine.Run(
            "train", "--model", "lenet_bn28", "--limit-train", "96", "--limit-test", "32", "--batch", "32", "--epochs", "1", "--out", run);
        Assert.True(train.ExitCode == 0, train.Error);
        var images = new ImageSplit(Pixels(7), [0, 1, 2, 3, 4, 5, 6], 28, 28, 1);
        using var device = new CpuDevice(threads: 1);
        using var folded = Predictor.Open(run, device, batch: 3);
        using var plain = Predictor.Open(run, device, batch: 3, foldBatchNorm: false);
        var (expected, actual) = (plain.Predict(images.Pixels, 7).Cast<float>().ToArray(), folded.Predict(images.Pixels, 7).Cast<float>().ToArray());
        OnnxSupport.AssertClose(expected, actual);
        // Rounding shows that they were folded at all.
        Assert.NotEqual(expected, actual);
        Assert.Equal(plain.Evaluate(images).Loss, folded.Evaluate(images).Loss);
        Assert.Equal(actual, folded.Predict(images.Pixels, 7).Cast<float>().ToArray());
    }

    [Theory]
    // Large values between the layers and few weights.
    [InlineData("mobilenet_small", 128, 3, 3, 8)]
    // Small values.
    [InlineData("cnn2", 28, 1, 32, 64)]
    // Large values, but many weights, which each batch reads.
    [InlineData("resnet18", 96, 3, 24, 48)]
    public void BatchesOnTheCpuStayInTheCaches(string name, int size, int channels, int least, int most)
    {
        var model = BuiltInModels.Create(name, TensorShape.Image(size, size, channels), 10);
        var graph = PlanBuilder.Build(model, false, new PlanSettings { FoldBatchNorm = true });
        using var device = new CpuDevice(threads: 1);
        Assert.InRange(CacheBatch.Limit(graph, device, 64), least, most);
        Assert.Equal(1, CacheBatch.Limit(graph, device, 1));
    }

    private static byte[] Pixels(int count) => [.. Enumerable.Range(0, count * 28 * 28).Select(i => (byte)(i * 37 % 251))];
}
