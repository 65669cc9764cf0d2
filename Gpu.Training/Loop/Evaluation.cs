namespace Gpu.Training.Loop;

/// <summary>Metrics of a network on one split of a data set.</summary>
public sealed record Evaluation
{
    /// <summary>Number of samples evaluated.</summary>
    public required int Samples { get; init; }

    /// <summary>Mean loss per sample.</summary>
    public required double Loss { get; init; }

    /// <summary>Fraction of samples whose highest output is the right class, 0 to 1; NaN in regression.</summary>
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

    /// <summary>Evaluation time in seconds.</summary>
    public required double Seconds { get; init; }
}
