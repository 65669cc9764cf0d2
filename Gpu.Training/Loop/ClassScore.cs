namespace Gpu.Training.Loop;

/// <summary>Precision, recall and F1 of one class. A ratio with a zero denominator is 0, as in scikit-learn.</summary>
/// <param name="Samples">Number of samples whose true class is this one.</param>
/// <param name="Precision">TP / (TP + FP): fraction of the samples predicted as this class that belong to it, 0 to 1.</param>
/// <param name="Recall">TP / (TP + FN): fraction of the samples of this class that are predicted as it, 0 to 1.</param>
public sealed record ClassScore(int Samples, double Precision, double Recall)
{
    /// <summary>The harmonic mean of precision and recall, 0 to 1.</summary>
    public double F1 => Precision + Recall > 0 ? 2 * Precision * Recall / (Precision + Recall) : 0;

    /// <summary>Computes the scores of every class.</summary>
    /// <param name="confusion">Confusion matrix, classes x classes: element [i, j] counts the samples of class i predicted as class j.</param>
    /// <exception cref="ArgumentException">The matrix is not square.</exception>
    public static ClassScore[] FromConfusionMatrix(int[,] confusion)
    {
        ArgumentNullException.ThrowIfNull(confusion);
        var classes = confusion.GetLength(0);
        if (confusion.GetLength(1) != classes)
            throw new ArgumentException($"a confusion matrix must be square, but this one is {classes} x {confusion.GetLength(1)}", nameof(confusion));
        var scores = new ClassScore[classes];
        for (var c = 0; c < classes; c++)
        {
            var (samples, predicted) = (0, 0);
            for (var other = 0; other < classes; other++)
            {
                samples += confusion[c, other];
                predicted += confusion[other, c];
            }

            scores[c] = new ClassScore(samples, Ratio(confusion[c, c], predicted), Ratio(confusion[c, c], samples));
        }

        return scores;
    }

    private static double Ratio(int part, int whole) => whole > 0 ? (double)part / whole : 0;
}
