using MathNet.Numerics.LinearAlgebra;

namespace Gpu.Training.Generation;

/// <summary>
/// The Fréchet distance between two normal distributions with the means and covariances of two sets of features:
/// |m1 - m2|^2 + trace(C1 + C2 - 2 (C1^1/2 C2 C1^1/2)^1/2). 0 for equal distributions; it has no upper limit.
/// </summary>
/// <remarks>
/// Source: Dowson, Landau, "The Fréchet distance between multivariate normal distributions", 1982; as a metric of generators: Heusel et al. 2017.
/// </remarks>
public static class FrechetDistance
{
    /// <summary>Computes the distance in double precision.</summary>
    /// <param name="first">Features of the first set, samples x features; 2 samples or more.</param>
    /// <param name="second">Features of the second set, as many features.</param>
    /// <exception cref="ArgumentException">A set has fewer than 2 samples, or the numbers of features differ.</exception>
    public static double Between(float[,] first, float[,] second) => Between(FeatureMoments.Of(first), FeatureMoments.Of(second));

    /// <summary>Computes the distance of sets whose moments are known.</summary>
    internal static double Between(FeatureMoments first, FeatureMoments second)
    {
        if (first.Mean.Count != second.Mean.Count)
            throw new ArgumentException($"the sets have {first.Mean.Count} and {second.Mean.Count} features, but need as many", nameof(second));
        var root = Root(first.Covariance);
        var product = root * second.Covariance * root;
        // The product is symmetric but for rounding, which makes small eigenvalues negative.
        var eigenvalues = ((product + product.Transpose()) / 2).Evd(Symmetricity.Symmetric).EigenValues;
        var cross = eigenvalues.Sum(value => Math.Sqrt(Math.Max(value.Real, 0)));
        var difference = first.Mean - second.Mean;
        return difference * difference + first.Covariance.Trace() + second.Covariance.Trace() - 2 * cross;
    }

    private static Matrix<double> Root(Matrix<double> symmetric)
    {
        var parts = symmetric.Evd(Symmetricity.Symmetric);
        var roots = Matrix<double>.Build.DenseOfDiagonalArray([.. parts.EigenValues.Select(value => Math.Sqrt(Math.Max(value.Real, 0)))]);
        return parts.EigenVectors * roots * parts.EigenVectors.Transpose();
    }
}

/// <summary>Mean and covariance of a set of features.</summary>
/// <param name="Mean">The means.</param>
/// <param name="Covariance">The covariances, with the divisor samples - 1.</param>
internal sealed record FeatureMoments(Vector<double> Mean, Matrix<double> Covariance)
{
    /// <summary>Computes the moments.</summary>
    /// <param name="features">Samples x features; 2 samples or more.</param>
    public static FeatureMoments Of(float[,] features)
    {
        ArgumentNullException.ThrowIfNull(features);
        var (samples, length) = (features.GetLength(0), features.GetLength(1));
        if (samples < 2) throw new ArgumentException($"{samples} samples have no covariance; 2 or more are needed", nameof(features));
        var values = Matrix<double>.Build.Dense(samples, length, (i, j) => features[i, j]);
        var mean = values.ColumnSums() / samples;
        for (var i = 0; i < samples; i++) values.SetRow(i, values.Row(i) - mean);
        return new FeatureMoments(mean, values.TransposeThisAndMultiply(values) / (samples - 1));
    }
}
