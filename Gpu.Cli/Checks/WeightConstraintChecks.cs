using Gpu.Kernels;

namespace Gpu.Cli.Checks;

/// <summary>Checks of maximum norm.</summary>
internal static class WeightConstraintChecks
{
    internal static readonly (int Rows, int Columns)[] Shapes = [(1, 1), (1, 9), (9, 1), (3, 16), (70, 17), (130, 20), (25, 4)];

    [OperationCheck("maximum norm", 51)]
    public static void MaxNormAgreesWithTheReference(Checker checker)
    {
        foreach (var (rows, columns) in Shapes)
        {
            var weights = checker.Uniform(rows * columns);
            var limit = 0.55f * MathF.Sqrt(rows);
            var norms = Enumerable.Range(0, columns).Select(c => Math.Sqrt(Enumerable.Range(0, rows).Sum(r => (double)weights[r * columns + c]
                * weights[r * columns + c]))).ToArray();
            if (columns > 8) Require.True(norms.Any(norm => norm > limit) && norms.Any(norm => norm < limit));
            var expected = weights.Select((w, i) => w * Math.Min(1, limit / norms[i % columns])).ToArray();
            var view = checker.Upload(weights);
            WeightConstraints.MaxNorm(checker.Device, rows, columns, view, limit);
            checker.Compare("max norm", expected, view, 1e-6, shape: $"{rows}x{columns}");
            // Columns within the limit keep their bits.
            var got = checker.Download(view);
            for (var i = 0; i < got.Length; i++)
                if (norms[i % columns] < 0.999 * limit) Require.Equal(weights[i], got[i]);
        }
    }

    [OperationCheck("spectral norm", 52)]
    public static void SpectralNormAgreesWithTheReference(Checker checker)
    {
        foreach (var (rows, columns) in Shapes)
        {
            var weights = checker.Uniform(rows * columns);
            var vector = checker.Uniform(rows);
            var (w, u) = (weights.Select(x => (double)x).ToArray(), vector.Select(x => (double)x).ToArray());
            var view = checker.Upload(weights);
            var state = checker.Upload([.. vector, .. new float[WeightConstraints.SpectralStateLength(rows) - rows]]);
            var workspace = checker.Output(WeightConstraints.SpectralWorkspaceLength(rows, columns));
            // A limit below the norm and one above it.
            foreach (var limit in new[] { 0.25f * MathF.Sqrt(rows), 100f * rows })
            {
                var norm = Iterate(w, u, rows, columns, limit);
                WeightConstraints.SpectralNorm(checker.Device, rows, columns, view, limit, state, workspace);
                var shape = $"{rows}x{columns}, limit {limit}";
                checker.Compare("spectral norm", [norm], [checker.Download(workspace)[0]], 1e-5, shape: shape);
                checker.Compare("spectral norm, weights", w, view, 1e-5, shape: shape);
                checker.Compare("spectral norm, vector", u, state.First(rows), 1e-5, shape: shape);
            }
        }
    }

    // One power iteration, index by index.
    internal static double Iterate(double[] w, double[] u, int rows, int columns, double limit)
    {
        var right = new double[columns];
        for (var r = 0; r < rows; r++)
            for (var c = 0; c < columns; c++) right[c] += w[r * columns + c] * u[r];
        var length = Math.Sqrt(right.Sum(x => x * x));
        for (var r = 0; r < rows; r++)
        {
            u[r] = 0;
            for (var c = 0; c < columns; c++) u[r] += w[r * columns + c] * right[c] / length;
        }

        var norm = Math.Sqrt(u.Sum(x => x * x));
        for (var r = 0; r < rows; r++) u[r] /= norm;
        for (var i = 0; i < w.Length; i++) w[i] *= Math.Min(1, limit / norm);
        return norm;
    }
}
