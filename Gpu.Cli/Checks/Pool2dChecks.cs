using Gpu.Cli.Checks.References;
using Gpu.Kernels;
using Gpu.Kernels.Devices;

namespace Gpu.Cli.Checks;

/// <summary>Checks of max pooling.</summary>
internal static class Pool2dChecks
{
    internal static readonly int[] Channels = [1, 3, 5, 10, 16, 17, 32, 48];

    /// <summary>Common cases and corner cases.</summary>
    internal static readonly Pool2dShape[] NamedShapes =
    [
        new(2, 6, 6, 16, 2, 2, 2, 2),
        new(2, 7, 5, 16, 2, 2, 2, 2), // the last row and column are in no window
        new(1, 9, 11, 5, 2, 3, 4, 5), // gaps between windows
        new(2, 7, 7, 10, 3, 3, 2, 2, 1, 1, 1, 1),
        new(1, 6, 5, 17, 3, 3, 1, 1, 1, 1, 1, 1),
        new(1, 8, 8, 3, 4, 4, 4, 4, 3, 2, 1, 3), // disjoint, and partly in the padding
        new(1, 5, 7, 1, 5, 2, 1, 3), // overlapping along one axis, gaps along the other
        new(3, 1, 1, 33, 1, 1, 1, 1),
        new(2, 4, 3, 20, 4, 3, 1, 1), // the whole image
        new(1, 2, 2, 4, 3, 3, 2, 2, 1, 1, 2, 2, CountPadding: false), // a window larger than the image
        new(1, 3, 4, 40, 2, 2, 3, 3, 1, 1, 1, 1, CountPadding: false),
        new(3, 5, 4, 17, 2, 2, 2, 2),
        new(2, 4, 7, 36, 2, 2, 2, 2),
        new(70, 3, 3, 1, 2, 2, 2, 2),
    ];

    [OperationCheck("max pooling", 1)]
    public static void MaxPoolAgreesWithTheReference(Checker checker)
    {
        foreach (var shape in Shapes(checker, 24))
        {
            // Few distinct values, so that most windows have several maxima; none is negative, as in the output of a ReLU, for the fused derivative.
            var input = Array.ConvertAll(checker.Uniform(shape.InputLength, -2, 3), x => MathF.Max(0, MathF.Round(x * 2) / 2));
            var gradient = checker.Uniform(shape.OutputLength);
            var x = checker.Upload(input);
            var output = checker.Output(shape.OutputLength);
            MaxPool2d.Forward(checker.Device, shape, x, output);
            checker.Compare("maximum pooling forward", Pool2dReference.Max(shape, input).Output, output, tolerance: 0, shape: shape.ToString());

            var g = checker.Upload(gradient);
            var expected = Pool2dReference.MaxGradient(shape, input, gradient);
            CheckGradient(checker, "maximum pooling backward", shape.ToString(), input, expected, (target, gate, accumulate) =>
                MaxPool2d.Backward(checker.Device, shape, x, output, g, target, gate, accumulate));
        }
    }

    [OperationCheck("average pooling", 2)]
    public static void AvgPoolAgreesWithTheReference(Checker checker)
    {
        foreach (var shape in Shapes(checker, 24))
        {
            var input = checker.Uniform(shape.InputLength, -1, 2);
            var gradient = checker.Uniform(shape.OutputLength);
            var x = checker.Upload(input);
            var output = checker.Output(shape.OutputLength);
            AvgPool2d.Forward(checker.Device, shape, x, output);
            checker.Compare("average pooling forward", Pool2dReference.Average(shape, input), output, 1e-6, shape: shape.ToString());

            var g = checker.Upload(gradient);
            var expected = Pool2dReference.AverageGradient(shape, gradient);
            CheckGradient(checker, "average pooling backward", shape.ToString(), input, expected, (target, gate, accumulate) =>
                AvgPool2d.Backward(checker.Device, shape, g, target, gate, x, accumulate));
        }
    }

