using Gpu.Kernels;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Pooling;
using Gpu.Tests.Oracles;

namespace Gpu.Tests.Pooling;

[OracleFor(
    typeof(PoolForward<,,,>), typeof(AvgPoolBackward<,,,>), typeof(MaxPoolBackwardDisjoint<,,>), typeof(MaxPoolBackwardOverlapping<,,>),
    typeof(MaxPoolForward2x2<,>), typeof(MaxPoolBackward2x2<,,>))]
public class Pool2dTests
{
    private static readonly int[] Channels = [1, 3, 5, 10, 16, 17, 32, 48];

    /// <summary>Common cases and corner cases.</summary>
    private static readonly Pool2dShape[] NamedShapes =
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

    public static TheoryData<string> Devices => TestDevices.All;

    [Theory]
    [MemberData(nameof(Devices))]
    public void MaxPoolAgreesWithTheReference(string device)
    {
        using var oracle = new Oracle(device, seed: 1);
        foreach (var shape in Shapes(oracle, 24))
        {
            // Few distinct values, so that most windows have several maxima; none is negative, as in the output of a ReLU, for the fused derivative.
            var input = Array.ConvertAll(oracle.Uniform(shape.InputLength, -2, 3), x => MathF.Max(0, MathF.Round(x * 2) / 2));
            var gradient = oracle.Uniform(shape.OutputLength);
            var x = oracle.Upload(input);
            var output = oracle.Output(shape.OutputLength);
            MaxPool2d.Forward(oracle.Device, shape, x, output);
            oracle.Compare("maximum pooling forward", Pool2dReference.Max(shape, input).Output, output, tolerance: 0, shape: shape.ToString());

            var g = oracle.Upload(gradient);
            var expected = Pool2dReference.MaxGradient(shape, input, gradient);
            CheckGradient(oracle, "maximum pooling backward", shape.ToString(), input, expected, (target, gate, accumulate) =>
                MaxPool2d.Backward(oracle.Device, shape, x, output, g, target, gate, accumulate));
        }
    }

    [Theory]
    [MemberData(nameof(Devices))]
    public void AvgPoolAgreesWithTheReference(string device)
    {
        using var oracle = new Oracle(device, seed: 2);
        foreach (var shape in Shapes(oracle, 24))
        {
            var input = oracle.Uniform(shape.InputLength, -1, 2);
            var gradient = oracle.Uniform(shape.OutputLength);
            var x = oracle.Upload(input);
            var output = oracle.Output(shape.OutputLength);
            AvgPool2d.Forward(oracle.Device, shape, x, output);
            oracle.Compare("average pooling forward", Pool2dReference.Average(shape, input), output, 1e-6, shape: shape.ToString());

            var g = oracle.Upload(gradient);
            var expected = Pool2dReference.AverageGradient(shape, gradient);
            CheckGradient(oracle, "average pooling backward", shape.ToString(), input, expected, (target, gate, accumulate) =>
                AvgPool2d.Backward(oracle.Device, shape, g, target, gate, x, accumulate));
        }
    }

    [Theory]
    [MemberData(nameof(Devices))]
    public void GlobalAvgPoolAgreesWithTheReference(string device)
    {
        using var oracle = new Oracle(device, seed: 3);
        foreach (var (batch, height, width, channels) in new[] { (1, 7, 7, 48), (3, 5, 4, 10), (2, 1, 3, 17), (5, 8, 8, 16), (1, 31, 29, 3), (70, 2, 2, 64) })
        {
            var shape = Pool2dShape.Global(batch, height, width, channels);
            var input = oracle.Uniform(shape.InputLength, 0, 4);
            var gradient = oracle.Uniform(shape.OutputLength);
            var x = oracle.Upload(input);
            var output = oracle.Output(batch * channels);
            AvgPool2d.Forward(oracle.Device, shape, x, output);
            oracle.Compare("global average pooling forward", Pool2dReference.Average(shape, input), output, 1e-6, shape: shape.ToString());

            var g = oracle.Upload(gradient);
            var expected = Pool2dReference.AverageGradient(shape, gradient);
            CheckGradient(oracle, "global average pooling backward", shape.ToString(), input, expected, (target, gate, accumulate) =>
                AvgPool2d.Backward(oracle.Device, shape, g, target, gate, x, accumulate));
        }
    }

