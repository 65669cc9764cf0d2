using Gpu.Kernels;
using Gpu.Kernels.Constraints;
using Gpu.Kernels.Devices;
using Gpu.Tests.Oracles;

namespace Gpu.Tests.Constraints;

[OracleFor(typeof(MaxNormKernel<,>), typeof(MatrixColumnDot<,>), typeof(MatrixRowDot<,>), typeof(SpectralNormFinish<,>), typeof(SpectralNormScale<,>))]
public class WeightConstraintTests
{
    private static readonly (int Rows, int Columns)[] Shapes = [(1, 1), (1, 9), (9, 1), (3, 16), (70, 17), (130, 20), (25, 4)];

    [Theory]
    [MemberData(nameof(TestDevices.All), MemberType = typeof(TestDevices))]
    public void MaxNormAgreesWithTheReference(string device)
    {
        using var oracle = new Oracle(device, seed: 51);
        foreach (var (rows, columns) in Shapes)
        {
            var weights = oracle.Uniform(rows * columns);
            var limit = 0.55f * MathF.Sqrt(rows);
            var norms = Enumerable.Range(0, columns).Select(c => Math.Sqrt(Enumerable.Range(0, rows).Sum(r => (double)weights[r * columns + c]
                * weights[r * columns + c]))).ToArray();
            if (columns > 8) Assert.True(norms.Any(norm => norm > limit) && norms.Any(norm => norm < limit));
            var expected = weights.Select((w, i) => w * Math.Min(1, limit / norms[i % columns])).ToArray();
            var view = oracle.Upload(weights);
            WeightConstraints.MaxNorm(oracle.Device, rows, columns, view, limit);
            oracle.Compare("max norm", expected, view, 1e-6, shape: $"{rows}x{columns}");
            // Columns within the limit keep their bits.
            var got = oracle.Download(view);
            for (var i = 0; i < got.Length; i++)
                if (norms[i % columns] < 0.999 * limit) Assert.Equal(weights[i], got[i]);
        }
    }

    [Theory]
    [MemberData(nameof(TestDevices.All), MemberType = typeof(TestDevices))]
    public void SpectralNormAgreesWithTheReference(string device)
    {
        using var oracle = new Oracle(device, seed: 52);
        foreach (var (rows, columns) in Shapes)
        {
            var weights = oracle.Uniform(rows * columns);
            var vector = oracle.Uniform(rows);
            var (w, u) = (weights.Select(x => (double)x).ToArray(), vector.Select(x => (double)x).ToArray());
            var view = oracle.Upload(weights);
            var state = oracle.Upload([.. vector, .. new float[WeightConstraints.SpectralStateLength(rows) - rows]]);
            var workspace = oracle.Output(WeightConstraints.SpectralWorkspaceLength(rows, columns));
            // A limit below the norm and one above it.
            foreach (var limit in new[] { 0.25f * MathF.Sqrt(rows), 100f * rows })
            {
                var norm = Iterate(w, u, rows, columns, limit);
                WeightConstraints.SpectralNorm(oracle.Device, rows, columns, view, limit, state, workspace);
                var shape = $"{rows}x{columns}, limit {limit}";
                oracle.Compare("spectral norm", [norm], [oracle.Download(workspace)[0]], 1e-5, shape: shape);
                oracle.Compare("spectral norm, weights", w, view, 1e-5, shape: shape);
                oracle.Compare("spectral norm, vector", u, state.First(rows), 1e-5, shape: shape);
            }
        }
    }

    [Fact]
    public void TheEstimateConvergesToTheLargestSingularValue()
    {
        // Singular values 3, 2 and 0.5: diagonal, with rotated rows and columns.
        double[,] rotation = { { 0.6, -0.8, 0 }, { 0.8, 0.6, 0 }, { 0, 0, 1 } };
        double[] values = [2, 0.5, 3];
        var weights = new float[9];
        for (var r = 0; r < 3; r++)
            for (var c = 0; c < 3; c++)
                for (var k = 0; k < 3; k++) weights[r * 3 + c] += (float)(rotation[r, k] * values[k] * rotation[c, k]);
        using var oracle = new Oracle("cpu128", seed: 53);
        var view = oracle.Upload(weights);
        var state = oracle.Upload([0.4f, 0.7f, 0.2f, .. new float[13]]);
        var workspace = oracle.Output(WeightConstraints.SpectralWorkspaceLength(3, 3));
        for (var i = 0; i < 30; i++) WeightConstraints.SpectralNorm(oracle.Device, 3, 3, view, 100, state, workspace);
        Assert.Equal(3, oracle.Download(workspace)[0], 1e-5);
        WeightConstraints.SpectralNorm(oracle.Device, 3, 3, view, 1.5f, state, workspace);
        oracle.Compare("spectral norm, scaled", [.. weights.Select(w => w / 2.0)], view, 1e-5);
    }

    [Fact]
    public void AZeroMatrixStaysAndKeepsTheVector()
    {
        using var oracle = new Oracle("cpu128", seed: 54);
        var view = oracle.Upload(new float[6]);
        var state = oracle.Upload([1f, 2f, .. new float[14]]);
        WeightConstraints.SpectralNorm(oracle.Device, 2, 3, view, 1, state, oracle.Output(WeightConstraints.SpectralWorkspaceLength(2, 3)));
        WeightConstraints.MaxNorm(oracle.Device, 2, 3, view, 1);
        Assert.All(oracle.Download(view), w => Assert.Equal(0f, w));
        Assert.Equal([1f, 2f], oracle.Download(state)[..2]);
    }

    [Fact]
    public void InvalidArgumentsThrow()
    {
        using var device = new CpuDevice(threads: 1);
        using var memory = device.Allocate(256);
        var view = memory.View;
        Assert.Contains("must hold 6", Assert.Throws<ArgumentException>(() => WeightConstraints.MaxNorm(device, 2, 3, view.First(5), 1)).Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => WeightConstraints.MaxNorm(device, 2, 3, view.First(6), 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => WeightConstraints.MaxNorm(device, 0, 3, view.First(6), 1));
        Assert.Contains(
            "state", Assert.Throws<ArgumentException>(() => WeightConstraints.SpectralNorm(device, 2, 3, view.First(6), 1, view.First(2), view)).Message);
    }

    // One power iteration, index by index.
    private static double Iterate(double[] w, double[] u, int rows, int columns, double limit)
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
