using Gpu.Kernels;
using Gpu.Kernels.Concatenation;
using Gpu.Tests.Oracles;
using Gpu.Tests.Pooling;

namespace Gpu.Tests.Concatenation;

[OracleFor(typeof(ChannelCopy<,,>))]
public class ConcatTests
{
    public static TheoryData<string> Devices => TestDevices.All;

    [Theory]
    [MemberData(nameof(Devices))]
    public void AgreesWithTheReference(string device)
    {
        using var oracle = new Oracle(device, seed: 1);
        foreach (var counts in new int[][] { [1], [1, 1], [16, 32], [3, 5, 4], [17, 16], [4, 8, 20], [33, 1], [64, 64] })
        {
            var pixels = oracle.Next(1, 90);
            var total = counts.Sum();
            var shape = $"{pixels} pixels, {string.Join(" + ", counts)} channels";
            var output = oracle.Output(pixels * total);
            var gradient = oracle.Uniform(pixels * total);
            var g = oracle.Upload(gradient);
            var expected = new double[pixels * total];
            var first = 0;
            foreach (var channels in counts)
            {
                var input = oracle.Uniform(pixels * channels);
                var x = oracle.Upload(input);
                Concat.Forward(oracle.Device, pixels, channels, x, total, first, output);
                var expectedGradient = new double[input.Length];
                for (var i = 0; i < input.Length; i++)
                {
                    var o = i / channels * total + first + i % channels;
                    expected[o] = input[i];
                    expectedGradient[i] = gradient[o];
                }

                var at = first;
                Pool2dTests.CheckGradient(oracle, "concatenation backward", shape, input, expectedGradient, (target, gate, accumulate) =>
                    Concat.Backward(oracle.Device, pixels, channels, total, at, g, target, gate, x, accumulate));
                first += channels;
            }

            oracle.Compare("concatenation forward", expected, output, tolerance: 0, shape: shape);
        }
    }

    [Fact]
    public void ChannelsOutsideTheOutputThrow()
    {
        using var oracle = new Oracle(TestDevices.Names.First(), seed: 2);
        var (x, y) = (oracle.Output(8), oracle.Output(12));
        Assert.Contains("channels 2 to 3 do not lie within the 3", Assert.Throws<ArgumentException>(() =>
            Concat.Forward(oracle.Device, 4, 2, x, 3, 2, y)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => Concat.Forward(oracle.Device, 4, 2, x, 3, -1, y));
        Assert.Throws<ArgumentException>(() => Concat.Forward(oracle.Device, 4, 2, x, 3, int.MaxValue, y));
    }
}
