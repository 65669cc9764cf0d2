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
                foreach (var kind in new[] { ActivationKind.Identity, ActivationKind.Relu })
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
            var input = oracle.Uniform(count, -6, 6);
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
}
