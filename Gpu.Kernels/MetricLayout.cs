namespace Gpu.Kernels;

/// <summary>The layout of the counters that <see cref="Metrics"/> accumulates.</summary>
public static class MetricLayout
{
    /// <summary>Word of the sum of the sample losses, a float. The full sum is this plus <see cref="LossCompensation"/>.</summary>
    public const int LossSum = 0;

    /// <summary>Word of the rounding error of the sum, a float.</summary>
    public const int LossCompensation = 1;

    /// <summary>Word of the number of samples, an integer.</summary>
    public const int Samples = 2;

    /// <summary>Word of the number of samples whose label has the largest logit, an integer.</summary>
    public const int Correct = 3;

    /// <summary>Word of the number of samples whose label is among the k largest logits, an integer.</summary>
    public const int CorrectInTopK = 4;

    /// <summary>First word of the partial sums of a batch, <see cref="PartWords"/> words per part.</summary>
    internal const int Parts = 16;

    /// <summary>The most parts that a batch is divided into. Checkpoints store the view as it is, so a change is a change of the file format.</summary>
    internal const int MaxParts = 64;

    /// <summary>Words of a part: sum, compensation, correct, correct in top k.</summary>
    internal const int PartWords = 4;

    /// <summary>Words of the view.</summary>
    public const int Words = Parts + MaxParts * PartWords;
}

/// <summary>The counters since the last reset.</summary>
/// <param name="LossSum">the sum of the sample losses</param>
/// <param name="Samples">the number of samples</param>
/// <param name="Correct">samples whose label has the largest logit</param>
/// <param name="CorrectInTopK">samples whose label is among the k largest logits</param>
public readonly record struct MetricTotals(double LossSum, int Samples, int Correct, int CorrectInTopK)
{
    /// <summary>The mean loss; NaN without samples.</summary>
    public double MeanLoss => LossSum / Samples;

    /// <summary>The fraction, 0 to 1, of samples whose label has the largest logit; NaN without samples.</summary>
    public double Accuracy => (double)Correct / Samples;

    /// <summary>The fraction, 0 to 1, of samples whose label is among the k largest logits; NaN without samples.</summary>
    public double TopKAccuracy => (double)CorrectInTopK / Samples;
}
