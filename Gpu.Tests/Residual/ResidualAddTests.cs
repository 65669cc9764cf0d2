using Gpu.Kernels;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Residual;
using Gpu.Tests.Activations;
using Gpu.Tests.Oracles;

namespace Gpu.Tests.Residual;

[OracleFor(typeof(ResidualForward<,,>), typeof(ResidualBackward<,,>), typeof(ShortcutForward<,,>), typeof(ShortcutBackward<,,>))]
public class ResidualAddTests
{
    public static TheoryData<string> Devices => TestDevices.All;

    [Theory]
    [MemberData(nameof(Devices))]
    public void AddAgreesWithTheReference(string device)
    {
        using var oracle = new Oracle(device, seed: 1);
        foreach (var activation in new[] { Activation.None, Activation.Relu })
            foreach (var count in new[] { 1, 3, 16, 63, 64, 65, 700 })
            {
                var (a, b, gradient) = (oracle.Uniform(count), oracle.Uniform(count), oracle.Uniform(count));
                var output = oracle.Output(count);
                ResidualAdd.Forward(oracle.Device, oracle.Upload(a), oracle.Upload(b), output, activation);
                var sums = a.Select((value, i) => (double)value + b[i]).ToArray();
                oracle.Compare("residual forward", [.. sums.Select(sum => ActivationReference.Value(activation, sum))], output, 1e-6);

                double[] expected = [.. sums.Select((sum, i) => gradient[i] * ActivationReference.Derivative(activation, sum))];
                CheckGradients(oracle, "residual backward", $"{count}", expected, expected, (da, db, addA, addB) =>
                    ResidualAdd.Backward(oracle.Device, activation, output, oracle.Upload(gradient), da, db, addA, addB));
            }
    }

    [Theory]
    [MemberData(nameof(Devices))]
    public void ZeroPaddedShortcutAgreesWithTheReference(string device)
    {
        using var oracle = new Oracle(device, seed: 2);
        foreach (var shape in new ShortcutShape[]
        {
            new(2, 8, 8, 16, 32, 2), new(1, 7, 5, 16, 32, 2), new(3, 4, 4, 1, 4, 1), new(1, 5, 6, 3, 10, 3), new(2, 3, 3, 8, 48, 2),
            new(1, 6, 6, 10, 17, 2), new(2, 4, 5, 20, 20, 2), new(1, 3, 4, 17, 48, 1), new(2, 3, 3, 12, 12, 1), new(70, 2, 2, 32, 40, 2),
        })
        {
            var activation = oracle.Pick(Activation.None, Activation.Relu);
            var (a, b, gradient) = (oracle.Uniform(shape.OutputLength), oracle.Uniform(shape.InputLength), oracle.Uniform(shape.OutputLength));
            var output = oracle.Output(shape.OutputLength);
            ResidualAdd.Forward(oracle.Device, shape, oracle.Upload(a), oracle.Upload(b), output, activation);

            var source = Sources(shape);
            var sums = a.Select((value, o) => value + (source[o] < 0 ? 0.0 : b[source[o]])).ToArray();
            oracle.Compare("shortcut forward", [.. sums.Select(sum => ActivationReference.Value(activation, sum))], output, 1e-6, shape: shape.ToString());

            double[] expectedA = [.. sums.Select((sum, o) => gradient[o] * ActivationReference.Derivative(activation, sum))];
            var expectedB = new double[shape.InputLength];
            for (var o = 0; o < source.Length; o++)
            {
                if (source[o] >= 0) expectedB[source[o]] += expectedA[o];
            }

            CheckGradients(oracle, "shortcut backward", shape.ToString(), expectedA, expectedB, (da, db, addA, addB) =>
                ResidualAdd.Backward(oracle.Device, shape, activation, output, oracle.Upload(gradient), da, db, addA, addB));
        }
    }

    [Theory]
    [MemberData(nameof(Devices))]
    public void InPlaceGivesTheSameResults(string device)
    {
        using var oracle = new Oracle(device, seed: 3);
        var shape = new ShortcutShape(1, 4, 4, 8, 16, 2);
        var (a, b, gradient) = (oracle.Uniform(shape.OutputLength), oracle.Uniform(shape.InputLength), oracle.Uniform(shape.OutputLength));
        var (separate, shared) = (oracle.Output(a.Length), oracle.Upload(a));
        ResidualAdd.Forward(oracle.Device, shape, oracle.Upload(a), oracle.Upload(b), separate, Activation.Relu);
        ResidualAdd.Forward(oracle.Device, shape, shared, oracle.Upload(b), shared, Activation.Relu);
        Assert.Equal(oracle.Download(separate), oracle.Download(shared));

        var (da, db, db2, dy) = (oracle.Output(a.Length), oracle.Output(b.Length), oracle.Output(b.Length), oracle.Upload(gradient));
        ResidualAdd.Backward(oracle.Device, shape, Activation.Relu, separate, dy, da, db);
        ResidualAdd.Backward(oracle.Device, shape, Activation.Relu, separate, dy, dy, db2);
        Assert.Equal(oracle.Download(da), oracle.Download(dy));
        Assert.Equal(oracle.Download(db), oracle.Download(db2));
    }

