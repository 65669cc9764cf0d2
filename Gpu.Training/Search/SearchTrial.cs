namespace Gpu.Training.Search;

/// <summary>Result of one point of a search: one training run per fold, evaluated on the held-out images.</summary>
/// <param name="Point">The hyperparameters.</param>
/// <param name="Losses">Mean loss on the held-out images, one value per fold; NaN for a diverged run.</param>
/// <param name="Accuracies">Accuracy on the held-out images, 0 to 1, one value per fold; 0 for a diverged run.</param>
/// <param name="Seconds">Time of all training runs in seconds.</param>
public sealed record SearchTrial(SearchPoint Point, IReadOnlyList<double> Losses, IReadOnlyList<double> Accuracies, double Seconds)
{
    /// <summary>Mean loss over the folds; NaN if a run diverged.</summary>
    public double Loss => Losses.Average();

    /// <summary>Mean accuracy over the folds, 0 to 1.</summary>
    public double Accuracy => Accuracies.Average();

    /// <summary>
    /// Standard error of <see cref="Accuracy"/>: the sample standard deviation over the folds, divided by the square root of their number; NaN for one fold.
    /// </summary>
    public double AccuracyError => StandardError(Accuracies);

    /// <summary>Standard error of <see cref="Loss"/>; NaN for one fold or if a run diverged.</summary>
    public double LossError => StandardError(Losses);

    private static double StandardError(IReadOnlyList<double> values)
    {
        if (values.Count < 2) return double.NaN;
        var mean = values.Average();
        return Math.Sqrt(values.Sum(value => (value - mean) * (value - mean)) / (values.Count - 1) / values.Count);
    }
}
