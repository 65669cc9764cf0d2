namespace Gpu.Training.Search;

/// <summary>What one point of a search came to: a training for each fold, each judged by the images that it did not see.</summary>
/// <param name="Point">the settings</param>
/// <param name="Losses">the mean loss on the held-out images of each fold</param>
/// <param name="Accuracies">the accuracy on them, 0 to 1</param>
/// <param name="Seconds">how long the trainings took</param>
public sealed record SearchTrial(SearchPoint Point, IReadOnlyList<double> Losses, IReadOnlyList<double> Accuracies, double Seconds)
{
    /// <summary>The mean loss over the folds; NaN when a training diverged.</summary>
    public double Loss => Losses.Average();

    /// <summary>The mean accuracy over the folds.</summary>
    public double Accuracy => Accuracies.Average();

    /// <summary>The standard error of <see cref="Accuracy"/>: the deviation between folds over the square root of their number; NaN for a single one.</summary>
    public double AccuracyError => Error(Accuracies);

    /// <summary>The standard error of <see cref="Loss"/>; NaN for a single fold.</summary>
    public double LossError => Error(Losses);

    private static double Error(IReadOnlyList<double> values)
    {
        if (values.Count < 2) return double.NaN;
        var mean = values.Average();
        return Math.Sqrt(values.Sum(value => (value - mean) * (value - mean)) / (values.Count - 1) / values.Count);
    }
}
