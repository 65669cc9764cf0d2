namespace Gpu.Training.Loop;

/// <summary>The scores of a segmentation, from the confusion matrix of all pixels that are not void.</summary>
public sealed record PixelScores
{
    /// <summary>Computes the scores.</summary>
    /// <param name="counts">classes x classes: element [i, j] counts the pixels of class i that were predicted as class j</param>
    /// <exception cref="ArgumentException">the matrix is not square</exception>
    public PixelScores(long[,] counts)
    {
        ArgumentNullException.ThrowIfNull(counts);
        var classes = counts.GetLength(0);
        if (classes != counts.GetLength(1)) throw new ArgumentException($"the matrix is {classes} x {counts.GetLength(1)}, but must be square", nameof(counts));
        Counts = counts;
        long right = 0, all = 0;
        var iou = new double[classes];
        for (var c = 0; c < classes; c++)
        {
            long truth = 0, predicted = 0;
            for (var other = 0; other < classes; other++)
            {
                truth += counts[c, other];
                predicted += counts[other, c];
            }

            right += counts[c, c];
            all += truth;
            var union = truth + predicted - counts[c, c];
            iou[c] = union == 0 ? double.NaN : (double)counts[c, c] / union;
        }

        (Pixels, Iou) = (all, iou);
        Accuracy = all == 0 ? double.NaN : (double)right / all;
        MeanIou = iou.Where(value => !double.IsNaN(value)).DefaultIfEmpty(double.NaN).Average();
    }

    /// <summary>Element [i, j] counts the pixels of class i that were predicted as class j.</summary>
    public long[,] Counts { get; }

    /// <summary>Pixels that are not void.</summary>
    public long Pixels { get; }

    /// <summary>Fraction of the pixels whose class was predicted, 0 to 1; NaN without pixels.</summary>
    public double Accuracy { get; }

    /// <summary>
    /// Intersection over union of each class, 0 to 1: pixels of the class that were predicted as it, of all that are of the class or were predicted as it. NaN
    /// for a class without either.
    /// </summary>
    public IReadOnlyList<double> Iou { get; }

    /// <summary>Mean of <see cref="Iou"/> over the classes that have one, 0 to 1; NaN without pixels.</summary>
    public double MeanIou { get; }
}
