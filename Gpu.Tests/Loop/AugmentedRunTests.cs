using Gpu.Kernels;
using Gpu.Kernels.Devices;
using Gpu.Tests.IO;
using Gpu.Tests.Runs;
using Gpu.Training.Data;
using Gpu.Training.Initialization;
using Gpu.Training.Layers;
using Gpu.Training.Loop;
using Gpu.Training.Models;
using Gpu.Training.Shapes;

namespace Gpu.Tests.Loop;

/// <summary>Runs with augmentation, mixing, lookahead and whitening, and test-time augmentation.</summary>
public class AugmentedRunTests
{
    // Each piece that keeps or counts something from step to step.
    private static readonly TrainingOptions Everything = RunFixture.Options with
    {
        AugmentFlip = true, Mixup = 0.4f, Cutmix = 1, Lookahead = new(4, 0.5f), ClipValue = 0.5f, Activation = ActivationKind.Silu, SpatialDropout = true,
        Augment = new() { AlternatingFlip = true, Rotation = 10, EraseProbability = 0.3f, RandomOperations = 1, RandomMagnitude = 9 },
    };

    [Theory]
    [InlineData(3)]
    [InlineData(10)]
    public void AResumedRunEndsWithTheSameBits(int step)
    {
        using var folder = new TempFolder();
        RunFixture.Train(folder.File("whole"), Everything);
        RunFixture.TrainUntil(folder.File("part"), step, Everything);
        RunFixture.Resume(folder.File("part"));
        foreach (var file in new[] { "last.safetensors", "best.safetensors" })
            Assert.Equal(File.ReadAllBytes(folder.File("whole", file)), File.ReadAllBytes(folder.File("part", file)));
        var refused = Assert.Throws<TrainingException>(() => RunFixture.Resume(
            folder.File("whole"), options => options with { Mixup = 1, Augment = new(), Lookahead = null, Activation = ActivationKind.Tanh }));
        foreach (var name in new[] { "mixup", "augment", "lookahead", "activation" }) Assert.Contains(name, refused.Message);
    }

    [Fact]
    public void MixedSamplesAreLearnedAndTheTrainingAccuracyCountsTheHeavierLabel()
    {
        using var device = new CpuDevice(1);
        using var trainer = new Trainer(
            SmallData.Network(), SmallData.Squares(), device, new TrainingOptions { Epochs = 8, Batch = 16, LearningRate = 0.01f, Mixup = 1, Dropout = 0 });
        var result = trainer.Run();
        Assert.True(result.TestAccuracy > 0.9, $"test accuracy {result.TestAccuracy}");
        // The loss of mixed labels cannot fall below their entropy, 1/2 nat on average for uniform weights.
        Assert.InRange(result.TrainLoss, 0.4, 1.3);
    }

    [Fact]
    public void AnotherActivationReplacesAllButThatOfTheOutput()
    {
        var model = new Model(
            "m", TensorShape.Image(8, 8, 1),
            new Conv2dLayer(4, 3) { Activation = Activation.Relu, Padding = 1, Bias = false, Name = "first" }, new BatchNormLayer(),
            new ActivationLayer(new Activation(ActivationKind.Tanh)),
            new ResidualBlock(new SequenceBlock(new Conv2dLayer(4, 3) { Padding = 1, Activation = new(ActivationKind.LeakyRelu, 0.3f), L1 = 0.5f })),
            new FlattenLayer(), new DropoutLayer(0.3f), new DenseLayer(3) { Activation = new(ActivationKind.Sigmoid) });
        var silu = new Activation(ActivationKind.Silu);
        var changed = model.With(silu);
        var json = ModelFile.Write(changed);
        Assert.Equal(4, json.Split("\"silu\"").Length - 1);
        Assert.Contains("sigmoid", json);
        Assert.DoesNotContain("tanh", json);
        Assert.Equal(Activation.None, ((BatchNormLayer)changed.Layers[1]).Activation);
        var inner = (Conv2dLayer)((SequenceBlock)((ResidualBlock)changed.Layers[3]).Body[0]).Layers[0];
        Assert.Equal((silu, 0.5f, (Padding)1), (inner.Activation, inner.L1!.Value, inner.Padding));
        Assert.Equal(model.Parameters.Select(parameter => parameter.Name), changed.Parameters.Select(parameter => parameter.Name));
        Assert.Throws<ModelException>(() => new Model("linear", TensorShape.Features(3), new DenseLayer(2)).With(silu));
        Assert.Throws<ArgumentException>(() => model.With(Activation.None));
    }

