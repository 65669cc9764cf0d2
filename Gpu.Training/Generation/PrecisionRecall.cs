using System.Runtime.Intrinsics;

namespace Gpu.Training.Generation;

/// <summary>
/// Precision and recall of generated samples: a sample lies in the manifold of a set if it is no farther from some sample of the set than that one's k-th
/// nearest neighbor in the set. Precision is the share of generated samples in the manifold of the real ones (quality); recall is the share of real samples in
/// the manifold of the generated ones (variety).
/// </summary>
/// <remarks>Source: Kynkäänniemi et al., "Improved precision and recall metric for assessing generative models", 2019, algorithm 1.</remarks>
public static class PrecisionRecall
{
    /// <summary>The number of neighbors in the publication.</summary>
    public const int DefaultNeighbors = 3;

    /// <summary>Computes precision and recall, each 0 to 1. The time is quadratic in the samples.</summary>
    /// <param name="real">Features of real samples, samples x features; more samples than neighbors.</param>
    /// <param name="generated">Features of generated samples, as many features; more samples than neighbors.</param>
    /// <param name="neighbors">k, 1 or more.</param>
    /// <exception cref="ArgumentException">A set has too few samples, or the numbers of features differ.</exception>
    public static (double Precision, double Recall) Between(float[,] real, float[,] generated, int neighbors = DefaultNeighbors)
    {
        ArgumentNullException.ThrowIfNull(real);
        ArgumentNullException.ThrowIfNull(generated);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(neighbors);
        if (real.GetLength(1) != generated.GetLength(1))
            throw new ArgumentException($"the sets have {real.GetLength(1)} and {generated.GetLength(1)} features, but need as many", nameof(generated));
        foreach (var set in new[] { real, generated })
        {
            if (set.GetLength(0) <= neighbors)
                throw new ArgumentException($"{set.GetLength(0)} samples have no {neighbors} neighbors each; {neighbors + 1} or more are needed");
        }

        var (first, second) = (Rows(real), Rows(generated));
        var (ofReal, ofGenerated) = (Radii(first, neighbors), Radii(second, neighbors));
        var (isReal, isGenerated) = (new bool[second.Length], new bool[first.Length]);
        for (var i = 0; i < first.Length; i++)
        {
            for (var j = 0; j < second.Length; j++)
            {
                if (isReal[j] && isGenerated[i]) continue;
                var distance = SquaredDistance(first[i], second[j]);
                isReal[j] |= distance <= ofReal[i];
                isGenerated[i] |= distance <= ofGenerated[j];
            }
        }

        return (Share(isReal), Share(isGenerated));
    }

    private static double Share(bool[] flags) => flags.Count(flag => flag) / (double)flags.Length;

    // The squared distance of each sample from its k-th nearest neighbor.
    private static double[] Radii(double[][] rows, int neighbors)
    {
        var nearest = new double[rows.Length][];
        for (var i = 0; i < rows.Length; i++)
        {
            nearest[i] = new double[neighbors];
            Array.Fill(nearest[i], double.PositiveInfinity);
        }

        for (var i = 0; i < rows.Length; i++)
        {
            for (var j = 0; j < i; j++)
            {
                var distance = SquaredDistance(rows[i], rows[j]);
                Insert(nearest[i], distance);
                Insert(nearest[j], distance);
            }
        }

        return [.. nearest.Select(distances => distances[^1])];
    }

    private static void Insert(double[] ascending, double value)
    {
        if (!(value < ascending[^1])) return;
        var at = ascending.Length - 1;
        for (; at > 0 && ascending[at - 1] > value; at--) ascending[at] = ascending[at - 1];
        ascending[at] = value;
    }

    // Vectors of one length on all machines, so that the sums have the same bits.
    private static double SquaredDistance(double[] first, double[] second)
    {
        var sum = Vector256<double>.Zero;
        for (var i = 0; i < first.Length; i += Vector256<double>.Count)
        {
            var difference = Vector256.Create(first, i) - Vector256.Create(second, i);
            sum += difference * difference;
        }

        return Vector256.Sum(sum);
    }

    // Padded with zeros to whole vectors.
    private static double[][] Rows(float[,] features)
    {
        var (samples, length) = (features.GetLength(0), features.GetLength(1));
        var rows = new double[samples][];
        for (var i = 0; i < samples; i++)
        {
            rows[i] = new double[(length + Vector256<double>.Count - 1) / Vector256<double>.Count * Vector256<double>.Count];
            for (var j = 0; j < length; j++) rows[i][j] = features[i, j];
        }

        return rows;
    }
}
