using Gpu.Kernels;
using Gpu.Kernels.Devices;
using Gpu.Tests.IO;
using Gpu.Tests.Oracles;
using Gpu.Training.Layers;
using Gpu.Training.Loop;
using Gpu.Training.Models;
using Gpu.Training.Planning;
using Gpu.Training.Runs;
using Gpu.Training.Shapes;
using Gpu.Training.Weights;

namespace Gpu.Tests.Loop;

public class TrainerTests
{
    private static readonly TrainingOptions Options = new() { Epochs = 6, Batch = 16, LearningRate = 0.01f, LogEvery = 3 };

    [Fact]
    public void LearnsAndReports()
    {
        var observer = new Recorder();
        using var device = new CpuDevice(threads: 2);
        using var trainer = new Trainer(SmallData.Network(), SmallData.Squares(), device, Options with { RecordLosses = true }, observer);
        var result = trainer.Run();
        Assert.Equal(TrainingEnd.Completed, result.End);
        Assert.True(result.TestAccuracy > 0.95, $"accuracy {result.TestAccuracy}");
        Assert.True(result.TestLoss < 0.3);
        Assert.Equal((6, 60L, "small", "squares", "cpu"), (result.Epochs, result.Steps, result.Model, result.Dataset, result.Device));
        Assert.Equal(SmallData.Network().ParameterCount, result.Parameters);
        Assert.Equal(1.0, result.TestTopK);
        Assert.Equal(60, result.Losses!.Count);
        Assert.Equal(60, observer.Steps.Count);
        // Every third step and the first one.
        Assert.Equal(21, observer.Steps.Count(step => step.IsLogged));
        Assert.Equal(result.Losses[0], observer.Steps[0].Loss, 1e-5);
        Assert.Equal(6, observer.Epochs.Count);
        Assert.Equal(10, observer.Summary!.StepsPerEpoch);
        // The loss of an epoch is the mean over its samples; the last batch has 6.
        var losses = result.Losses.Skip(50).ToArray();
        Assert.Equal((losses[..9].Sum() * 16 + losses[9] * 6) / 150, result.TrainLoss, 1e-5);
        // The loss shown at step 59 was read at step 57: the mean of the three steps after step 54.
        Assert.Equal(losses[4..7].Average(), observer.Steps[58].Loss, 1e-5);
        Assert.Equal(result.TestLoss, observer.Epochs[^1].Loss);
    }

    [Theory]
    [InlineData(OptimizerKind.Sgd)]
    [InlineData(OptimizerKind.Momentum)]
    [InlineData(OptimizerKind.Nesterov)]
    [InlineData(OptimizerKind.RmsProp)]
    [InlineData(OptimizerKind.Adam)]
    [InlineData(OptimizerKind.AdamW)]
    [InlineData(OptimizerKind.Lion)]
    public void EveryOptimizerLearns(OptimizerKind kind)
    {
        using var device = new CpuDevice(threads: 2);
        var options = Options with { Epochs = 10, Optimizer = kind, LearningRate = null, Schedule = LearningRateSchedule.Parse("onecycle"), ClipNorm = 5 };
        if (kind == OptimizerKind.Lion) options = options with { LearningRate = 3e-3f };
        if (kind is OptimizerKind.Adam or OptimizerKind.AdamW or OptimizerKind.RmsProp) options = options with { LearningRate = 5e-3f };
        using var trainer = new Trainer(SmallData.Network(), SmallData.Squares(), device, options);
        var result = trainer.Run();
        Assert.True(result.TestAccuracy > 0.85, $"accuracy {result.TestAccuracy}");
    }

