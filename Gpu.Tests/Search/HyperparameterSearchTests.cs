using Gpu.Kernels.Devices;
using Gpu.Tests.IO;
using Gpu.Tests.Loop;
using Gpu.Training.Loop;
using Gpu.Training.Search;

namespace Gpu.Tests.Search;

public class HyperparameterSearchTests
{
    private static readonly SearchOptions ThreeFolds = new() { Folds = 3, Seeds = 2, SplitSeed = 7 };

    [Fact]
    public void StatisticsAreThoseOfASample()
    {
        var statistics = SampleStatistics.Of([1, 2, 3]);
        Assert.Equal(2, statistics.Mean, 1e-12);
        Assert.Equal(1, statistics.Deviation, 1e-12);
        Assert.Equal(1 / Math.Sqrt(3), statistics.Error, 1e-12);
        Assert.True(double.IsNaN(SampleStatistics.Of([1]).Deviation));
        Assert.True(double.IsNaN(SampleStatistics.Of([1, double.NaN]).Mean));
    }

    [Fact]
    public void TheChoiceWithinOneStandardErrorFitsTheTrainingDataLeast()
    {
        // The standard error of the best is 0.025.
        var best = Result("best", [0.45, 0.5], 0.1);
        var simple = Result("simple", [0.46, 0.52], 0.3);
        var simplest = Result("simplest", [0.6, 0.65], 0.5);
        var diverged = Result("diverged", [double.NaN, 0.1], 0.9);
        var stopped = Result("stopped", [0.1, 0.1], 0.9) with { IsComplete = false };
        var choice = SearchChoice.From([simplest, diverged, simple, stopped, best])!;
        Assert.Equal(best, choice.Best);
        Assert.Equal(simple, choice.OneStandardError);
        Assert.Null(SearchChoice.From([Result("one run", [0.5], 0.1)])!.OneStandardError);
        Assert.Null(SearchChoice.From([diverged, stopped]));
    }

    [Fact]
    public void DifferencesAreJudgedOnPairedRuns()
    {
        // Folds differ by more than settings do, but in every fold the second setting is worse by about 0.02.
        var first = Result("first", [0.1, 0.5, 0.9, 0.3], 0.1);
        Assert.True(SearchChoice.Differs(first, Result("worse", [0.12, 0.521, 0.919, 0.32], 0.1)));
        Assert.False(SearchChoice.Differs(first, Result("noise", [0.08, 0.56, 0.87, 0.35], 0.1)));
        Assert.Null(SearchChoice.Differs(Result("a", [1], 1), Result("b", [2], 1)));
    }

    [Fact]
    public void RunsSideBySideGiveTheSameResults()
    {
        using var one = new CpuDevice(2);
        using var two = new CpuDevice(1);
        using var three = new CpuDevice(1);
        var alone = Run([one], ThreeFolds);
        var together = Run([two, three], ThreeFolds);
        Assert.Equal(2, alone.Count);
        foreach (var (a, b) in alone.Zip(together))
        {
            Assert.Equal(6, a.Trials.Count);
            Assert.Equal(a.Trials.Select(WithoutTime), b.Trials.Select(WithoutTime));
            Assert.Equal(new ulong[] { 3, 4, 3, 4, 3, 4 }, a.Trials.Select(trial => trial.Seed));
        }
    }