    [Fact]
    public void ResultsDoNotDependOnThreads()
    {
        var shape = new ShortcutShape(8, 16, 15, 20, 44, 2);
        var random = new Random(4);
        var values = Enumerable.Range(0, 4 * shape.OutputLength + 2 * shape.InputLength).Select(_ => random.NextSingle() - 0.5f).ToArray();
        int[]? expected = null;
        foreach (var threads in new[] { 1, 2, 3, 5 })
        {
            using var device = new CpuDevice(threads);
            using var buffer = device.Allocate(values.Length);
            device.Upload<float>(values, buffer.View);
            var n = shape.OutputLength;
            var small = buffer.View.Slice(4 * n, 2 * shape.InputLength);
            var (a, y, dy, da) = (buffer.View.Slice(0, n), buffer.View.Slice(n, n), buffer.View.Slice(2 * n, n), buffer.View.Slice(3 * n, n));
            var (b, db) = (small.First(shape.InputLength), small.Slice(shape.InputLength, shape.InputLength));
            ResidualAdd.Forward(device, shape, a, b, y, Activation.Relu);
            ResidualAdd.Backward(device, shape, Activation.Relu, y, dy, da, db);
            ResidualAdd.Forward(device, da, y, y, Activation.Relu);
            var bits = new int[values.Length];
            device.Download<int>(buffer.View, bits);
            expected ??= bits;
            Assert.Equal(expected, bits);
        }
    }

    [Fact]
    public void InvalidArgumentsThrow()
    {
        using var oracle = new Oracle(TestDevices.Names.First(), seed: 5);
        var (four, eight) = (oracle.Output(4), oracle.Output(8));
        Assert.Equal("b", Assert.Throws<ArgumentException>(() => ResidualAdd.Forward(oracle.Device, four, eight, four, Activation.None)).ParamName);
        var narrower = new ShortcutShape(1, 1, 1, 8, 4, 1);
        Assert.Contains(
            "from 8 channels to 4",
            Assert.Throws<ArgumentException>(() => ResidualAdd.Forward(oracle.Device, narrower, four, eight, four, Activation.None)).Message,
            StringComparison.Ordinal);
        var silu = new Activation(ActivationKind.Silu);
        Assert.Equal(
            "activation", Assert.Throws<ArgumentException>(() => ResidualAdd.Backward(oracle.Device, silu, four, four, four, four, false, false)).ParamName);
    }

    private static void CheckGradients(
        Oracle oracle, string operation, string shape, double[] expectedA, double[] expectedB, Action<DeviceView, DeviceView, bool, bool> backward)
    {
        foreach (var (addA, addB) in new[] { (false, false), (true, false), (false, true) })
        {
            var (beforeA, beforeB) = (oracle.Uniform(expectedA.Length), oracle.Uniform(expectedB.Length));
            var da = addA ? oracle.Upload(beforeA) : oracle.Output(expectedA.Length);
            var db = addB ? oracle.Upload(beforeB) : oracle.Output(expectedB.Length);
            backward(da, db, addA, addB);
            oracle.Compare(operation + " a", [.. expectedA.Select((g, i) => g + (addA ? beforeA[i] : 0))], da, 1e-6, shape: shape);
            oracle.Compare(operation + " b", [.. expectedB.Select((g, i) => g + (addB ? beforeB[i] : 0))], db, 1e-6, shape: shape);
        }

        var alone = oracle.Output(expectedA.Length);
        backward(alone, default, false, false);
        oracle.Compare(operation + " a alone", expectedA, alone, 1e-6, shape: shape);
    }

    // For every output element, the index of the element of b that is added to it, or -1.
    private static int[] Sources(ShortcutShape s)
    {
        var source = new int[s.OutputLength];
        for (var o = 0; o < source.Length; o++)
        {
            var (c, pixel) = (o % s.OutputChannels - (s.OutputChannels - s.InputChannels) / 2, o / s.OutputChannels);
            var (x, y, n) = (pixel % s.OutputWidth, pixel / s.OutputWidth % s.OutputHeight, pixel / s.OutputWidth / s.OutputHeight);
            source[o] = c < 0 || c >= s.InputChannels ? -1 : ((n * s.Height + y * s.Stride) * s.Width + x * s.Stride) * s.InputChannels + c;
        }

        return source;
    }
}