    [Fact]
    public void EveryOptionChangesTheLosses()
    {
        // Guards against options that are accepted but never applied.
        var changes = new Dictionary<string, Func<TrainingOptions, TrainingOptions>>
        {
            ["nothing"] = o => o,
            ["seed"] = o => o with { Seed = 2 },
            ["batch"] = o => o with { Batch = 15 },
            ["learning rate"] = o => o with { LearningRate = 0.005f },
            ["beta1"] = o => o with { Beta1 = 0.8 },
            ["beta2"] = o => o with { Beta2 = 0.9 },
            ["epsilon"] = o => o with { Epsilon = 1e-3 },
            ["schedule"] = o => o with { Schedule = LearningRateSchedule.Parse("cosine") },
            ["warmup"] = o => o with { Warmup = 5 },
            ["weight decay"] = o => o with { WeightDecay = 0.1f },
            ["decay mode"] = o => o with { WeightDecay = 0.1f, DecayMode = DecayMode.Decoupled },
            ["decay on"] = o => o with { WeightDecay = 0.1f, DecayOn = DecayTarget.All },
            ["l1"] = o => o with { L1 = 0.01f },
            ["dropout"] = o => o with { Dropout = 0 },
            ["label smoothing"] = o => o with { LabelSmoothing = 0.1f },
            ["clip norm"] = o => o with { ClipNorm = 0.05f },
            ["accumulate"] = o => o with { Accumulate = 2 },
            ["no shuffle"] = o => o with { Shuffle = false },
            ["flip"] = o => o with { AugmentFlip = true },
            ["shift"] = o => o with { AugmentShift = 1 },
            ["limit"] = o => o with { LimitTrain = 100 },
            ["validation"] = o => o with { Validation = 0.2 },
            ["initializer"] = o => o with { Initializer = Gpu.Training.Initialization.Initializer.PyTorch },
            ["optimizer"] = o => o with { Optimizer = OptimizerKind.Sgd },
        };
        using var device = new CpuDevice(threads: 1);
        var seen = new Dictionary<string, string>();
        foreach (var (name, change) in changes)
        {
            using var trainer = new Trainer(SmallData.Network(), SmallData.Squares(), device, change(Options with { Steps = 12, RecordLosses = true }));
            var losses = string.Join(" ", trainer.Run().Losses!);
            Assert.False(seen.TryGetValue(losses, out var other), $"'{name}' gives the losses of '{other}'");
            seen.Add(losses, name);
        }
    }

    [Fact]
    public void EvaluationUsesTheEmaWeights()
    {
        using var device = new CpuDevice(threads: 1);
        var plain = Result(Options);
        var averaged = Result(Options with { Ema = 0.9f });
        Assert.Equal(plain.TrainLoss, averaged.TrainLoss);
        Assert.NotEqual(plain.TestLoss, averaged.TestLoss);
        Assert.True(averaged.TestAccuracy > 0.9);

        TrainingResult Result(TrainingOptions options)
        {
            using var trainer = new Trainer(SmallData.Network(), SmallData.Squares(), device, options);
            return trainer.Run();
        }
    }

    [Fact]
    public void StepsAllocateNothing()
    {
        using var device = new CpuDevice(threads: 2);
        var observer = new AllocationCounter();
        var options = Options with { LogEvery = 2, RecordLosses = true, ClipNorm = 1, Accumulate = 2, Ema = 0.9f, AugmentShift = 1, Epochs = 8 };
        using var trainer = new Trainer(SmallData.Network(), SmallData.Squares(), device, options, observer);
        trainer.Run();
        // Kernels are compiled in the first epoch, and the runtime itself allocates now and then. An allocation by each step would appear in every epoch.
        Assert.Equal(8, observer.OfEpoch.Count);
        Assert.Equal(0, observer.OfEpoch.Skip(1).Min());
    }

    [Fact]
    public void AccumulatedBatchesEqualOneLargeBatch()
    {
        // Without batch statistics and dropout, two batches of 15 give the gradient of one batch of 30.
        var model = new Model("m", TensorShape.Image(8, 8, 1), new FlattenLayer(),
            new DenseLayer(10) { Activation = Gpu.Kernels.Activation.Relu }, new DenseLayer(4));
        using var device = new CpuDevice(threads: 1);
        var losses = new[] { (30, 1), (15, 2) }.Select(pair =>
        {
            using var trainer = new Trainer(model, SmallData.Squares(), device, Options with { Epochs = 3, Batch = pair.Item1, Accumulate = pair.Item2,
                RecordLosses = true });
            return trainer.Run().Losses!;
        }).ToArray();
        Assert.Equal(15, losses[0].Count);
        Assert.All(losses[0].Zip(losses[1]), pair => Assert.Equal(pair.First, pair.Second, 1e-4));
    }

    [Fact]
    public void ImagesAreFlattenedForMlps()
    {
        var model = new Model("mlp", TensorShape.Features(64), new DenseLayer(16) { Activation = Gpu.Kernels.Activation.Relu }, new DenseLayer(4));
        using var device = new CpuDevice(threads: 1);
        using var trainer = new Trainer(model, SmallData.Squares(), device, Options with { Epochs = 10 });
        Assert.True(trainer.Run().TestAccuracy > 0.9);
    }

    [Fact]
    public void StopsEarlyWithTheBestWeights()
    {
        using var device = new CpuDevice(threads: 1);
        // With this learning rate the validation loss soon stops improving.
        var options = Options with { Epochs = 60, Validation = 0.2, Patience = 3, LearningRate = 0.02f };
        using var trainer = new Trainer(SmallData.Network(), SmallData.Squares(), device, options);
        var result = trainer.Run();
        Assert.Equal(TrainingEnd.StoppedEarly, result.End);
        Assert.Equal(result.BestEpoch + 3, result.Epochs);
        Assert.Equal(result.Reports.Min(report => report.Loss), result.ValidationLoss);
        Assert.All(result.Reports, report => Assert.Equal("validation", report.EvaluatedOn));
    }

