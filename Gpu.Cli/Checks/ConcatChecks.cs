using Gpu.Kernels;

namespace Gpu.Cli.Checks;

/// <summary>Checks of concatenation.</summary>
internal static class ConcatChecks
{
    [OperationCheck("concatenation", 1)]
    public static void AgreesWithTheReference(Checker checker)
    {
        foreach (var counts in new int[][] { [1], [1, 1], [16, 32], [3, 5, 4], [17, 16], [4, 8, 20], [33, 1], [64, 64] })
        {
            var pixels = checker.Next(1, 90);
            var total = counts.Sum();
            var shape = $"{pixels} pixels, {string.Join(" + ", counts)} channels";
            var output = checker.Output(pixels * total);
            var gradient = checker.Uniform(pixels * total);
            var g = checker.Upload(gradient);
            var expected = new double[pixels * total];
            var first = 0;
            foreach (var channels in counts)
            {
                var input = checker.Uniform(pixels * channels);
                var x = checker.Upload(input);
                Concat.Forward(checker.Device, pixels, channels, x, total, first, output);
                var expectedGradient = new double[input.Length];
                for (var i = 0; i < input.Length; i++)
                {
                    var o = i / channels * total + first + i % channels;
                    expected[o] = input[i];
                    expectedGradient[i] = gradient[o];
                }

                var at = first;
                Pool2dChecks.CheckGradient(checker, "concatenation backward", shape, input, expectedGradient, (target, gate, accumulate) =>
                    Concat.Backward(checker.Device, pixels, channels, total, at, g, target, gate, x, accumulate));
                first += channels;
            }

            checker.Compare("concatenation forward", expected, output, tolerance: 0, shape: shape);
        }
    }
}
