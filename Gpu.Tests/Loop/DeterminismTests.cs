using Gpu.Kernels.Devices;
using Gpu.Tests.IO;
using Gpu.Training.Loop;

namespace Gpu.Tests.Loop;

public class DeterminismTests
{
    private static readonly TrainingOptions Options = new()
    {
        Epochs = 3, Batch = 16, LearningRate = 0.01f, RecordLosses = true, ClipNorm = 1, Ema = 0.95f, AugmentShift = 1, AugmentFlip = true, Warmup = 4,
        Schedule = LearningRateSchedule.Parse("cosine"), Validation = 0.2, WeightDecay = 1e-3f,
    };

    [Fact]
    public void ResultsDoNotDependOnThreads()
    {
        var results = new[] { 1, 2, 3, 5, 1 }.Select(threads =>
        {
            using var device = new CpuDevice(threads);
            using var trainer = new Trainer(SmallData.Network(), SmallData.Squares(), device, Options);
            var result = trainer.Run();
            return (Losses: result.Losses!.ToArray(), result.TestLoss, Weights: Weights(trainer));
        }).ToArray();
        Assert.Equal(8 * 3, results[0].Losses.Length);
        foreach (var result in results[1..])
        {
            Assert.Equal(results[0].Losses, result.Losses);
            Assert.Equal(results[0].TestLoss, result.TestLoss);
            Assert.Equal(results[0].Weights, result.Weights);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(8)]
    [InlineData(11)]
    [InlineData(20)]
    public void ResumedRunEqualsAnUninterruptedOne(int stopAfter)
    {
        using var folder = new TempFolder();
        using var device = new CpuDevice(threads: 2);
        var data = SmallData.Squares();
        var whole = new Trainer(SmallData.Network(), data, device, Options with { OutputFolder = folder.File("whole") });
        var expected = whole.Run();

        using var cancel = new CancellationTokenSource();
        var first = new Trainer(SmallData.Network(), data, device, Options with { OutputFolder = folder.File("cut") }, new CancelAtStep(stopAfter, cancel));
        var cut = first.Run(cancel.Token);
        Assert.Equal(TrainingEnd.Cancelled, cut.End);
        Assert.Equal(stopAfter, cut.Steps);
        first.Dispose();

        var second = Trainer.Resume(folder.File("cut"), data, device);
        var resumed = second.Run();
        Assert.Equal(TrainingEnd.Completed, resumed.End);
        Assert.Equal(expected.Losses, cut.Losses!.Concat(resumed.Losses!));
        Assert.Equal(Weights(whole), Weights(second));
        Assert.Equal(
            (expected.TrainLoss, expected.TestLoss, expected.ValidationLoss, expected.BestEpoch, expected.Epochs, expected.Steps),
            (resumed.TrainLoss, resumed.TestLoss, resumed.ValidationLoss, resumed.BestEpoch, resumed.Epochs, resumed.Steps));
        whole.Dispose();
        second.Dispose();
        RunComparison.RequireEqual(folder.File("whole"), folder.File("cut"));
    }

    [Fact]
    public void FinishedRunContinuesWithMoreEpochs()
    {
        using var folder = new TempFolder();
        using var device = new CpuDevice(threads: 1);
        var options = Options with { Schedule = LearningRateSchedule.Constant };
        using (var first = new Trainer(SmallData.Network(), SmallData.Squares(), device,
            options with { Epochs = 2, OutputFolder = folder.File("run") })) first.Run();
        using var second = Trainer.Resume(folder.File("run"), SmallData.Squares(), device, given => given with { Epochs = 3 });
        second.Run();
        using var whole = new Trainer(SmallData.Network(), SmallData.Squares(), device, options);
        whole.Run();
        Assert.Equal(Weights(whole), Weights(second));
    }

    [Fact]
    public void RunEndedByStepsContinuesWithinItsEpoch()
    {
        using var folder = new TempFolder();
        using var device = new CpuDevice(threads: 1);
        var options = Options with { Schedule = LearningRateSchedule.Constant, Validation = null };
        using (var first = new Trainer(SmallData.Network(), SmallData.Squares(), device,
            options with { Steps = 13, OutputFolder = folder.File("run") })) first.Run();
        using var second = Trainer.Resume(folder.File("run"), SmallData.Squares(), device, given => given with { Steps = 30 });
        second.Run();
        using var whole = new Trainer(SmallData.Network(), SmallData.Squares(), device, options with { Steps = 30 });
        whole.Run();
        Assert.Equal(Weights(whole), Weights(second));
    }

    [Fact]
    public void ResumeWithOtherDataOrOptionsThrows()
    {
        using var folder = new TempFolder();
        using var device = new CpuDevice(threads: 1);
        var run = folder.File("run");
        using (var first = new Trainer(SmallData.Network(), SmallData.Squares(), device, Options with { Epochs = 1, OutputFolder = run })) first.Run();
        Assert.Matches(@"training images +\S+ +\S+ +cannot change", Message(SmallData.Squares(seed: 2), given => given));
        Assert.Matches("optimizer +adam +momentum +may change with --reset-optimizer",
            Message(SmallData.Squares(), given => given with { Optimizer = Gpu.Kernels.OptimizerKind.Momentum }));
        var both = Message(SmallData.Squares(), given => given with { Batch = 8, Ema = null, LearningRate = 1 });
        Assert.Matches("batch +16 +8 +cannot change", both);
        Assert.Matches("ema +0.95 +none +cannot change", both);
        Assert.Matches("lr +0.01 +1 +may change with --override", both);
        Assert.Contains("no run folder", Assert.Throws<TrainingException>(() => Trainer.Resume(folder.File("nowhere"), SmallData.Squares(), device)).Message);

        string Message(Gpu.Training.Data.ImageDataset data, Func<TrainingOptions, TrainingOptions> change) =>
            Assert.Throws<TrainingException>(() => Trainer.Resume(run, data, device, change)).Message;
    }

    private static float[] Weights(Trainer trainer) => [.. trainer.Network.Model.Parameters.SelectMany(parameter =>
        trainer.Network.GetParameter(parameter.Name))];

    private sealed class CancelAtStep(int step, CancellationTokenSource cancel) : ITrainingObserver
    {
        public void OnStep(in StepProgress progress)
        {
            if (progress.Step == step) cancel.Cancel();
        }
    }
}
