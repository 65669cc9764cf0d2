using Gpu.Kernels;
using Gpu.Tests.Oracles;
using Gpu.Tests.Pooling;

namespace Gpu.Tests.Resampling;

public class UpsampleTests
{
    public static TheoryData<string> Devices => TestDevices.All;

    [Theory]
    [MemberData(nameof(Devices))]
    public void NearestAgreesWithTheReference(string device)
    {
        using var oracle = new Oracle(device, seed: 1);
        foreach (var channels in new[] { 1, 3, 5, 10, 16, 17, 32, 48 })
        {
            var (batch, height, width, factor) = (oracle.Next(1, 3), oracle.Next(1, 4), oracle.Next(1, 5), oracle.Next(1, 3));
            var shape = $"{batch} x {height} x {width} x {channels}, factor {factor}";
            var input = oracle.Uniform(batch * height * width * channels);
            var x = oracle.Upload(input);
            var output = oracle.Output(input.Length * factor * factor);
            Upsample.NearestForward(oracle.Device, batch, height, width, channels, factor, x, output);
            var expected = new double[output.Length];
            var gradient = oracle.Uniform(output.Length);
            var expectedGradient = new double[input.Length];
            for (var o = 0; o < expected.Length; o++)
            {
                var (c, pixel) = (o % channels, o / channels);
                var (column, row) = (pixel % (width * factor), pixel / (width * factor)); // the row counts through all images
                var i = (row / factor * width + column / factor) * channels + c;
                expected[o] = input[i];
                expectedGradient[i] += gradient[o];
            }

            oracle.Compare("nearest upsampling forward", expected, output, tolerance: 0, shape: shape);
            var g = oracle.Upload(gradient);
            Pool2dTests.CheckGradient(oracle, "nearest upsampling backward", shape, input, expectedGradient, (target, gate, accumulate) =>
                Upsample.NearestBackward(oracle.Device, batch, height, width, channels, factor, g, target, gate, x, accumulate));
        }
    }

    [Fact]
    public void InvalidArgumentsThrow()
    {
        using var oracle = new Oracle(TestDevices.Names.First(), seed: 2);
        var view = oracle.Output(16);
        Assert.Throws<ArgumentException>(() => Upsample.NearestForward(oracle.Device, 1, 2, 2, 4, 0, view, view));
        Assert.Equal("output", Assert.Throws<ArgumentException>(() => Upsample.NearestForward(oracle.Device, 1, 2, 2, 4, 2, view, view)).ParamName);
    }
}
