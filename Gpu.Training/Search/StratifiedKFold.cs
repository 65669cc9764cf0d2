using Gpu.Training.Data;

namespace Gpu.Training.Search;

/// <summary>k-fold cross-validation: every image is held out once.</summary>
public static class StratifiedKFold
{
    /// <summary>Cuts images into folds of the same size (one more or less) with the same share of every class.</summary>
    /// <param name="split">the images</param>
    /// <param name="folds">how many parts, 2 or more</param>
    /// <param name="seed">decides which image goes where</param>
    /// <returns>for each fold the images outside of it and those within it</returns>
    /// <exception cref="DatasetException">there are fewer images than folds</exception>
    public static IReadOnlyList<(ImageSplit Train, ImageSplit HeldOut)> Split(ImageSplit split, int folds, ulong seed)
    {
        ArgumentNullException.ThrowIfNull(split);
        ArgumentOutOfRangeException.ThrowIfLessThan(folds, 2);
        if (split.Count < folds)
            throw new DatasetException($"{split.Count} images cannot be cut into {folds} folds. Use fewer folds, or more images.");
        var order = Enumerable.Range(0, split.Count).ToArray();
        new PortableRandom(seed).Shuffle(order.AsSpan());

        // Dealt out like cards, one class after another: the next class goes on where the last one stopped, so that sizes stay even.
        var foldOf = new int[split.Count];
        var next = 0;
        foreach (var index in order.OrderBy(index => split.Labels[index]))
            foldOf[index] = next++ % folds;
        var parts = new List<(ImageSplit, ImageSplit)>();
        for (var fold = 0; fold < folds; fold++)
        {
            var outside = Enumerable.Range(0, split.Count).Where(index => foldOf[index] != fold).ToArray();
            var within = Enumerable.Range(0, split.Count).Where(index => foldOf[index] == fold).ToArray();
            parts.Add((split.Select(outside), split.Select(within)));
        }

        return parts;
    }
}
