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
        return [.. Indices(split, folds, seed).Select(part => (split.Select(part.Train), split.Select(part.HeldOut)))];
    }

    /// <summary>
    /// As <see cref="Split"/>, for any samples; returns their indices. Rows of equal inputs are in one fold, so sizes may differ by more.
    /// </summary>
    internal static IReadOnlyList<(int[] Train, int[] HeldOut)> Indices(DataSplit split, int folds, ulong seed)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(folds, 2);
        if (split.Count < folds)
        {
            throw new DatasetException(
                $"{split.Count} {split.SampleNoun} cannot be split into {folds} folds. Use fewer folds, or more {split.SampleNoun}.");
        }

        var order = Enumerable.Range(0, split.Count).ToArray();
        new PortableRandom(seed).Shuffle(order.AsSpan());

        // Assign folds round-robin over the samples sorted by class. The counter runs on across classes, which keeps fold sizes even.
        var foldOf = new int[split.Count];
        var next = 0;
        var known = new Dictionary<ulong, int>();
        foreach (var index in order.OrderBy(split.Stratum))
        {
            // Rows of equal inputs are in one fold, so that none is judged by a network that was trained on it.
            if (split.Identity(index) is not { } identity)
                foldOf[index] = next++ % folds;
            else if (known.TryGetValue(identity, out var fold))
                foldOf[index] = fold;
            else
                known[identity] = foldOf[index] = next++ % folds;
        }

        var splits = new List<(int[], int[])>();
        for (var fold = 0; fold < folds; fold++)
        {
            splits.Add((
                [.. Enumerable.Range(0, split.Count).Where(index => foldOf[index] != fold)],
                [.. Enumerable.Range(0, split.Count).Where(index => foldOf[index] == fold)]));
        }

        return splits;
    }
}