    [Fact]
    public void DivergenceThrowsAndKeepsTheBestWeights()
    {
        using var folder = new TempFolder();
        using var device = new CpuDevice(threads: 1);
        var model = new Model("m", TensorShape.Image(8, 8, 1), new FlattenLayer(),
            new DenseLayer(10) { Activation = Gpu.Kernels.Activation.Relu }, new DenseLayer(4));
        var run = folder.File("run");
        var options = Options with { Optimizer = OptimizerKind.Sgd, LearningRate = 0.05f, Epochs = 1, OutputFolder = run, LogEvery = 5 };
        using (var first = new Trainer(model, SmallData.Squares(), device, options)) first.Run();
        var best = File.ReadAllBytes(Path.Combine(run, RunFolder.BestFile));
        using var trainer = Trainer.Resume(run, SmallData.Squares(), device, given => given with { LearningRate = 1e30f, Epochs = 3 },
            allowed: new ResumeOptions { Override = true });
        var e = Assert.Throws<DivergenceException>(() => trainer.Run());
        Assert.Contains("epoch 1, in", e.Message);
        Assert.Contains("lower learning rate", e.Message);
        Assert.Equal(best, File.ReadAllBytes(Path.Combine(run, RunFolder.BestFile)));
    }

    [Fact]
    public void PredictorReadsTheRunFolder()
    {
        using var folder = new TempFolder();
        using var device = new CpuDevice(threads: 2);
        var data = SmallData.Squares();
        TrainingResult result;
        using (var trainer = new Trainer(SmallData.Network(), data, device, Options with { OutputFolder = folder.File("a/run"),
            Validation = 0.2 })) result = trainer.Run();
        var run = RunFolder.Open(folder.File("a/run"));
        Assert.Equal("small", run.Model.Name);
        Assert.Equal(data.ClassNames, run.Configuration.ClassNames);
        Assert.Equal(1 + 6, File.ReadAllLines(run.Metrics).Length);
        var columns = File.ReadLines(run.Metrics).First().Split(',');
        Assert.Equal(columns.Length, columns.Distinct().Count());
        Assert.All(File.ReadAllLines(run.Metrics), line => Assert.Equal(columns.Length, line.Split(',').Length));
        Assert.Empty(Directory.GetFiles(run.Path, "*.tmp"));

        using var predictor = Predictor.Open(run.Path, device, batch: 13);
        var evaluation = predictor.Evaluate(data.Test, topK: 2);
        Assert.Equal(result.TestLoss, evaluation.Loss, 1e-6);
        Assert.Equal(result.TestAccuracy, evaluation.Accuracy);
        var probabilities = predictor.Predict(data.Test.Pixels, data.Test.Count);
        var right = 0;
        for (var n = 0; n < data.Test.Count; n++)
        {
            var row = Enumerable.Range(0, 4).Select(c => probabilities[n, c]).ToArray();
            Assert.Equal(1, row.Sum(), 1e-5);
            if (Array.IndexOf(row, row.Max()) == data.Test.Labels[n]) right++;
        }

        Assert.Equal(result.TestAccuracy, right / 60.0);
        Assert.Equal(right, Enumerable.Range(0, 4).Sum(c => evaluation.ConfusionMatrix![c, c]));
        Assert.Equal(data.Test.CountPerClass(4), Enumerable.Range(0, 4).Select(i => Enumerable.Range(0, 4).Sum(j => evaluation.ConfusionMatrix![i, j])));
    }

    [Fact]
    public void InitialWeightsCanComeFromAFile()
    {
        using var folder = new TempFolder();
        using var device = new CpuDevice(threads: 1);
        var options = Options with { Epochs = 1, OutputFolder = folder.File("first") };
        using (var first = new Trainer(SmallData.Network(), SmallData.Squares(), device, options)) first.Run();
        var file = Path.Combine(folder.File("first"), RunFolder.LastFile);
        using var second = new Trainer(SmallData.Network(), SmallData.Squares(), device, Options with { InitFile = file });
        using var network = new Network(SmallData.Network(), device, seed: 99);
        WeightFile.Load(network, file);
        Assert.All(network.Model.Parameters, parameter => Assert.Equal(network.GetParameter(parameter.Name), second.Network.GetParameter(parameter.Name)));
    }

    [Fact]
    public void RunFolderIsNotOverwritten()
    {
        using var folder = new TempFolder();
        using var device = new CpuDevice(threads: 1);
        var options = Options with { Epochs = 1, OutputFolder = folder.File("run") };
        using (new Trainer(SmallData.Network(), SmallData.Squares(), device, options))
        {
        }

        var before = device.AllocatedBytes;
        var e = Assert.Throws<TrainingException>(() => new Trainer(SmallData.Network(), SmallData.Squares(), device, options));
        Assert.Contains("already contains a run", e.Message);
        Assert.Equal(before, device.AllocatedBytes);
    }

