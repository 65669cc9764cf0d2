namespace Gpu.Training.Loop;

/// <summary>Metrics of a network on one split of a data set.</summary>
public sealed record Evaluation
{
    /// <summary>The result of a task without loss on other samples, such as that of a generator.</summary>
    internal static Evaluation None { get; } = new()
    {
        Samples = 0, Loss = double.NaN, Accuracy = double.NaN, TopKAccuracy = double.NaN, TopK = 1, ConfusionMatrix = null, Seconds = 0,
    };

    /// <summary>Number of samples evaluated.</summary>
    public required int Samples { get; init; }

    /// <summary>Mean loss per sample.</summary>
    public required double Loss { get; init; }

    /// <summary>Fraction of samples whose highest output is the right class, 0 to 1; in segmentation of pixels; NaN in regression.</summary>
    public required double Accuracy { get; init; }

    /// <summary>Fraction of samples whose class is among the k highest outputs, 0 to 1.</summary>
    public required double TopKAccuracy { get; init; }

    /// <summary>k of <see cref="TopKAccuracy"/>.</summary>
    public required int TopK { get; init; }

    /// <summary>Root mean squared error on the split, in the unit of the target; NaN unless the task is regression.</summary>
    public double Rmse { get; init; } = double.NaN;

    /// <summary>
    /// Coefficient of determination on the split: 1 - (sum of squared errors) / (sum of squared deviations from the mean target); NaN unless the task is
    /// regression, or if all targets are equal.
    /// </summary>
    public double R2 { get; init; } = double.NaN;

    /// <summary>Confusion matrix, classes x classes: element [i, j] counts the samples of class i predicted as class j. Null if it was not requested.</summary>
    public required int[,]? ConfusionMatrix { get; init; }

    /// <summary>The scores of the pixels; null unless the task is segmentation.</summary>
    public PixelScores? Pixels { get; init; }

    /// <summary>Mean recall of the classes that have samples, 0 to 1, as in scikit-learn. Null without confusion matrix.</summary>
    public double? BalancedAccuracy => ConfusionMatrix is { } matrix
        ? ClassScore.FromConfusionMatrix(matrix).Where(score => score.Samples > 0).Select(score => score.Recall).DefaultIfEmpty(0).Average()
        : null;

    /// <summary>Mean F1 of the classes that have samples or are predicted, 0 to 1, as in scikit-learn. Null without confusion matrix.</summary>
    public double? MacroF1 => ConfusionMatrix is { } matrix
        ? ClassScore.FromConfusionMatrix(matrix).Where((score, c) => score.Samples > 0 || IsPredicted(matrix, c)).Select(score => score.F1)
            .DefaultIfEmpty(0).Average()
        : null;

    /// <summary>The mean Kullback-Leibler divergence of the latent values, nats per sample; NaN unless the model draws them.</summary>
    public double Divergence { get; init; } = double.NaN;

    /// <summary>Evaluation time in seconds.</summary>
    public required double Seconds { get; init; }

    private static bool IsPredicted(int[,] matrix, int label) => Enumerable.Range(0, matrix.GetLength(0)).Any(row => matrix[row, label] > 0);
}
