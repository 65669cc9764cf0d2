using Gpu.Kernels.Activations;
using Gpu.Tests.Oracles;

namespace Gpu.Tests.Activations;

[OracleFor(typeof(ActivationForward<,,>), typeof(ActivationBackward<,,>))]
public class ActivationTests
{
    public static TheoryData<string, ActivationKind> Cases
    {
        get
        {
            var cases = new TheoryData<string, ActivationKind>();
            foreach (var device in TestDevices.Names)
                foreach (var kind in Enum.GetValues<ActivationKind>())
                    cases.Add(device, kind);
            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void AgreesWithTheReference(string device, ActivationKind kind)
    {
        using var oracle = new Oracle(device, seed: 1);
        var activation = new Activation(kind, 0.1f);
        foreach (var count in new[] { 1, 3, 16, 63, 64, 65, 1000 })
        {
            var input = oracle.Uniform(count, -20, 20);
            // Most of what the functions do happens near zero.
            for (var i = 0; i < count; i += 2) input[i] *= 0.1f;
            var gradient = oracle.Uniform(count);
            var output = oracle.Output(count);
            Elementwise.Forward(oracle.Device, activation, oracle.Upload(input), output);
            oracle.Compare($"{kind} forward", [.. input.Select(x => ActivationReference.Value(activation, x))], output);

            var inputGradient = oracle.Output(count);
            var saved = activation.DerivativeFromOutput ? output : oracle.Upload(input);
            Elementwise.Backward(oracle.Device, activation, saved, oracle.Upload(gradient), inputGradient);
            var expected = input.Select((x, i) => gradient[i] * ActivationReference.Derivative(activation, x));
            oracle.Compare($"{kind} backward", [.. expected], inputGradient);
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void SpecialValuesStaySane(string device, ActivationKind kind)
    {
        using var oracle = new Oracle(device, seed: 2);
        var input = new[] { float.NaN, 0f, -0f, 88f, -88f, 1e4f, -1e4f, 1e-30f };
        var output = oracle.Output(input.Length);
        Elementwise.Forward(oracle.Device, new Activation(kind, 0.1f), oracle.Upload(input), output);
        var got = oracle.Download(output);
        // A GPU's max(0, NaN) is 0 by its definition; everywhere else NaN must come through, so that a diverged run shows.
        if (!(kind == ActivationKind.Relu && device == "simulator")) Assert.True(float.IsNaN(got[0]), $"{kind}(NaN) is {got[0]}");
        for (var i = 1; i < input.Length; i++)
        {
            var expected = ActivationReference.Value(new Activation(kind, 0.1f), input[i]);
            Assert.True(Math.Abs(got[i] - expected) <= 1e-6 * Math.Max(1, Math.Abs(expected)), $"{kind}({input[i]}) is {got[i]}, expected {expected}");
        }
    }
}
