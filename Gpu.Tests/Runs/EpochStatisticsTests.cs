using Gpu.Kernels;
using Gpu.Kernels.Devices;
using Gpu.Tests.IO;
using Gpu.Tests.Loop;
using Gpu.Training.Layers;
using Gpu.Training.Loop;
using Gpu.Training.Models;
using Gpu.Training.Runs;
using Gpu.Training.Shapes;

namespace Gpu.Tests.Runs;

/// <summary>The statistics of the layers in metrics.jsonl, against those computed from the weights themselves.</summary>
public class EpochStatisticsTests
{
    private const float LearningRate = 0.05f;

    // Plain SGD without decay, so that the change of a step is the gradient times the learning rate.
    private static readonly TrainingOptions Options = new()
    {
        Batch = 16, Optimizer = OptimizerKind.Sgd, LearningRate = LearningRate, WeightDecay = 0, Dropout = 0, Statistics = true,
    };

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void TheValuesAreThoseOfTheWeights(int accumulate)
    {
        using var folder = new TempFolder();
        var options = Options with { Accumulate = accumulate, Steps = 14 };
        var before = Weights(options with { Steps = 13, Statistics = false });
        var after = Weights(options with { OutputFolder = folder.File("run") });
        var reports = RunFolder.Open(folder.File("run")).ReadReports();
        var layers = reports[^1].Layers!;
        Assert.Equal(
            SmallData.Network().Parameters.Where(parameter => parameter.Trainable).Select(parameter => parameter.Name), layers.Select(layer => layer.Name));
        foreach (var layer in layers)
        {
            var (w, old) = (after[layer.Name], before[layer.Name]);
            var largest = w.Max(Math.Abs);
            var norm = Norm(w);
            var change = Norm([.. w.Zip(old, (a, b) => a - b)]);
            Near(norm, layer.WeightNorm, 1e-5);
            Near(Norm(old) > 0 ? change / Norm(old) : 0, layer.UpdateRatio, 1e-3);
            // Differences of rounded weights have few digits.
            Near(change / LearningRate, layer.GradientNorm, 1e-2);
            Assert.Equal(largest, layer.Largest);
            Assert.Equal(w.Count(x => x == 0) / (double)w.Length, layer.ZeroShare);
            Assert.Equal(w.Count(x => Math.Abs(x) < largest * 1e-3f) / (double)w.Length, layer.SmallShare);
            Assert.Equal(w.Length, layer.Histogram.Sum());
            for (var bin = 0; bin < 64; bin++)
            {
                var (from, to) = (largest * ((bin - 32) / 32f), largest * ((bin - 31) / 32f));
                Assert.Equal(w.Count(x => (bin == 0 || x >= from) && (bin == 63 || x < to)), layer.Histogram[bin]);
            }

            // The convolution is in front of batch normalization, the dense layers are not.
            Assert.Equal(layer.Name == "conv1.weight", layer.EffectiveLearningRate is not null);
            if (layer.EffectiveLearningRate is { } rate) Near(LearningRate / (norm * norm), rate, 1e-5);
        }

        Assert.Equal(reports[^1].Loss - reports[^1].TrainLoss, reports[^1].LossGap);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void MeasuringDoesNotChangeTheResult(int accumulate)
    {
        var options = RunFixture.Options with { Accumulate = accumulate, Statistics = false };
        var without = Weights(options);
        var with = Weights(options with { Statistics = true });
        Assert.All(without, pair => Assert.Equal(pair.Value, with[pair.Key]));
    }

    [Fact]
    public void AResumeRemovesLinesThatAreNotOfItsEpochs()
    {
        using var folder = new TempFolder();
        RunFixture.Train(folder.File("whole"));
        using var cancel = new CancellationTokenSource();
        var run = folder.File("cut");
        RunFixture.Train(run, null, new RunFixture.Observer { Step = progress => RunFixture.CancelAt(progress, 11, cancel) }, cancel.Token);
        var log = Path.Combine(run, RunFolder.MetricsLogFile);
        // As after a kill between the line and the checkpoint, and within a line.
        var whole = File.ReadAllLines(Path.Combine(folder.File("whole"), RunFolder.MetricsLogFile));
        File.AppendAllText(log, whole[1] + "\n" + whole[2][..40]);
        RunFixture.Resume(run);
        RunComparison.RequireEqual(folder.File("whole"), run);
        Assert.Equal(whole.Length, File.ReadAllLines(log).Length);
    }

    [Fact]
    public void ALineIsReadAsItWasWritten()
    {
        using var folder = new TempFolder();
        RunFixture.Train(folder.File("run"));
        var lines = File.ReadAllLines(Path.Combine(folder.File("run"), RunFolder.MetricsLogFile));
        Assert.All(lines, line => Assert.Equal(line, EpochJson.Write(EpochJson.Read(line))));
        Assert.Contains("\"layers\":[", lines[0], StringComparison.Ordinal);
        Assert.Throws<System.Text.Json.JsonException>(() => EpochJson.Read("{\"epoch\":1}"));
        Assert.Throws<System.Text.Json.JsonException>(() => EpochJson.Read("[]"));
    }

    // A large network on few samples measures some epochs; the numbers of samples of the recipes, every one.
    [Fact]
    public void MeasuringIsRareOnlyWhereEpochsAreShort()
    {
        var large = new Model("large", TensorShape.Features(2000), new DenseLayer(2000), new DenseLayer(10));
        Assert.InRange(StepLoop.MeasuredEpochs(large, 20), 20, 1000);
        Assert.Equal(1, StepLoop.MeasuredEpochs(large, 20_000));
        // Measured: a measurement takes 0.14 to 0.36 ms, an epoch 3.7 ms, nearly all of it for saving.
        Assert.Equal(5, StepLoop.MeasuredEpochs(BuiltInModels.Create("mlp10", TensorShape.Features(2), 1), 800));
        Assert.Equal(1, StepLoop.MeasuredEpochs(BuiltInModels.Create("cnn2", TensorShape.Image(28, 28, 1), 10), 9000));
    }

    private static Dictionary<string, float[]> Weights(TrainingOptions options)
    {
        using var device = new CpuDevice(threads: 1);
        using var trainer = new Trainer(SmallData.Network(), SmallData.Squares(), device, options);
        trainer.Run();
        return trainer.Network.Model.Parameters.ToDictionary(parameter => parameter.Name, parameter => trainer.Network.GetParameter(parameter.Name));
    }

    private static double Norm(float[] values) => Math.Sqrt(values.Sum(value => (double)value * value));

    private static void Near(double expected, double actual, double tolerance) =>
        Assert.True(Math.Abs(expected - actual) <= tolerance * Math.Abs(expected) + 1e-9, $"{actual} instead of {expected}");
}
