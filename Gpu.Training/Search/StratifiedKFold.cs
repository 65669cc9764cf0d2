using Gpu.Training.Data;

namespace Gpu.Training.Search;

/// <summary>Stratified k-fold cross-validation: every image is held out in exactly one fold.</summary>
public static class StratifiedKFold
{
    /// <summary>Splits images into folds. Fold sizes, and the number of images of each class per fold, differ by at most one.</summary>
    /// <param name="split">The images.</param>
    /// <param name="folds">Number of folds, 2 or more.</param>
    /// <param name="seed">Random seed of the assignment.</param>
    /// <returns>For each fold: the images outside of it to train on, and the held-out images.</returns>
    /// <exception cref="DatasetException">There are fewer images than folds.</exception>
    public static IReadOnlyList<(ImageSplit Train, ImageSplit HeldOut)> Split(ImageSplit split, int folds, ulong seed)
    {
        ArgumentNullException.ThrowIfNull(split);
        ArgumentOutOfRangeException.ThrowIfLessThan(folds, 2);
        if (split.Count < folds)
            throw new DatasetException($"{split.Count} images cannot be split into {folds} folds. Use fewer folds, or more images.");
        var order = Enumerable.Range(0, split.Count).ToArray();
        new PortableRandom(seed).Shuffle(order.AsSpan());

        // Assign folds round-robin over the images sorted by class. The counter runs on across classes, which keeps fold sizes even.
        var foldOf = new int[split.Count];
        var next = 0;
        foreach (var index in order.OrderBy(index => split.Labels[index]))
            foldOf[index] = next++ % folds;
        var splits = new List<(ImageSplit, ImageSplit)>();
        for (var fold = 0; fold < folds; fold++)
        {
            var train = Enumerable.Range(0, split.Count).Where(index => foldOf[index] != fold).ToArray();
            var heldOut = Enumerable.Range(0, split.Count).Where(index => foldOf[index] == fold).ToArray();
            splits.Add((split.Select(train), split.Select(heldOut)));
        }

        return splits;
    }
}