    [Theory]
    [MemberData(nameof(Devices))]
    public void NaNPropagatesThroughMaxPoolForwardAndBackward(string device)
    {
        using var oracle = new Oracle(device, seed: 4);
        foreach (var shape in new[] { NamedShapes[0], NamedShapes[3], NamedShapes[4], NamedShapes[5] })
        {
            var input = oracle.Uniform(shape.InputLength);
            for (var i = 0; i < input.Length; i++)
            {
                // All channels of the first pixel are -infinity, and some other values are -infinity or NaN.
                if (i < shape.Channels || i % 5 == 0) input[i] = float.NegativeInfinity;
                else if (oracle.Next(0, 9) == 0) input[i] = float.NaN;
            }

            var gradient = oracle.Uniform(shape.OutputLength);
            var x = oracle.Upload(input);
            var output = oracle.Output(shape.OutputLength);
            MaxPool2d.Forward(oracle.Device, shape, x, output);
            var expected = Pool2dReference.Max(shape, input).Output;
            Assert.Contains(expected, double.IsNaN);
            Assert.Equal(expected, Array.ConvertAll(oracle.Download(output), value => (double)value));

            var inputGradient = oracle.Output(shape.InputLength);
            MaxPool2d.Backward(oracle.Device, shape, x, output, oracle.Upload(gradient), inputGradient);
            oracle.Compare("maximum pooling backward with NaN", Pool2dReference.MaxGradient(shape, input, gradient), inputGradient, shape: shape.ToString());
        }
    }

    [Fact]
    public void ResultsDoNotDependOnThreads()
    {
        var random = new Random(5);
        foreach (var shape in new[]
        {
            new Pool2dShape(5, 24, 23, 20, 2, 2, 2, 2),
            new Pool2dShape(3, 24, 23, 36, 3, 3, 2, 2, 1, 1, 1, 1, CountPadding: false),
            Pool2dShape.Global(9, 12, 12, 72),
        })
        {
            var input = Enumerable.Range(0, shape.InputLength).Select(_ => random.NextSingle() - 0.5f).ToArray();
            var gradient = Enumerable.Range(0, shape.OutputLength).Select(_ => random.NextSingle() - 0.5f).ToArray();
            int[]? expected = null;
            foreach (var threads in new[] { 1, 2, 3, 5 })
            {
                var bits = Bits(threads, shape, input, gradient);
                expected ??= bits;
                Assert.Equal(expected, bits);
            }
        }
    }

