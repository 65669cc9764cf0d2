namespace Gpu.Training.Search;

/// <summary>Mean and spread of repeated measurements.</summary>
/// <param name="Mean">Arithmetic mean; NaN if a value is NaN or there is none.</param>
/// <param name="Deviation">Sample standard deviation (n - 1 in the denominator); NaN for fewer than two values.</param>
/// <param name="Count">Number of values, n.</param>
public readonly record struct SampleStatistics(double Mean, double Deviation, int Count)
{
    // The 97.5 % points of Student's t distribution for 1 to 30 degrees of freedom.
    private static readonly double[] Quantiles =
    [
        12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086,
        2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
    ];

    /// <summary>Standard error of the mean: the deviation divided by the square root of n; NaN for fewer than two values.</summary>
    public double Error => Deviation / Math.Sqrt(Count);

    /// <summary>Computes the statistics of some values.</summary>
    public static SampleStatistics Of(IReadOnlyCollection<double> values)
    {
        ArgumentNullException.ThrowIfNull(values);
        if (values.Count == 0) return new(double.NaN, double.NaN, 0);
        var mean = values.Average();
        var deviation = values.Count < 2 ? double.NaN : Math.Sqrt(values.Sum(value => (value - mean) * (value - mean)) / (values.Count - 1));
        return new(mean, deviation, values.Count);
    }

    /// <summary>The factor of the standard error that a 95 % confidence interval of a mean of <paramref name="count"/> values has; NaN below two.</summary>
    internal static double ConfidenceFactor(int count) =>
        count < 2 ? double.NaN : count - 2 < Quantiles.Length ? Quantiles[count - 2] : 1.96 + 2.4 / (count - 1);
}
