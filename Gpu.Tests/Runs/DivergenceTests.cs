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

/// <summary>Runs whose loss or weights are no longer finite numbers.</summary>
public class DivergenceTests
{
    private static readonly TrainingOptions Options = new()
    {
        Epochs = 3, Batch = 16, Optimizer = OptimizerKind.Sgd, LearningRate = 0.05f, LogEvery = 1000, CheckpointInterval = CheckpointInterval.Parse("4steps"),
    };

    [Fact]
    public void ARunWithoutCheckpointLeavesNoFolderAndNamesStepLayerAndRate()
    {
        using var folder = new TempFolder();
        // The rate grows to 1e30 in 100 steps of warm-up, so the first one is 1e28.
        var error = Diverge(folder.File("run"), Options with { LearningRate = 1e30f, Warmup = 100 });
        Assert.False(Directory.Exists(folder.File("run")));
        Assert.Contains("the run folder", error.Message);
        Assert.Contains("was removed", error.Message);
        // Weights of 1e28 give an infinite or undefined output of the second layer, in the next step.
        Assert.Equal((2, "dense2"), ((int)error.Step!, error.Layer));
        Assert.Contains("It began in step 2 with the output of layer 'dense2', at a learning rate of 2E+28.", error.Message);
        // The name is free.
        Run(folder.File("run"), Options);
    }

    [Fact]
    public void AResumedRunWithoutCheckpointStays()
    {
        using var folder = new TempFolder();
        var run = folder.File("run");
        using var device = new CpuDevice(1);
        using (new Trainer(Steep(), SmallData.Squares(), device, Options with { OutputFolder = run }))
        {
        }

        using (var trainer = Trainer.Resume(
            run, SmallData.Squares(), device, given => given with { LearningRate = 1e30f }, allowed: new ResumeOptions { Override = true }))
            Assert.Contains("start it again with --resume", Assert.Throws<DivergenceException>(() => trainer.Run()).Message);
        using var again = Trainer.Resume(run, SmallData.Squares(), device);
        Assert.Equal(30, again.Run().Steps);
    }

    [Fact]
    public void TheLayerIsThatOfTheGradientOrTheUpdateIfTheOutputsAreFinite()
    {
        using var folder = new TempFolder();
        // Weight decay of 1e30 makes the weights infinite at once, while the loss of the first step is finite.
        var error = Diverge(folder.File("run"), Options with { LearningRate = 1e20f, WeightDecay = 1e30f });
        Assert.Equal(1, error.Step);
        Assert.Contains("with the update of 'dense1.weight'", error.Message);
    }

    [Fact]
    public void WithAccumulatedBatchesTheStepIsFound()
    {
        using var folder = new TempFolder();
        var error = Diverge(folder.File("run"), Options with { LearningRate = 1e30f, Accumulate = 2 });
        Assert.Equal((2, "dense2"), ((int)error.Step!, error.Layer));
    }

