using Gpu.Cli.Checks.References;
using Gpu.Kernels;

namespace Gpu.Cli.Checks;

/// <summary>Checks of activations.</summary>
internal static class ActivationChecks
{
    [OperationCheck("activations", 1)]
    public static void AgreesWithTheReference(Checker checker, ActivationKind kind)
    {
        var activation = new Activation(kind, 0.1f);
        foreach (var count in new[] { 1, 3, 16, 63, 64, 65, 1000 })
        {
            var input = checker.Uniform(count, -20, 20);
            // The functions curve most near zero, so half of the inputs lie there.
            for (var i = 0; i < count; i += 2) input[i] *= 0.1f;
            var gradient = checker.Uniform(count);
            var output = checker.Output(count);
            ActivationOps.Forward(checker.Device, activation, checker.Upload(input), output);
            checker.Compare($"{kind} forward", [.. input.Select(x => ActivationReference.Value(activation, x))], output);

            var inputGradient = checker.Output(count);
            var saved = activation.DerivativeFromOutput ? output : checker.Upload(input);
            ActivationOps.Backward(checker.Device, activation, saved, checker.Upload(gradient), inputGradient);
            var expected = input.Select((x, i) => gradient[i] * ActivationReference.Derivative(activation, x));
            checker.Compare($"{kind} backward", [.. expected], inputGradient);
        }
    }

    [OperationCheck("activations of special values", 2)]
    public static void SpecialValuesAgreeWithTheReference(Checker checker, ActivationKind kind)
    {
        var activation = new Activation(kind, 0.1f);
        var input = new[] { float.NaN, 0f, -0f, 88f, -88f, 1e4f, -1e4f, 1e30f, -1e30f, 1e-30f, float.PositiveInfinity, float.NegativeInfinity };
        var (output, gradient) = (checker.Output(input.Length), checker.Output(input.Length));
        ActivationOps.Forward(checker.Device, activation, checker.Upload(input), output);
        var saved = activation.DerivativeFromOutput ? output : checker.Upload(input);
        ActivationOps.Backward(checker.Device, activation, saved, checker.Upload(Enumerable.Repeat(1f, input.Length).ToArray()), gradient);
        var (values, derivatives) = (checker.Download(output), checker.Download(gradient));
        // NaN must propagate, so that a diverged training run is noticed.
        Require.True(float.IsNaN(values[0]), $"{kind}(NaN) is {values[0]}");
        for (var i = 1; i < input.Length; i++)
        {
            // Where a function is bounded, its value at infinity is its limit, not infinity * 0 = NaN. The same holds for the derivatives.
            var x = Math.Clamp(input[i], -1e30, 1e30);
            var value = ActivationReference.Value(activation, x);
            var expected = float.IsInfinity(input[i]) && Math.Abs(value) > 1e20 ? input[i] : value;
            Near($"{kind}({input[i]})", expected, values[i]);
            Near($"the derivative of {kind} at {input[i]}", ActivationReference.Derivative(activation, x), derivatives[i]);
        }
    }

    // The comparison with the reference is relative to the largest value. In the lower tail the values are small, so it would not notice that they are 0.
    [OperationCheck("lower tail of activations", 3)]
    public static void TheLowerTailIsAccurate(Checker checker, ActivationKind kind)
    {
        var activation = new Activation(kind, 0.1f);
        var input = Enumerable.Range(0, 500).Select(i => -3f - i * 0.05f).ToArray();
        var (output, gradient) = (checker.Output(input.Length), checker.Output(input.Length));
        ActivationOps.Forward(checker.Device, activation, checker.Upload(input), output);
        var saved = activation.DerivativeFromOutput ? output : checker.Upload(input);
        ActivationOps.Backward(checker.Device, activation, saved, checker.Upload(Enumerable.Repeat(1f, input.Length).ToArray()), gradient);
        var (values, derivatives) = (checker.Download(output), checker.Download(gradient));
        for (var i = 0; i < input.Length; i++)
        {
            RelativelyNear($"{kind}({input[i]})", ActivationReference.Value(activation, input[i]), values[i]);
            // Computed from the output, which is -1 to within rounding, the derivative of tanh has no relative accuracy.
            if (kind != ActivationKind.Tanh)
                RelativelyNear($"the derivative of {kind} at {input[i]}", ActivationReference.Derivative(activation, input[i]), derivatives[i]);
        }
    }

    internal static void RelativelyNear(string what, double expected, float got) => Require.True(
        Math.Abs(got - expected) <= 1e-4 * Math.Abs(expected) + 1e-35, $"{what} is {got}, expected {expected}");

    internal static void Near(string what, double expected, float got) => Require.True(
        got == expected || Math.Abs(got - expected) <= 1e-6 * Math.Max(1, Math.Abs(expected)), $"{what} is {got}, expected {expected}");
}
