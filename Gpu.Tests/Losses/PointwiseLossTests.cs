using Gpu.Kernels;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Losses;
using Gpu.Tests.Activations;
using Gpu.Tests.Oracles;

namespace Gpu.Tests.Losses;

[OracleFor(typeof(PointwiseLoss<,,,>), typeof(GroupedPointwiseLoss<,,,>))]
public class PointwiseLossTests
{
    private static readonly (int Batch, int Outputs)[] Shapes = [(1, 1), (3, 1), (5, 2), (1, 16), (4, 17), (2, 28), (3, 48), (2, 784), (1, 5003)];

    [Theory]
    [MemberData(nameof(TestDevices.All), MemberType = typeof(TestDevices))]
    public void MeanSquaredErrorAgreesWithTheReference(string device)
    {
        using var oracle = new Oracle(device, seed: 41);
        foreach (var (batch, outputs) in Shapes)
        {
            foreach (var gate in new[] { Activation.None, Activation.Relu })
            {
                var count = batch * outputs;
                var prediction = oracle.Uniform(count, -3, 3).Select(z => (float)ActivationReference.Value(gate, z)).ToArray();
                var target = oracle.Uniform(count, -3, 3);
                var losses = oracle.Output(batch);
                var gradient = oracle.Output(count);
                MeanSquaredError.Run(oracle.Device, batch, outputs, oracle.Upload(prediction), oracle.Upload(target), gradient, losses, gate);
                var expected = Enumerable.Range(0, batch)
                    .Select(n => Enumerable.Range(n * outputs, outputs).Average(i => Math.Pow((double)prediction[i] - target[i], 2)));
                oracle.Compare("mean squared error", [.. expected], losses, 1e-6, shape: $"{batch} x {outputs}");
                var expectedGradient = prediction.Select((p, i) => 2.0 * (p - target[i]) / count * (gate.Kind == ActivationKind.Identity || p > 0 ? 1 : 0));
                oracle.Compare("mean squared error gradient", [.. expectedGradient], gradient, 1e-6, 1e-9, $"{batch} x {outputs}");

                var evaluated = oracle.Output(batch);
                MeanSquaredError.Run(oracle.Device, batch, outputs, oracle.Upload(prediction), oracle.Upload(target), default, evaluated, gate);
                Assert.Equal(oracle.Download(losses), oracle.Download(evaluated));

                // With a factor of 1/2 everything is half of it, exactly.
                var (halfLosses, halfGradient) = (oracle.Output(batch), oracle.Output(count));
                MeanSquaredError.Run(
                    oracle.Device, batch, outputs, oracle.Upload(prediction), oracle.Upload(target), halfGradient, halfLosses, gate, factor: 0.5f);
                oracle.Compare("half squared error", [.. oracle.Download(losses).Select(x => x / 2.0)], halfLosses, 1e-6);
                oracle.Compare("half squared error gradient", [.. oracle.Download(gradient).Select(x => x / 2.0)], halfGradient, 1e-6, 1e-9);
            }
        }
    }

    [Theory]
    [MemberData(nameof(TestDevices.All), MemberType = typeof(TestDevices))]
    public void BinaryCrossEntropyAgreesWithTheReference(string device)
    {
        using var oracle = new Oracle(device, seed: 42);
        foreach (var (batch, outputs) in Shapes)
        {
            foreach (var range in new[] { 2f, 80f })
            {
                var count = batch * outputs;
                var logits = oracle.Uniform(count, -range, range);
                var target = oracle.Uniform(count, 0, 1).Select(t => t < 0.3f ? 0f : t > 0.7f ? 1f : t).ToArray();
                var losses = oracle.Output(batch);
                var gradient = oracle.Output(count);
                BinaryCrossEntropy.Run(oracle.Device, batch, outputs, oracle.Upload(logits), oracle.Upload(target), gradient, losses);
                var expected = Enumerable.Range(0, batch).Select(n => Enumerable.Range(n * outputs, outputs).Average(i => Loss(logits[i], target[i])));
                oracle.Compare("binary cross-entropy", [.. expected], losses, 1e-6, 1e-30, $"{batch} x {outputs}");
                var expectedGradient = logits.Select((x, i) => (1 / (1 + Math.Exp(-(double)x)) - target[i]) / count);
                oracle.Compare("binary cross-entropy gradient", [.. expectedGradient], gradient, 1e-6, 1e-9, $"{batch} x {outputs}");

                var both = oracle.Upload(logits);
                BinaryCrossEntropy.Run(oracle.Device, batch, outputs, both, oracle.Upload(target), both, losses);
                Assert.Equal(oracle.Download(gradient), oracle.Download(both));
            }
        }
    }

    [Theory]
    [MemberData(nameof(TestDevices.All), MemberType = typeof(TestDevices))]
    public void SmallBinaryCrossEntropyIsAccurate(string device)
    {
        using var oracle = new Oracle(device, seed: 43);
        foreach (var x in new[] { -5f, -9f, -14f, -20f, -60f })
        {
            var losses = oracle.Output(1);
            BinaryCrossEntropy.Run(oracle.Device, 1, 1, oracle.Upload([x]), oracle.Upload([0f]), default, losses);
            oracle.Compare("binary cross-entropy, small", [Math.Exp(x) * (1 - Math.Exp(x) / 2 + Math.Exp(2 * x) / 3)], losses, 1e-6, 1e-30, $"logit {x}");
        }
    }

    [Theory]
    [MemberData(nameof(TestDevices.All), MemberType = typeof(TestDevices))]
    public void NaNPropagates(string device)
    {
        using var oracle = new Oracle(device, seed: 44);
        var (losses, gradient) = (oracle.Output(1), oracle.Output(3));
        var values = oracle.Upload([1f, float.NaN, 2f]);
        BinaryCrossEntropy.Run(oracle.Device, 1, 3, values, oracle.Upload([0f, 1f, 1f]), gradient, losses);
        Assert.True(float.IsNaN(oracle.Download(losses)[0]));
        Assert.Equal([false, true, false], oracle.Download(gradient).Select(float.IsNaN));
        MeanSquaredError.Run(oracle.Device, 1, 3, values, oracle.Upload([0f, 1f, 1f]), gradient, losses);
        Assert.True(float.IsNaN(oracle.Download(losses)[0]));
        Assert.Equal([false, true, false], oracle.Download(gradient).Select(float.IsNaN));
    }

    [Fact]
    public void InvalidArgumentsThrow()
    {
        using var device = new CpuDevice(threads: 1);
        using var memory = device.Allocate(100);
        var v = memory.View;
        Assert.Contains("target must hold 12", Assert.Throws<ArgumentException>(() =>
            MeanSquaredError.Run(device, 3, 4, v.First(12), v.First(11), default, v.First(3))).Message);
        Assert.Contains("gradient must hold 12", Assert.Throws<ArgumentException>(() =>
            BinaryCrossEntropy.Run(device, 3, 4, v.First(12), v.First(12), v.First(3), v.First(3))).Message);
        Assert.Contains("Gelu", Assert.Throws<ArgumentException>(() =>
            MeanSquaredError.Run(device, 3, 4, v.First(12), v.First(12), default, v.First(3), new Activation(ActivationKind.Gelu))).Message);
    }

    private static double Loss(double x, double target) => Math.Max(x, 0) - x * target + LogOnePlus(Math.Exp(-Math.Abs(x)));

    private static double LogOnePlus(double e) => e < 1e-5 ? e - e * e / 2 : Math.Log(1 + e);
}