    [Fact]
    public void ADivergedStateIsNeverSaved()
    {
        using var folder = new TempFolder();
        var run = folder.File("run");
        Run(run, Options with { Epochs = 1 });
        var before = Bytes();
        var more = new ResumeOptions { Override = true };
        using var device = new CpuDevice(1);
        // At its end, at the interval of 4 steps (the loss is not read before), and by a signal.
        using (var trainer = Trainer.Resume(run, SmallData.Squares(), device, Change, allowed: more)) Assert.Throws<DivergenceException>(() => trainer.Run());
        Assert.Equal(before, Bytes());
        using var cancel = new CancellationTokenSource();
        var observer = new RunFixture.Observer { Step = progress => RunFixture.CancelAt(progress, 13, cancel) };
        using (var trainer = Trainer.Resume(run, SmallData.Squares(), device, Change, observer, more))
            Assert.Equal(TrainingEnd.Cancelled, trainer.Run(cancel.Token).End);
        Assert.Contains(observer.Texts, text => text.Contains("No checkpoint was saved at step 13", StringComparison.Ordinal));
        Assert.Equal(before, Bytes());
        // The bad option was not stored: the run continues without it.
        using (var trainer = Trainer.Resume(run, SmallData.Squares(), device, given => given with { Epochs = 2 }))
            Assert.True(double.IsFinite(trainer.Run().TestLoss));

        string[] Bytes() => [.. new[] { RunFolder.CheckpointFile, RunFolder.BestFile, RunFolder.LastFile, RunFolder.ConfigurationFile, RunFolder.MetricsFile }
            .Select(name => Convert.ToHexString(File.ReadAllBytes(Path.Combine(run, name))))];

        static TrainingOptions Change(TrainingOptions given) => given with { LearningRate = 1e30f, Epochs = 3 };
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void RewindEndsAfterFiveTimes(bool hasFolder)
    {
        using var folder = new TempFolder();
        var options = Options with { LearningRate = 1e30f, OnDivergence = DivergenceAction.Rewind, OutputFolder = hasFolder ? folder.File("run") : null };
        var observer = new RunFixture.Observer();
        using var device = new CpuDevice(1);
        using var trainer = new Trainer(Steep(), SmallData.Squares(), device, options, observer);
        // Five halvings are not enough for this rate.
        Assert.Contains("After 5 rewinds the run stops", Assert.Throws<DivergenceException>(() => trainer.Run()).Message);
        Assert.Equal(5, observer.Texts.Count(text => text.Contains("The run goes back to step 0", StringComparison.Ordinal)));
    }

    [Fact]
    public void ARewoundRunEndsWithFiniteWeightsAndAllMetrics()
    {
        using var folder = new TempFolder();
        var run = folder.File("run");
        var observer = new RunFixture.Observer();
        var options = Options with { Epochs = 1, CheckpointInterval = CheckpointInterval.Off };
        var rate = FindRate(options);
        Run(run, options with { LearningRate = rate, OnDivergence = DivergenceAction.Rewind }, observer);
        Assert.Single(observer.Texts, text => text.Contains("goes back to step 0, and continues with 0.5 of its learning rate (rewind 1 of at most 5)",
            StringComparison.Ordinal));
        Assert.Equal(1 + 1, File.ReadAllLines(Path.Combine(run, RunFolder.MetricsFile)).Length);
        Assert.True(RunFolder.OpenToResume(run).HasCheckpoint);
        // It is the result of a run with half the rate.
        var half = folder.File("half");
        Run(half, options with { LearningRate = rate / 2 });
        Assert.Equal(File.ReadAllBytes(Path.Combine(half, RunFolder.LastFile)), File.ReadAllBytes(Path.Combine(run, RunFolder.LastFile)));
        // The factor is part of the checkpoint: the run continues with half the rate.
        observer = new RunFixture.Observer { Step = progress => Assert.Equal(rate / 2, progress.LearningRate) };
        using var device = new CpuDevice(1);
        using var trainer = Trainer.Resume(run, SmallData.Squares(), device, given => given with { Steps = 11 }, observer);
        Assert.Equal(11, trainer.Run().Steps);
    }

    // The lowest power of two that diverges; half of it does not.
    private static float FindRate(TrainingOptions options)
    {
        for (var rate = 1f; ; rate *= 2)
        {
            using var device = new CpuDevice(1);
            using var trainer = new Trainer(Steep(), SmallData.Squares(), device, options with { LearningRate = rate });
            try
            {
                trainer.Run();
            }
            catch (DivergenceException)
            {
                return rate;
            }
        }
    }

    private static Model Steep() => new(
        "m", TensorShape.Image(8, 8, 1), new FlattenLayer(), new DenseLayer(10) { Activation = Activation.Relu }, new DenseLayer(4));

    private static DivergenceException Diverge(string run, TrainingOptions options) => Assert.Throws<DivergenceException>(() => Run(run, options));

    private static void Run(string run, TrainingOptions options, ITrainingObserver? observer = null)
    {
        using var device = new CpuDevice(1);
        using var trainer = new Trainer(Steep(), SmallData.Squares(), device, options with { OutputFolder = run }, observer);
        trainer.Run();
    }
}
