using Gpu.Tests.IO;
using Gpu.Tests.Loop;
using Gpu.Training.Loop;
using Gpu.Training.Runs;

namespace Gpu.Tests.Runs;

/// <summary>What a checkpoint contains, when it is written, and how a run continues from it.</summary>
public class CheckpointTests
{
    [Fact]
    public void ARunContinuesFromAnyStepBitForBit()
    {
        using var folder = new TempFolder();
        RunFixture.Train(folder.File("whole"));
        // 8 steps in each of 3 epochs. The first checkpoint is that of step 3; before it the run starts again.
        for (var step = 1; step <= 24; step += 2)
        {
            var run = folder.File($"run{step}");
            RunFixture.TrainUntil(run, step);
            Assert.Equal(step > 3, File.Exists(Path.Combine(run, RunFolder.CheckpointFile)));
            var observer = new RunFixture.Observer();
            RunFixture.Resume(run, observer: observer);
            Assert.Equal(step <= 3, observer.Texts.Any(text => text.Contains("starts again", StringComparison.Ordinal)));
            RunComparison.RequireEqual(folder.File("whole"), run);
        }
    }

    [Fact]
    public void AResumedRunKeepsTheRateOfAPlateau()
    {
        using var folder = new TempFolder();
        // With this rate the validation loss rises and falls, so that the schedule reduces the rate.
        var schedule = LearningRateSchedule.Parse("plateau:factor=0.5,patience=0");
        var options = RunFixture.Options with { Epochs = 8, LearningRate = 0.05f, Schedule = schedule, Patience = null };
        var rates = new List<float>();
        RunFixture.Train(folder.File("whole"), options, new RunFixture.Observer { Step = progress => rates.Add(progress.LearningRate) });
        Assert.InRange(rates[^1], 0.0001f, 0.025f);
        for (var step = 21; step < 64; step += 14)
        {
            RunFixture.TrainUntil(folder.File($"run{step}"), step, options);
            RunFixture.Resume(folder.File($"run{step}"));
            RunComparison.RequireEqual(folder.File("whole"), folder.File($"run{step}"));
        }
    }

    [Fact]
    public void ACheckpointOfACancelledEvaluationHoldsTheTrainingWeights()
    {
        using var folder = new TempFolder();
        RunFixture.Train(folder.File("whole"));
        for (var epoch = 1; epoch <= 3; epoch++)
        {
            var run = folder.File($"run{epoch}");
            using var cancel = new CancellationTokenSource();
            // The evaluation begins after the last step of the epoch, with the averaged weights on the device.
            var observer = new RunFixture.Observer { Step = progress => RunFixture.CancelAt(progress, 8 * epoch, cancel) };
            Assert.Equal(TrainingEnd.Cancelled, RunFixture.Train(run, observer: observer, token: cancel.Token).End);
            RunFixture.Resume(run);
            RunComparison.RequireEqual(folder.File("whole"), run);
        }
    }

    [Fact]
    public void ACheckpointOfACancelledFinalEvaluationHoldsTheTrainingWeights()
    {
        using var folder = new TempFolder();
        // The validation loss soon stops improving, so the best weights are those of an earlier epoch.
        var options = RunFixture.Options with { Epochs = 60, Patience = 1, LearningRate = 0.05f, Schedule = LearningRateSchedule.Constant };
        var whole = RunFixture.Train(folder.File("whole"), options);
        Assert.Equal(TrainingEnd.StoppedEarly, whole.End);
        using var cancel = new CancellationTokenSource();
        var observer = new RunFixture.Observer { Message = text => CancelIf(text.StartsWith("Stopped early", StringComparison.Ordinal), cancel) };
        Assert.Equal(TrainingEnd.Cancelled, RunFixture.Train(folder.File("run"), options, observer, cancel.Token).End);
        // It does not train another epoch, and gives the same result.
        var resumed = RunFixture.Resume(folder.File("run"));
        Assert.Equal((TrainingEnd.StoppedEarly, whole.TestLoss, whole.Epochs), (resumed.End, resumed.TestLoss, resumed.Epochs));
        RunComparison.RequireEqual(folder.File("whole"), folder.File("run"));
    }

    [Fact]
    public void AFinishedRunWithAnAverageGivesTheSameResultAgain()
    {
        using var folder = new TempFolder();
        var whole = RunFixture.Train(folder.File("run"), RunFixture.Options with { Validation = null, Patience = null });
        var again = RunFixture.Resume(folder.File("run"));
        Assert.Equal((whole.TestLoss, whole.TestAccuracy, whole.TrainLoss), (again.TestLoss, again.TestAccuracy, again.TrainLoss));
    }

