using Gpu.Kernels;

namespace Gpu.Cli.Checks;

/// <summary>Checks of upsampling.</summary>
internal static class UpsampleChecks
{
    [OperationCheck("upsampling", 1)]
    public static void NearestAgreesWithTheReference(Checker checker)
    {
        foreach (var channels in new[] { 1, 3, 5, 10, 16, 17, 32, 48 })
        {
            var (batch, height, width, factor) = (checker.Next(1, 3), checker.Next(1, 4), checker.Next(1, 5), checker.Next(1, 3));
            var shape = $"{batch} x {height} x {width} x {channels}, factor {factor}";
            var input = checker.Uniform(batch * height * width * channels);
            var x = checker.Upload(input);
            var output = checker.Output(input.Length * factor * factor);
            Upsample.NearestForward(checker.Device, batch, height, width, channels, factor, x, output);
            var expected = new double[output.Length];
            var gradient = checker.Uniform(output.Length);
            var expectedGradient = new double[input.Length];
            for (var o = 0; o < expected.Length; o++)
            {
                var (c, pixel) = (o % channels, o / channels);
                var (column, row) = (pixel % (width * factor), pixel / (width * factor)); // the row counts through all images
                var i = (row / factor * width + column / factor) * channels + c;
                expected[o] = input[i];
                expectedGradient[i] += gradient[o];
            }

            checker.Compare("nearest upsampling forward", expected, output, tolerance: 0, shape: shape);
            var g = checker.Upload(gradient);
            Pool2dChecks.CheckGradient(checker, "nearest upsampling backward", shape, input, expectedGradient, (target, gate, accumulate) =>
                Upsample.NearestBackward(checker.Device, batch, height, width, channels, factor, g, target, gate, x, accumulate));
        }
    }
}