    [Fact]
    public void AStoppedSearchContinuesWithTheSameResults()
    {
        using var folder = new TempFolder();
        using var device = new CpuDevice(1);
        var whole = Run([device], ThreeFolds);
        using var stop = new CancellationTokenSource();
        var store = new TrialStore(folder.File("trials"));
        var part = Run([device], ThreeFolds, store, onTrial: (done, _) =>
        {
            if (done == 7) stop.Cancel();
        }, stop.Token);
        Assert.Single(part);
        var files = Directory.GetFiles(folder.File("trials"));
        Assert.Equal(7, files.Length);

        // A damaged file is noticed, and its run is made again.
        File.WriteAllText(files[0], File.ReadAllText(files[0]).Replace("\"loss\": ", "\"loss\": 1", StringComparison.Ordinal));
        var (kept, made) = (0, 0);
        store = new TrialStore(folder.File("trials"));
        var rest = Run([device], ThreeFolds, store, (_, isStored) => _ = isStored ? kept++ : made++);
        Assert.Equal((6, 6, 1), (kept, made, store.Damaged));
        Assert.Equal(whole.SelectMany(result => result.Trials).Select(WithoutTime), rest.SelectMany(result => result.Trials).Select(WithoutTime));

        // Another setting, fold count or seed is another run.
        made = 0;
        Run([device], ThreeFolds with { SplitSeed = 8 }, store, (_, isStored) => _ = isStored ? kept++ : made++);
        Assert.Equal(12, made);
    }

    [Fact]
    public void HalvingTrainsOnlyTheBestToTheEnd()
    {
        using var device = new CpuDevice(1);
        var data = SmallData.Squares(100, 10);
        var rates = new[] { 1e-2f, 1e-5f, 1e-6f, 1e-7f };
        SearchSetting[] settings = [.. rates.Select(rate => new SearchSetting(
            $"{rate}", SmallData.Network(), data, Options with { LearningRate = rate, Epochs = 4 }))];
        var search = new HyperparameterSearch(settings, new SearchOptions { Halving = 2 });
        Assert.Equal([0.25, 0.5, 1], search.Rungs);
        Assert.Equal(4 + 2 + 1, search.RunCount);
        var results = search.Run([device]);
        Assert.Equal([1, 1, 2, 4], results.Select(result => result.Trials.Single().Epochs).Order());
        var complete = Assert.Single(results, result => result.IsComplete);
        Assert.Equal(settings[0].Name, complete.Setting.Name);
        // The same as without halving.
        var whole = new HyperparameterSearch([settings[0]], new SearchOptions()).Run([device]);
        Assert.Equal(WithoutTime(whole[0].Trials[0]), WithoutTime(complete.Trials[0]));
        var few = Assert.Throws<TrainingException>(() => new HyperparameterSearch([settings[0]], new SearchOptions { Halving = 2 }));
        Assert.Contains("at least 2 epochs and 2 settings", few.Message);
    }

    [Fact]
    public void ADivergedSettingIsAResult()
    {
        using var device = new CpuDevice(1);
        var setting = new SearchSetting("wild", SmallData.Network(), SmallData.Squares(60, 10), Options with
        {
            LearningRate = 1e30f, Optimizer = Gpu.Kernels.OptimizerKind.Sgd, LogEvery = 1,
        });
        var result = Assert.Single(new HyperparameterSearch([setting], new SearchOptions()).Run([device]));
        Assert.True(double.IsNaN(result.Loss.Mean));
    }

    private static TrainingOptions Options { get; } = new() { Epochs = 1, Batch = 20, Seed = 3 };

    private static IReadOnlyList<SettingResult> Run(
        IReadOnlyList<ComputeDevice> devices, SearchOptions options, TrialStore? store = null, Action<int, bool>? onTrial = null,
        CancellationToken cancellation = default)
    {
        var data = SmallData.Squares(90, 10);
        SearchSetting[] settings = [.. new[] { 0f, 1f }.Select(decay => new SearchSetting(
            $"{decay}", SmallData.Network(), data, Options with { WeightDecay = decay }))];
        return new HyperparameterSearch(settings, options).Run(devices, store, onTrial: onTrial, cancellation: cancellation);
    }

    private static SearchTrial WithoutTime(SearchTrial trial) => trial with { Seconds = 0 };

    private static SettingResult Result(string name, double[] losses, double trainLoss) => new(
        new SearchSetting(name, null!, null!, new TrainingOptions()),
        [.. losses.Select((loss, fold) => new SearchTrial
        {
            Fold = fold, Seed = 1, Epochs = 1, Loss = loss, Accuracy = 0.5, TrainLoss = trainLoss, Seconds = 1,
        })], true);
}