    [OperationCheck("global average pooling", 3)]
    public static void GlobalAvgPoolAgreesWithTheReference(Checker checker)
    {
        foreach (var (batch, height, width, channels) in new[] { (1, 7, 7, 48), (3, 5, 4, 10), (2, 1, 3, 17), (5, 8, 8, 16), (1, 31, 29, 3), (70, 2, 2, 64) })
        {
            var shape = Pool2dShape.Global(batch, height, width, channels);
            var input = checker.Uniform(shape.InputLength, 0, 4);
            var gradient = checker.Uniform(shape.OutputLength);
            var x = checker.Upload(input);
            var output = checker.Output(batch * channels);
            AvgPool2d.Forward(checker.Device, shape, x, output);
            checker.Compare("global average pooling forward", Pool2dReference.Average(shape, input), output, 1e-6, shape: shape.ToString());

            var g = checker.Upload(gradient);
            var expected = Pool2dReference.AverageGradient(shape, gradient);
            CheckGradient(checker, "global average pooling backward", shape.ToString(), input, expected, (target, gate, accumulate) =>
                AvgPool2d.Backward(checker.Device, shape, g, target, gate, x, accumulate));
        }
    }

    [OperationCheck("max pooling of NaN", 4)]
    public static void NaNPropagatesThroughMaxPoolForwardAndBackward(Checker checker)
    {
        foreach (var shape in new[] { NamedShapes[0], NamedShapes[3], NamedShapes[4], NamedShapes[5] })
        {
            var input = checker.Uniform(shape.InputLength);
            for (var i = 0; i < input.Length; i++)
            {
                // All channels of the first pixel are -infinity, and some other values are -infinity or NaN.
                if (i < shape.Channels || i % 5 == 0) input[i] = float.NegativeInfinity;
                else if (checker.Next(0, 9) == 0) input[i] = float.NaN;
            }

            var gradient = checker.Uniform(shape.OutputLength);
            var x = checker.Upload(input);
            var output = checker.Output(shape.OutputLength);
            MaxPool2d.Forward(checker.Device, shape, x, output);
            var expected = Pool2dReference.Max(shape, input).Output;
            Require.Contains(expected, double.IsNaN);
            Require.Equal(expected, Array.ConvertAll(checker.Download(output), value => (double)value));

            var inputGradient = checker.Output(shape.InputLength);
            MaxPool2d.Backward(checker.Device, shape, x, output, checker.Upload(gradient), inputGradient);
            checker.Compare("maximum pooling backward with NaN", Pool2dReference.MaxGradient(shape, input, gradient), inputGradient, shape: shape.ToString());
        }
    }

    /// <summary>
    /// Checks a backward pass with and without a fused ReLU derivative, overwriting and accumulating. The values are the outputs of the ReLU.
    /// </summary>
    internal static void CheckGradient(
        Checker checker, string operation, string shape, float[] values, double[] expected, Action<DeviceView, Activation, bool> backward)
    {
        foreach (var gated in new[] { false, true })
        {
            var gradient = gated ? [.. expected.Select((g, i) => values[i] > 0 ? g : 0)] : expected;
            var gate = gated ? Activation.Relu : Activation.None;
            var written = checker.Output(expected.Length);
            backward(written, gate, false);
            checker.Compare(operation + (gated ? ", gated" : ""), gradient, written, 1e-6, shape: shape);

            var before = checker.Uniform(expected.Length);
            var added = checker.Upload(before);
            backward(added, gate, true);
            checker.Compare(operation + (gated ? ", gated" : "") + ", added", [.. gradient.Select((g, i) => g + before[i])], added, 1e-6, shape: shape);
        }
    }

    internal static IEnumerable<Pool2dShape> Shapes(Checker checker, int random)
    {
        foreach (var shape in NamedShapes) yield return shape;
        for (var i = 0; i < random; i++)
        {
            var (windowHeight, windowWidth) = (checker.Next(1, 4), checker.Next(1, 4));
            yield return new Pool2dShape(
                checker.Pick(1, 1, 2, 3), checker.Next(windowHeight, 8), checker.Next(windowWidth, 9), Channels[i % Channels.Length], windowHeight, windowWidth,
                checker.Next(1, 5), checker.Next(1, 5), checker.Next(0, windowHeight - 1), checker.Next(0, windowWidth - 1), checker.Next(0, windowHeight - 1),
                checker.Next(0, windowWidth - 1), checker.Pick(true, false));
        }
    }
}
