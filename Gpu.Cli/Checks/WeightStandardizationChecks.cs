using Gpu.Kernels;

namespace Gpu.Cli.Checks;

/// <summary>Checks of weight standardization.</summary>
internal static class WeightStandardizationChecks
{
    private static readonly (int Rows, int Columns)[] Shapes = [(1, 3), (2, 1), (9, 16), (25, 7), (70, 17), (144, 32), (3, 33)];

    [OperationCheck("weight standardization", 94)]
    public static void AgreesWithTheReference(Checker checker)
    {
        foreach (var (rows, columns) in Shapes)
        {
            var shape = $"{rows}x{columns}";
            // A mean that is large beside the deviation costs digits.
            var weights = checker.Uniform(rows * columns).Select((w, i) => w * 0.1f + i % columns % 3).ToArray();
            var (difference, before) = (checker.Uniform(rows * columns), checker.Uniform(rows * columns));
            var (view, output, cleared) = (checker.Upload(weights), checker.Output(rows * columns), checker.Upload(checker.Uniform(rows * columns)));
            var expected = new double[rows * columns];
            var expectedGradient = before.Select(x => (double)x).ToArray();
            for (var c = 0; c < columns; c++) Column(weights, difference, rows, columns, c, expected, expectedGradient);
            WeightStandardization.Forward(checker.Device, rows, columns, view, output, cleared);
            checker.Compare("weight standardization", expected, output, 2e-5, shape: shape);
            Require.True(checker.Download(cleared).All(x => x == 0));
            WeightStandardization.Forward(checker.Device, rows, columns, view, output);
            checker.Compare("weight standardization, alone", expected, output, 2e-5, shape: shape);
            var gradient = checker.Upload(before);
            WeightStandardization.Backward(checker.Device, rows, columns, view, checker.Upload(difference), gradient);
            checker.Compare("weight standardization, gradient", expectedGradient, gradient, 2e-5, shape: shape);
        }
    }

    // The formulas of the paper, index by index.
    private static void Column(float[] weights, float[] difference, int rows, int columns, int column, double[] standard, double[] gradient)
    {
        var at = Enumerable.Range(0, rows).Select(row => row * columns + column).ToArray();
        var mean = at.Average(i => (double)weights[i]);
        var deviation = Math.Sqrt(at.Average(i => Math.Pow(weights[i] - mean, 2)) + 1e-5f);
        foreach (var i in at) standard[i] = (weights[i] - mean) / deviation;
        var (sum, product) = (at.Average(i => (double)difference[i]), at.Average(i => difference[i] * standard[i]));
        foreach (var i in at) gradient[i] += (difference[i] - sum - standard[i] * product) / deviation;
    }
}
