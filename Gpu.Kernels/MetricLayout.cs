namespace Gpu.Kernels;

/// <summary>Where the counters lie in the view that <see cref="Metrics"/> accumulates into.</summary>
public static class MetricLayout
{
    /// <summary>Word of the sum of the samples' losses, a float; add <see cref="LossCompensation"/> to it.</summary>
    public const int LossSum = 0;

    /// <summary>Word of what rounding took from the sum, a float.</summary>
    public const int LossCompensation = 1;

    /// <summary>Word of the number of samples, an integer.</summary>
    public const int Samples = 2;

    /// <summary>Word of the number of samples whose label has the largest logit, an integer.</summary>
    public const int Correct = 3;

    /// <summary>Word of the number of samples whose label is among the k largest logits, an integer.</summary>
    public const int CorrectInTopK = 4;

    /// <summary>First word of the room that a batch's partial sums take, <see cref="PartWords"/> words a part.</summary>
    internal const int Parts = 16;

    /// <summary>Parts that a batch is cut into, at most.</summary>
    internal const int MaxParts = 64;

    /// <summary>Parts at most where a part is what a group of threads has counted: no more, because checkpoints hold the view as it is.</summary>
    internal const int MaxGroups = MaxParts;

    /// <summary>Words of a part: sum, rest, correct, correct in top k.</summary>
    internal const int PartWords = 4;

    /// <summary>Words in the view.</summary>
    public const int Words = Parts + MaxParts * PartWords;
}

/// <summary>What has been counted since the last reset.</summary>
/// <param name="LossSum">sum of the samples' losses</param>
/// <param name="Samples">samples</param>
/// <param name="Correct">samples whose label has the largest logit</param>
/// <param name="CorrectInTopK">samples whose label is among the k largest logits</param>
public readonly record struct MetricTotals(double LossSum, int Samples, int Correct, int CorrectInTopK)
{
    /// <summary>The mean loss; NaN without samples.</summary>
    public double MeanLoss => LossSum / Samples;

    /// <summary>The part, from 0 to 1, of samples whose label has the largest logit; NaN without samples.</summary>
    public double Accuracy => (double)Correct / Samples;

    /// <summary>The part, from 0 to 1, of samples whose label is among the k largest logits; NaN without samples.</summary>
    public double TopKAccuracy => (double)CorrectInTopK / Samples;
}