    [Fact]
    public void WhitenedFiltersGiveUncorrelatedOutputsAndDoNotChange()
    {
        var data = Photos(60);
        const int filters = 14, length = 2 * 2 * 3;
        var model = new Model(
            "m", TensorShape.Image(9, 7, 3), new Conv2dLayer(filters, 2) { Activation = Activation.Relu }, new GlobalAvgPool2dLayer(), new DenseLayer(2));
        var weights = Whitening.Weights(model, data);
        var moment = new double[filters * filters];
        var patches = 0;
        for (var n = 0; n < data.Train.Count; n++)
        {
            for (var position = 0; position < 8 * 6; position++, patches++)
            {
                var outputs = new double[filters];
                for (var row = 0; row < length; row++)
                {
                    var (ky, kx, c) = (row / 6, row / 3 % 2, row % 3);
                    var pixel = data.Train.Image(n)[((position / 6 + ky) * 7 + position % 6 + kx) * 3 + c];
                    var value = (pixel / 255.0 - data.Statistics.Mean[c]) / data.Statistics.StandardDeviation[c];
                    for (var f = 0; f < filters; f++) outputs[f] += weights[row * filters + f] * value;
                }

                for (var i = 0; i < filters * filters; i++) moment[i] += outputs[i / filters] * outputs[i % filters];
            }
        }

        for (var a = 0; a < filters; a++)
            for (var b = 0; b < filters; b++)
            {
                // The last two are the negatives of the first two.
                var expected = a == b ? 1 : Math.Abs(a - b) == length ? -1 : 0;
                Assert.Equal(expected, moment[a * filters + b] / patches, 0.02);
            }

        using var device = new CpuDevice(1);
        using var trainer = new Trainer(model, data, device, new TrainingOptions { Epochs = 1, Batch = 16, Whiten = true, LearningRate = 0.1f });
        trainer.Run();
        Assert.Equal(weights, trainer.Network.GetParameter("conv1.weight"));
        Assert.Contains(trainer.Network.GetParameter("conv1.bias"), value => value != 0);
        var wide = new Model(
            "wide", TensorShape.Image(9, 7, 3), new Conv2dLayer(25, 2), new GlobalAvgPool2dLayer(), new DenseLayer(2));
        Assert.Contains("at most 24 filters", Assert.Throws<TrainingException>(() => new Trainer(wide, data, device, new() { Whiten = true })).Message);
    }

    [Fact]
    public void TestTimeAugmentationAveragesTheLogitsOfTheViews()
    {
        using var folder = new TempFolder();
        RunFixture.Train(folder.File("run"), RunFixture.Options with { Epochs = 1 });
        using var device = new CpuDevice(1);
        using var predictor = Predictor.Open(folder.File("run"), device, batch: 7);
        var split = SmallData.Squares().Test;
        float[,] Predict(Func<int, int, (int Y, int X)> from)
        {
            var pixels = new byte[split.Count * 64];
            for (var i = 0; i < pixels.Length; i++)
            {
                var (y, x) = from(i % 64 / 8, i % 8);
                pixels[i] = split.Image(i / 64)[Math.Clamp(y, 0, 7) * 8 + Math.Clamp(x, 0, 7)];
            }

            return predictor.Predict(pixels, split.Count);
        }

        var (plain, flipped) = (Predict((y, x) => (y, x)), Predict((y, x) => (y, 7 - x)));
        var shifts = new[] { -1, 1 }.SelectMany(d => new[]
        {
            Predict((y, x) => (y - d, x - d)), Predict((y, x) => (y - d, 7 - Math.Clamp(x - d, 0, 7))),
        }).ToArray();
        CheckMean(predictor.Predict(split.Pixels, split.Count, TestTimeAugmentation.Flip), [(plain, 0.5), (flipped, 0.5)]);
        CheckMean(
            predictor.Predict(split.Pixels, split.Count, TestTimeAugmentation.FlipShift),
            [(plain, 0.25), (flipped, 0.25), .. shifts.Select(shift => (shift, 0.125))]);

        var mean = predictor.Predict(split.Pixels, split.Count, TestTimeAugmentation.FlipShift);
        var evaluation = predictor.Evaluate(split, augmentation: TestTimeAugmentation.FlipShift);
        var right = Enumerable.Range(0, split.Count).Count(n => Enumerable.Range(0, 4).All(c => mean[n, c] <= mean[n, split.Labels[n]]));
        Assert.Equal(right / (double)split.Count, evaluation.Accuracy, 1e-9);
        Assert.Equal(Enumerable.Range(0, split.Count).Average(n => -Math.Log(mean[n, split.Labels[n]])), evaluation.Loss, 1e-4);
        Assert.Equal(right, Enumerable.Range(0, 4).Sum(c => evaluation.ConfusionMatrix![c, c]));
        Assert.NotEqual(predictor.Evaluate(split).Loss, evaluation.Loss);

        // The logarithm of a probability is a logit up to a constant of the sample.
        void CheckMean(float[,] got, (float[,] Values, double Weight)[] views)
        {
            for (var n = 0; n < split.Count; n++)
            {
                var logits = Enumerable.Range(0, 4).Select(c => views.Sum(view => view.Weight * Math.Log(view.Values[n, c]))).ToArray();
                var sum = logits.Sum(Math.Exp);
                for (var c = 0; c < 4; c++) Assert.Equal(Math.Exp(logits[c]) / sum, got[n, c], 1e-5);
            }
        }
    }

    // Smooth images, as photos are: neighboring pixels are alike.
    private static ImageDataset Photos(int count)
    {
        var random = new Random(3);
        var pixels = new byte[count * 9 * 7 * 3];
        for (var n = 0; n < count; n++)
        {
            var wave = Enumerable.Range(0, 9).Select(_ => random.NextDouble() * 2).ToArray();
            for (var i = 0; i < 189; i++)
            {
                var (y, x, c) = (i / 21, i / 3 % 7, i % 3);
                var value = 128 + 60 * Math.Sin(wave[c] * y + wave[3 + c] * x + 3 * wave[6 + c]) + random.Next(-25, 26);
                pixels[n * 189 + i] = (byte)Math.Clamp(value, 0, 255);
            }
        }

        var split = new ImageSplit(pixels, [.. Enumerable.Range(0, count).Select(i => i % 2)], 9, 7, 3);
        return new ImageDataset("photos", ["a", "b"], split, split);
    }
}