    [Fact]
    public void DisposeFreesDeviceMemory()
    {
        using var device = new CpuDevice(threads: 1);
        for (var i = 0; i < 2; i++)
        {
            // The device keeps the zeros that kernels read for padding, so only the second run is checked.
            var before = device.AllocatedBytes;
            using (var trainer = new Trainer(SmallData.Network(), SmallData.Squares(), device,
                Options with { Epochs = 1, Ema = 0.9f, ClipNorm = 1, Validation = 0.1 })) trainer.Run();
            if (i == 1) Assert.Equal(before, device.AllocatedBytes);
        }
    }

    public static TheoryData<TrainingOptions, string> InvalidOptions => new()
    {
        { Options with { Epochs = 0 }, "epochs is 0" },
        { Options with { Batch = -1 }, "batch is -1" },
        { Options with { LearningRate = 0 }, "lr is 0" },
        { Options with { LearningRate = float.NaN }, "lr is NaN" },
        { Options with { Momentum = 1 }, "momentum is 1" },
        { Options with { WeightDecay = -1 }, "weight-decay is -1" },
        { Options with { Dropout = 1 }, "dropout is 1" },
        { Options with { ClipNorm = 0 }, "clip-norm is 0" },
        { Options with { Validation = 1.5 }, "validation is 1.5" },
        { Options with { Patience = 2 }, "--validation" },
        { Options with { Accumulate = 0 }, "accumulate is 0" },
        { Options with { AugmentShift = 9 }, "shifts by up to 9 pixels, but the images of 'squares' are 8x8" },
    };

    [Theory]
    [MemberData(nameof(InvalidOptions))]
    public void InvalidOptionsThrow(TrainingOptions options, string expected)
    {
        using var device = new CpuDevice(threads: 1);
        var refusal = Assert.ThrowsAny<TrainingException>(() => new Trainer(SmallData.Network(), SmallData.Squares(), device, options));
        Assert.Contains(expected, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void DataThatDoesNotFitTheModelThrows()
    {
        using var device = new CpuDevice(threads: 1);
        Assert.Contains("28x28x1", Message(BuiltInModels.Get("cnn2")));
        Assert.Contains("2 outputs", Message(new Model("m", TensorShape.Image(8, 8, 1), new FlattenLayer(), new DenseLayer(2))));
        var squared = new TrainingRecipe { Loss = LossKind.MeanSquaredError };
        Assert.Contains("MeanSquaredError", Message(new Model("m", TensorShape.Image(8, 8, 1), squared, new FlattenLayer(), new DenseLayer(4))));

        string Message(Model model) => Assert.Throws<TrainingException>(() => new Trainer(model, SmallData.Squares(), device, Options)).Message;
    }

    [Fact]
    public void SingleSampleInTheLastBatchThrowsWithBatchNormalization()
    {
        var model = new Model("m", TensorShape.Image(8, 8, 1), new FlattenLayer(), new DenseLayer(8), new BatchNormLayer(), new DenseLayer(4));
        using var device = new CpuDevice(threads: 1);
        var e = Assert.Throws<ModelException>(() => new Trainer(model, SmallData.Squares(train: 33), device, Options));
        Assert.Contains("batchnorm1", e.Message);
    }

    [Fact]
    public void SimulatorLossesAreNearThoseOfTheCpu()
    {
        var losses = new[] { TestDevices.Names.First(), "simulator" }.Select(name =>
        {
            using var lease = TestDevices.Rent(name);
            var device = lease.Device;
            using var trainer = new Trainer(SmallData.Network(), SmallData.Squares(40, 12), device, Options with { Steps = 3, RecordLosses = true });
            var result = trainer.Run();
            return result.Losses!.Select(loss => (double)loss).Append(result.TestLoss).ToArray();
        }).ToArray();
        Assert.All(losses[0].Zip(losses[1]), pair => Assert.Equal(pair.First, pair.Second, 1e-4 * pair.First));
    }

    private sealed class AllocationCounter : ITrainingObserver
    {
        private long _before;

        public List<long> OfEpoch { get; } = new(100);

        public void OnStep(in StepProgress progress)
        {
            var now = GC.GetAllocatedBytesForCurrentThread();
            if (progress.StepInEpoch == 1) OfEpoch.Add(0);
            else OfEpoch[^1] += now - _before;
            _before = now;
        }
    }

    private sealed class Recorder : ITrainingObserver
    {
        public TrainingSummary? Summary { get; private set; }

        public List<StepProgress> Steps { get; } = [];

        public List<EpochReport> Epochs { get; } = [];

        public void OnStart(TrainingSummary summary) => Summary = summary;

        public void OnStep(in StepProgress progress) => Steps.Add(progress);

        public void OnEpoch(EpochReport report) => Epochs.Add(report);
    }
}
