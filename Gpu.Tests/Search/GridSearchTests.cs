using Gpu.Training.Data;
using Gpu.Training.Loop;
using Gpu.Training.Search;

namespace Gpu.Tests.Search;

public class GridSearchTests
{
    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(7)]
    public void FoldsHoldOutEveryImageOnceAndAreStratified(int folds)
    {
        const int Count = 50;
        // Each image has one pixel, its index; there are five classes.
        var split = new ImageSplit([.. Enumerable.Range(0, Count).Select(i => (byte)i)], [.. Enumerable.Range(0, Count).Select(i => i % 5)], 1, 1, 1);
        var parts = StratifiedKFold.Split(split, folds, 3);
        Assert.Equal(folds, parts.Count);
        Assert.Equal(Enumerable.Range(0, Count), parts.SelectMany(part => part.HeldOut.Pixels).Select(pixel => (int)pixel).Order());
        foreach (var (train, heldOut) in parts)
        {
            Assert.Equal(Enumerable.Range(0, Count), train.Pixels.Concat(heldOut.Pixels).Select(pixel => (int)pixel).Order());
            Assert.InRange(heldOut.Count, Count / folds, Count / folds + 1);
            Assert.All(heldOut.CountPerClass(5), count => Assert.InRange(count, 10 / folds, 10 / folds + 1));
            Assert.All(heldOut.Pixels.Zip(heldOut.Labels), pair => Assert.Equal(pair.First % 5, pair.Second));
        }

        Assert.Equal(parts[0].HeldOut.Pixels, StratifiedKFold.Split(split, folds, 3)[0].HeldOut.Pixels);
        Assert.NotEqual(parts[0].HeldOut.Pixels, StratifiedKFold.Split(split, folds, 4)[0].HeldOut.Pixels);
        Assert.Contains("cannot be split into 51 folds", Assert.Throws<DatasetException>(() => StratifiedKFold.Split(split, 51, 1)).Message);
    }

    [Fact]
    public void TheGridHasEveryCombination()
    {
        var grid = SearchPoint.Grid([0, 0.1f], [1e-3f, 1e-2f, 1e-1f], []);
        Assert.Equal(6, grid.Count);
        Assert.Equal(new SearchPoint(0, 1e-3f), grid[0]);
        Assert.Equal(new SearchPoint(0.1f, 1e-1f), grid[^1]);
        Assert.Equal(6, grid.Distinct().Count());
        var options = new TrainingOptions { LearningRate = 5, Dropout = 0.5f };
        Assert.Equal(options with { WeightDecay = 0.1f, LearningRate = 0.1f }, grid[^1].ApplyTo(options));
    }

    [Fact]
    public void ErrorsAreStandardErrorsOfTheMean()
    {
        var trial = new SearchTrial(new SearchPoint(), [1, 2, 3], [0.5, 0.7, 0.9], 1);
        Assert.Equal(2, trial.Loss, 1e-12);
        Assert.Equal(0.7, trial.Accuracy, 1e-12);
        Assert.Equal(1 / Math.Sqrt(3), trial.LossError, 1e-12);
        Assert.Equal(0.2 / Math.Sqrt(3), trial.AccuracyError, 1e-12);
        Assert.True(double.IsNaN(new SearchTrial(new SearchPoint(), [1], [1], 1).LossError));
    }

    [Fact]
    public void DivergedTrialsAreNeverTheBest()
    {
        var (good, bad) = (new SearchTrial(new SearchPoint(1), [0.5], [0.9], 1), new SearchTrial(new SearchPoint(2), [double.NaN], [0], 1));
        Assert.Equal(good, GridSearch.Best([bad, good]));
        Assert.Null(GridSearch.Best([bad]));
    }
}
