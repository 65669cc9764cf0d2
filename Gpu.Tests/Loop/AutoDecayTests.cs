using Gpu.Kernels;
using Gpu.Kernels.Devices;
using Gpu.Tests.IO;
using Gpu.Tests.Runs;
using Gpu.Training.Data;
using Gpu.Training.Layers;
using Gpu.Training.Loop;
using Gpu.Training.Models;
using Gpu.Training.Planning;
using Gpu.Training.Runs;
using Gpu.Training.Shapes;

namespace Gpu.Tests.Loop;

/// <summary>Weight decay that a run finds by the hypergradient of the validation loss.</summary>
public class AutoDecayTests
{
    private static readonly TrainingOptions Options = new()
    {
        Steps = AutoDecay.Period, Batch = 32, Optimizer = OptimizerKind.Sgd, LearningRate = 0.05f, WeightDecay = 0.1f, Validation = 0.2, AutoDecay = true,
    };

    [Fact]
    public void TheHypergradientIsTheDerivativeOfTheValidationLossByTheSizeOfTheWeights()
    {
        using var folder = new TempFolder();
        var model = Perceptron();
        Train(model, SmallData.Squares(), Options with { OutputFolder = folder.File("run") });
        // The validation part, 30 images, is a single batch.
        var data = (ImageDataset)TrainingData.Prepare(SmallData.Squares(), model, Options);
        var state = Position(folder.File("run")).AutoDecay!;
        Assert.Equal(1, state.Updates);

        using var device = new CpuDevice(threads: 1);
        double Loss(double factor)
        {
            using var network = new Network(model, device, Options.Seed);
            using var runner = new StepRunner(network, data.Validation!.Count, Options with { AutoDecay = false });
            Training.Weights.WeightTransfer.Load(network, folder.File("run", "last.safetensors"), default);
            foreach (var name in new[] { "dense1.weight", "dense2.weight" })
                network.SetParameter(name, [.. network.GetParameter(name).Select(w => (float)(w * factor))]);
            var (mean, deviation) = (data.Statistics.Mean[0], data.Statistics.StandardDeviation[0]);
            runner.SetBatch([.. ((ImageSplit)data.Validation).Pixels.Select(pixel => (pixel / 255f - mean) / deviation)], data.Validation.Labels);
            runner.Evaluate();
            return runner.ReadLoss();
        }

        // A step with the learning rate eta and the decay lambda multiplies the weights by 1 - eta lambda.
        var expected = (Loss(1 - 0.02) - Loss(1 + 0.02)) / 0.04;
        Assert.Equal(expected, state.Mean / 0.1, 0.02 * Math.Abs(expected));
        Assert.Equal(0.1 * Math.Exp(expected > 0 ? -0.1 : 0.1), state.WeightDecay, 1e-6);
    }

    [Fact]
    public void LooksAtTheValidationPartWithoutChangingAnythingElse()
    {
        // The first update follows the last step. Batch normalization keeps its running statistics, dropout its random numbers, the metrics their sums.
        using var folder = new TempFolder();
        var options = RunFixture.Options with { Steps = AutoDecay.Period, WeightDecay = 0.1f };
        RunFixture.Train(folder.File("with"), options with { AutoDecay = true });
        RunFixture.Train(folder.File("without"), options);
        foreach (var file in new[] { RunFolder.LastFile, RunFolder.BestFile })
            Assert.Equal(File.ReadAllBytes(folder.File("without", file)), File.ReadAllBytes(folder.File("with", file)));
        var (left, right) = (RunFolder.Open(folder.File("without")).ReadReports()[^1], RunFolder.Open(folder.File("with")).ReadReports()[^1]);
        Assert.Equal((left.TrainLoss, left.TrainAccuracy, left.Loss), (right.TrainLoss, right.TrainAccuracy, right.Loss));
        Assert.Null(left.WeightDecay);
        Assert.NotEqual(0.1, right.WeightDecay!.Value, 1e-3);
    }

    [Fact]
    public void AResumedRunEqualsAnUninterruptedOne()
    {
        using var folder = new TempFolder();
        var options = RunFixture.Options with { AutoDecay = true, WeightDecay = 0.1f, Epochs = 4, Patience = 4 };
        RunFixture.Train(folder.File("whole"), options);
        foreach (var step in new[] { 8, 14, 25 })
        {
            var part = folder.File($"part{step}");
            RunFixture.TrainUntil(part, step, options);
            RunFixture.Resume(part);
            RunComparison.RequireEqual(folder.File("whole"), part);
        }

        var lines = File.ReadAllLines(folder.File("whole", RunFolder.MetricsFile));
        var column = Array.IndexOf(lines[0].Split(','), "weight_decay");
        Assert.Equal(RunFolder.Open(folder.File("whole")).ReadReports()[^1].WeightDecay!.Value,
            double.Parse(lines[^1].Split(',')[column], System.Globalization.CultureInfo.InvariantCulture));
        var error = Assert.Throws<TrainingException>(() => RunFixture.Resume(folder.File("whole"), given => given with { AutoDecay = false }));
        Assert.Matches("auto-decay +yes +no +cannot change", error.Message);
    }