    [Theory]
    [InlineData("0.001s", true)]
    [InlineData("1h", false)]
    [InlineData("off", false)]
    public void CheckpointsAreWrittenByTime(string interval, bool hasCheckpoint)
    {
        using var folder = new TempFolder();
        var options = RunFixture.Options with { CheckpointInterval = CheckpointInterval.Parse(interval) };
        // A step of this network takes less than a millisecond.
        Assert.Throws<RunFixture.CrashException>(() => RunFixture.Train(folder.File("run"), options, new RunFixture.Observer
        {
            Step = progress =>
            {
                Thread.Sleep(2);
                RunFixture.CrashAt(progress, 4);
            },
        }));
        Assert.Equal(hasCheckpoint, File.Exists(folder.File("run", RunFolder.CheckpointFile)));
    }

    [Theory]
    [InlineData("60s", 60, null)]
    [InlineData("1.5m", 90, null)]
    [InlineData(" 2H ", 7200, null)]
    [InlineData("1000steps", null, 1000)]
    [InlineData("1 step", null, 1)]
    [InlineData("off", null, null)]
    public void IntervalsAreParsed(string text, int? seconds, int? steps)
    {
        var interval = CheckpointInterval.Parse(text);
        Assert.Equal((seconds, (long?)steps), ((int?)interval.Time?.TotalSeconds, interval.Steps));
        Assert.Equal(interval, CheckpointInterval.Parse(interval.ToString()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("60")]
    [InlineData("0s")]
    [InlineData("-5s")]
    [InlineData("1e9s")]
    [InlineData("169h")]
    [InlineData("0.5steps")]
    [InlineData("2000000000steps")]
    [InlineData("NaNs")]
    public void OtherIntervalsAreRefused(string text) =>
        Assert.Contains("is not an interval. Expected", Assert.Throws<FormatException>(() => CheckpointInterval.Parse(text)).Message);

    [Fact]
    public void OptionsOfAResumeAreStoredWithTheNextCheckpoint()
    {
        using var folder = new TempFolder();
        var run = folder.File("run");
        RunFixture.TrainUntil(run, 10);
        var before = File.ReadAllText(Path.Combine(run, RunFolder.ConfigurationFile));
        // It ends before its first checkpoint, at step 12.
        Crash(11);
        Assert.Equal(before, File.ReadAllText(Path.Combine(run, RunFolder.ConfigurationFile)));
        Assert.Equal(0.01f, RunFolder.OpenToResume(run).Configuration.Options.LearningRate);
        Crash(13);
        Assert.Equal(0.02f, RunFolder.Open(run).Configuration.Options.LearningRate);
        Assert.Equal(0.02f, RunFolder.OpenToResume(run).Configuration.Options.LearningRate);

        void Crash(int step) => Assert.Throws<RunFixture.CrashException>(() => RunFixture.Resume(
            run, given => given with { LearningRate = 0.02f }, new RunFixture.Observer { Step = progress => RunFixture.CrashAt(progress, step) },
            new ResumeOptions { Override = true }));
    }

    [Fact]
    public void AnotherOptimizerNeedsItsStateToBeReset()
    {
        using var folder = new TempFolder();
        var run = folder.File("run");
        RunFixture.TrainUntil(run, 10);
        // AdamW has the same state as Adam, with another meaning of the weight decay.
        foreach (var kind in new[] { Gpu.Kernels.OptimizerKind.AdamW, Gpu.Kernels.OptimizerKind.Momentum, Gpu.Kernels.OptimizerKind.Sgd })
        {
            var error = Assert.Throws<TrainingException>(() => RunFixture.Resume(run, given => given with { Optimizer = kind }, null,
                new ResumeOptions { Override = true }));
            Assert.Matches("optimizer +adam +[a-z]+ +may change with --reset-optimizer", error.Message);
            var copy = RunFixture.Copy(folder, run);
            var result = RunFixture.Resume(copy, given => given with { Optimizer = kind }, null, new ResumeOptions { ResetOptimizer = true });
            Assert.True(double.IsFinite(result.TestLoss));
        }

        // With the same optimizer, too, and then the result is another one.
        var reset = RunFixture.Copy(folder, run);
        Assert.NotEqual(RunFixture.Resume(run).TestLoss, RunFixture.Resume(reset, null, null, new ResumeOptions { ResetOptimizer = true }).TestLoss);
    }

    [Fact]
    public void AWarmUpLongerThanTheRunIsAWarning()
    {
        using var folder = new TempFolder();
        var observer = new RunFixture.Observer();
        RunFixture.Train(folder.File("run"), RunFixture.Options with { Warmup = 100 }, observer);
        Assert.Contains(observer.Texts, text => text.Contains("The warm-up has 100 steps, but the run only 24", StringComparison.Ordinal));
        observer = new RunFixture.Observer();
        RunFixture.Train(folder.File("other"), RunFixture.Options with { Warmup = 24 }, observer);
        Assert.DoesNotContain(observer.Texts, text => text.Contains("warm-up", StringComparison.Ordinal));
    }

    private static void CancelIf(bool isTime, CancellationTokenSource cancel)
    {
        if (isTime) cancel.Cancel();
    }
}