    [Theory]
    [InlineData(0, 2, 1, 0, 0, "InputHeight must be 1 to 268,435,456")]
    [InlineData(4, 0, 1, 0, 0, "WindowHeight must be 1 to 268,435,456")]
    [InlineData(4, 2, 0, 0, 0, "StrideHeight must be 1 to 268,435,456")]
    [InlineData(4, 2, 1, 2, 0, "padding of 2 and 0 does not fit a window of 2")]
    [InlineData(4, 2, 1, 0, -1, "padding of 0 and -1 does not fit a window of 2")]
    [InlineData(2, 6, 1, 1, 1, "WindowHeight 6 is larger than the padded input (2 + 1 + 1)")]
    public void InvalidShapesThrow(int height, int window, int stride, int top, int bottom, string message)
    {
        var shape = new Pool2dShape(1, height, 4, 3, window, 2, stride, 2, top, 0, bottom, 0);
        Assert.Contains(message, Assert.Throws<ArgumentException>(() => shape.Validate()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void WrongViewLengthsAndUnsupportedGatesThrow()
    {
        using var oracle = new Oracle(TestDevices.Names.First(), seed: 6);
        var shape = new Pool2dShape(1, 4, 4, 3, 2, 2, 2, 2);
        var (input, output) = (oracle.Output(48), oracle.Output(12));
        Assert.Equal("output", Assert.Throws<ArgumentException>(() => MaxPool2d.Forward(oracle.Device, shape, input, input)).ParamName);
        Assert.Equal("input", Assert.Throws<ArgumentException>(() => AvgPool2d.Forward(oracle.Device, shape, output, output)).ParamName);
        Assert.Equal("inputGradient", Assert.Throws<ArgumentException>(() => AvgPool2d.Backward(oracle.Device, shape, output, output)).ParamName);
        Assert.Equal(
            "input", Assert.Throws<ArgumentException>(() => AvgPool2d.Backward(oracle.Device, shape, output, input, Activation.Relu)).ParamName);
        Assert.Equal(
            "gate",
            Assert.Throws<ArgumentException>(
                () => AvgPool2d.Backward(oracle.Device, shape, output, input, new Activation(ActivationKind.Gelu), input)).ParamName);
    }

    /// <summary>
    /// Checks a backward pass with and without a fused ReLU derivative, overwriting and accumulating. The values are the outputs of the ReLU.
    /// </summary>
    internal static void CheckGradient(
        Oracle oracle, string operation, string shape, float[] values, double[] expected, Action<DeviceView, Activation, bool> backward)
    {
        foreach (var gated in new[] { false, true })
        {
            var gradient = gated ? [.. expected.Select((g, i) => values[i] > 0 ? g : 0)] : expected;
            var gate = gated ? Activation.Relu : Activation.None;
            var written = oracle.Output(expected.Length);
            backward(written, gate, false);
            oracle.Compare(operation + (gated ? ", gated" : ""), gradient, written, 1e-6, shape: shape);

            var before = oracle.Uniform(expected.Length);
            var added = oracle.Upload(before);
            backward(added, gate, true);
            oracle.Compare(operation + (gated ? ", gated" : "") + ", added", [.. gradient.Select((g, i) => g + before[i])], added, 1e-6, shape: shape);
        }
    }

    private static int[] Bits(int threads, Pool2dShape shape, float[] input, float[] gradient)
    {
        using var device = new CpuDevice(threads);
        using var buffer = device.Allocate(3 * (shape.InputLength + shape.OutputLength));
        var at = 0;
        DeviceView Next(int length) => buffer.View.Slice((at += length) - length, length);
        var (x, dx, da) = (Next(shape.InputLength), Next(shape.InputLength), Next(shape.InputLength));
        var (y, a, dy) = (Next(shape.OutputLength), Next(shape.OutputLength), Next(shape.OutputLength));
        device.Upload<float>(input, x);
        device.Upload<float>(gradient, dy);
        MaxPool2d.Forward(device, shape, x, y);
        MaxPool2d.Backward(device, shape, x, y, dy, dx);
        AvgPool2d.Forward(device, shape, x, a);
        AvgPool2d.Backward(device, shape, dy, da);
        var bits = new int[buffer.Length];
        device.Download<int>(buffer.View, bits);
        return bits;
    }

    private static IEnumerable<Pool2dShape> Shapes(Oracle oracle, int random)
    {
        foreach (var shape in NamedShapes) yield return shape;
        for (var i = 0; i < random; i++)
        {
            var (windowHeight, windowWidth) = (oracle.Next(1, 4), oracle.Next(1, 4));
            yield return new Pool2dShape(
                oracle.Pick(1, 1, 2, 3), oracle.Next(windowHeight, 8), oracle.Next(windowWidth, 9), Channels[i % Channels.Length], windowHeight, windowWidth,
                oracle.Next(1, 5), oracle.Next(1, 5), oracle.Next(0, windowHeight - 1), oracle.Next(0, windowWidth - 1), oracle.Next(0, windowHeight - 1),
                oracle.Next(0, windowWidth - 1), oracle.Pick(true, false));
        }
    }
}
