using Gpu.Cli.Checks.References;
using Gpu.Kernels;
using Gpu.Kernels.Devices;

namespace Gpu.Cli.Checks;

/// <summary>Checks of residual addition.</summary>
internal static class ResidualAddChecks
{
    [OperationCheck("residual addition", 1)]
    public static void AddAgreesWithTheReference(Checker checker)
    {
        foreach (var activation in new[] { Activation.None, Activation.Relu })
            foreach (var count in new[] { 1, 3, 16, 63, 64, 65, 700 })
            {
                var (a, b, gradient) = (checker.Uniform(count), checker.Uniform(count), checker.Uniform(count));
                var output = checker.Output(count);
                ResidualAdd.Forward(checker.Device, checker.Upload(a), checker.Upload(b), output, activation);
                var sums = a.Select((value, i) => (double)value + b[i]).ToArray();
                checker.Compare("residual forward", [.. sums.Select(sum => ActivationReference.Value(activation, sum))], output, 1e-6);

                double[] expected = [.. sums.Select((sum, i) => gradient[i] * ActivationReference.Derivative(activation, sum))];
                CheckGradients(checker, "residual backward", $"{count}", expected, expected, (da, db, addA, addB) =>
                    ResidualAdd.Backward(checker.Device, activation, output, checker.Upload(gradient), da, db, addA, addB));
            }
    }

    [OperationCheck("zero-padded shortcut", 2)]
    public static void ZeroPaddedShortcutAgreesWithTheReference(Checker checker)
    {
        foreach (var shape in new ShortcutShape[]
        {
            new(2, 8, 8, 16, 32, 2), new(1, 7, 5, 16, 32, 2), new(3, 4, 4, 1, 4, 1), new(1, 5, 6, 3, 10, 3), new(2, 3, 3, 8, 48, 2),
            new(1, 6, 6, 10, 17, 2), new(2, 4, 5, 20, 20, 2), new(1, 3, 4, 17, 48, 1), new(2, 3, 3, 12, 12, 1), new(70, 2, 2, 32, 40, 2),
        })
        {
            var activation = checker.Pick(Activation.None, Activation.Relu);
            var (a, b, gradient) = (checker.Uniform(shape.OutputLength), checker.Uniform(shape.InputLength), checker.Uniform(shape.OutputLength));
            var output = checker.Output(shape.OutputLength);
            ResidualAdd.Forward(checker.Device, shape, checker.Upload(a), checker.Upload(b), output, activation);

            var source = Sources(shape);
            var sums = a.Select((value, o) => value + (source[o] < 0 ? 0.0 : b[source[o]])).ToArray();
            checker.Compare("shortcut forward", [.. sums.Select(sum => ActivationReference.Value(activation, sum))], output, 1e-6, shape: shape.ToString());

            double[] expectedA = [.. sums.Select((sum, o) => gradient[o] * ActivationReference.Derivative(activation, sum))];
            var expectedB = new double[shape.InputLength];
            for (var o = 0; o < source.Length; o++)
            {
                if (source[o] >= 0) expectedB[source[o]] += expectedA[o];
            }

            CheckGradients(checker, "shortcut backward", shape.ToString(), expectedA, expectedB, (da, db, addA, addB) =>
                ResidualAdd.Backward(checker.Device, shape, activation, output, checker.Upload(gradient), da, db, addA, addB));
        }
    }

    [OperationCheck("residual addition in place", 3)]
    public static void InPlaceGivesTheSameResults(Checker checker)
    {
        var shape = new ShortcutShape(1, 4, 4, 8, 16, 2);
        var (a, b, gradient) = (checker.Uniform(shape.OutputLength), checker.Uniform(shape.InputLength), checker.Uniform(shape.OutputLength));
        var (separate, shared) = (checker.Output(a.Length), checker.Upload(a));
        ResidualAdd.Forward(checker.Device, shape, checker.Upload(a), checker.Upload(b), separate, Activation.Relu);
        ResidualAdd.Forward(checker.Device, shape, shared, checker.Upload(b), shared, Activation.Relu);
        Require.Equal(checker.Download(separate), checker.Download(shared));

        var (da, db, db2, dy) = (checker.Output(a.Length), checker.Output(b.Length), checker.Output(b.Length), checker.Upload(gradient));
        ResidualAdd.Backward(checker.Device, shape, Activation.Relu, separate, dy, da, db);
        ResidualAdd.Backward(checker.Device, shape, Activation.Relu, separate, dy, dy, db2);
        Require.Equal(checker.Download(da), checker.Download(dy));
        Require.Equal(checker.Download(db), checker.Download(db2));
    }

    internal static void CheckGradients(
        Checker checker, string operation, string shape, double[] expectedA, double[] expectedB, Action<DeviceView, DeviceView, bool, bool> backward)
    {
        foreach (var (addA, addB) in new[] { (false, false), (true, false), (false, true) })
        {
            var (beforeA, beforeB) = (checker.Uniform(expectedA.Length), checker.Uniform(expectedB.Length));
            var da = addA ? checker.Upload(beforeA) : checker.Output(expectedA.Length);
            var db = addB ? checker.Upload(beforeB) : checker.Output(expectedB.Length);
            backward(da, db, addA, addB);
            checker.Compare(operation + " a", [.. expectedA.Select((g, i) => g + (addA ? beforeA[i] : 0))], da, 1e-6, shape: shape);
            checker.Compare(operation + " b", [.. expectedB.Select((g, i) => g + (addB ? beforeB[i] : 0))], db, 1e-6, shape: shape);
        }

        var alone = checker.Output(expectedA.Length);
        backward(alone, default, false, false);
        checker.Compare(operation + " a alone", expectedA, alone, 1e-6, shape: shape);
    }

    // For every output element, the index of the element of b that is added to it, or -1.
    internal static int[] Sources(ShortcutShape s)
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