    [Theory]
    [InlineData(OptimizerKind.Adam, null, 1e-3f)]
    [InlineData(OptimizerKind.AdamW, null, 0.01f)]
    [InlineData(OptimizerKind.AdamW, DecaySchedule.Constant, 1e-5f)]
    public void RisesWhereTheNetworkLearnsNothingThatHolds(OptimizerKind optimizer, DecaySchedule? schedule, float start)
    {
        // With random labels the validation loss is the lowest without weights.
        var data = SmallData.Squares();
        var random = new Random(5);
        random.Shuffle(data.Train.Labels);
        var options = Options with
        {
            Steps = null, Epochs = 80, Batch = 16, Optimizer = optimizer, LearningRate = 3e-3f, WeightDecay = start, DecaySchedule = schedule, AutoDecay = true,
        };
        var found = Train(Perceptron(), data, options);
        Assert.InRange(found.WeightDecay!.Value, 3 * start, schedule is null ? 0.1 / 3e-3 : 0.1);
        Assert.True(found.Reports[^1].Loss < 0.8 * Train(Perceptron(), data, options with { AutoDecay = false }).Reports[^1].Loss);
    }

    [Fact]
    public void StartsFromAUsualValueAndStaysInRange()
    {
        Assert.Equal(1e-3f, ResolvedOptions.Resolve(Options with { WeightDecay = 0 }, Perceptron()).Optimizer.WeightDecay);
        var optimizer = new OptimizerOptions { LearningRate = 0.1f };
        var state = new AutoDecayState(Math.Log(0.01), 0, 0, 0, 0);
        var (sum, weights) = (0.0, 0.0);
        for (var i = 1; i <= 200; i++)
        {
            state = AutoDecay.Next(state, -1, optimizer);
            (sum, weights) = (sum + i * (i + 1) * Math.Exp(state.LogDecay), weights + i * (i + 1));
        }

        Assert.Equal(1, state.WeightDecay, 1e-5);
        Assert.Equal(sum / weights, state.Average, 1e-9);
        for (var i = 0; i < 1000; i++) state = AutoDecay.Next(state, 1, optimizer);
        Assert.Equal(1e-8, state.WeightDecay, 1e-12);
        // A gradient of exactly 0 changes nothing.
        Assert.Equal(state.LogDecay, AutoDecay.Next(new(state.LogDecay, 0, 0, 0, 0), 0, optimizer).LogDecay);
    }

    [Fact]
    public void NeedsAValidationPart()
    {
        var error = Assert.Throws<TrainingException>(() => Train(Perceptron(), SmallData.Squares(), Options with { Validation = null }));
        Assert.Contains("auto-decay needs a validation part", error.Message);
    }

    [Fact]
    public void LookaheadIsEvaluatedWithItsSlowWeights()
    {
        // Step 6 is between two updates of the slow weights, which are those of step 4.
        using var folder = new TempFolder();
        var options = new TrainingOptions { Batch = 16, Optimizer = OptimizerKind.Adam, LearningRate = 0.01f, Lookahead = new(4, 0.5f) };
        var four = Train(Perceptron(), SmallData.Squares(), options with { Steps = 4, OutputFolder = folder.File("four") });
        var six = Train(Perceptron(), SmallData.Squares(), options with { Steps = 6, OutputFolder = folder.File("six") });
        Assert.Equal(four.TestLoss, six.TestLoss);
        Assert.Equal(Tensors(folder.File("four")), Tensors(folder.File("six")));
        // The training weights are others.
        var eight = Train(Perceptron(), SmallData.Squares(), options with { Steps = 8, OutputFolder = folder.File("eight") });
        Assert.NotEqual(six.TestLoss, eight.TestLoss);
        Assert.Equal(eight.TestLoss, Trainer(folder.File("six"), 8).TestLoss);

        static TrainingResult Trainer(string run, int steps)
        {
            using var device = new CpuDevice(threads: 1);
            using var trainer = Training.Loop.Trainer.Resume(run, SmallData.Squares(), device, given => given with { Steps = steps });
            return trainer.Run();
        }
    }

    private static float[] Tensors(string run)
    {
        using var reader = new Training.Weights.SafeTensorsReader(Path.Combine(run, RunFolder.LastFile));
        return [.. reader.Tensors.Keys.Order(StringComparer.Ordinal).SelectMany(reader.ReadFloats)];
    }

    private static LoopPosition Position(string run)
    {
        var model = Perceptron();
        using var device = new CpuDevice(threads: 1);
        using var network = new Network(model, device, 1);
        return Checkpoint.Read(Path.Combine(run, RunFolder.CheckpointFile), model, WeightValues.Allocate(network), WeightValues.Allocate(network))
            .State.Position;
    }

    private static Model Perceptron() => new(
        "small", TensorShape.Image(8, 8, 1), new FlattenLayer(), new DenseLayer(24) { Activation = Activation.Relu }, new DenseLayer(4));

    private static TrainingResult Train(Model model, Dataset data, TrainingOptions options)
    {
        using var device = new CpuDevice(threads: 1);
        using var trainer = new Trainer(model, data, device, options);
        return trainer.Run();
    }
}
