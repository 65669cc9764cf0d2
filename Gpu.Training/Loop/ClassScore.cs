namespace Gpu.Training.Loop;

/// <summary>How well one class is recognised. Where a quotient has nothing to divide by it is 0, as customary.</summary>
/// <param name="Samples">samples of the class</param>
/// <param name="Precision">share of the samples taken for the class that are of it</param>
/// <param name="Recall">share of the class's samples that were taken for it</param>
public sealed record ClassScore(int Samples, double Precision, double Recall)
{
    /// <summary>The harmonic mean of precision and recall.</summary>
    public double F1 => Precision + Recall > 0 ? 2 * Precision * Recall / (Precision + Recall) : 0;

    /// <summary>The scores of all classes.</summary>
    /// <param name="confusion">at [i, j] the samples of class i that were taken for class j</param>
    /// <exception cref="ArgumentException">the matrix is not square</exception>
    public static ClassScore[] FromConfusionMatrix(int[,] confusion)
    {
        ArgumentNullException.ThrowIfNull(confusion);
        var classes = confusion.GetLength(0);
        if (confusion.GetLength(1) != classes)
            throw new ArgumentException($"a confusion matrix is square, but this one is {classes} x {confusion.GetLength(1)}", nameof(confusion));
        var scores = new ClassScore[classes];
        for (var c = 0; c < classes; c++)
        {
            var (samples, taken) = (0, 0);
            for (var other = 0; other < classes; other++)
            {
                samples += confusion[c, other];
                taken += confusion[other, c];
            }

            scores[c] = new ClassScore(samples, Share(confusion[c, c], taken), Share(confusion[c, c], samples));
        }

        return scores;
    }

    private static double Share(int part, int whole) => whole > 0 ? (double)part / whole : 0;
}
