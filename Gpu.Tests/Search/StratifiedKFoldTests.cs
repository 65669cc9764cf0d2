using Gpu.Training.Data;
using Gpu.Training.Search;

namespace Gpu.Tests.Search;

public class StratifiedKFoldTests
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
}
