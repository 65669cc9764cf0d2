using Gpu.Kernels;
using Gpu.Kernels.Optimizers;
using Gpu.Tests.Oracles;

namespace Gpu.Tests.Optimizers;

[OracleFor(typeof(ClipValueKernel<,>))]
public class GradientClipTests
{
    [Theory]
    [MemberData(nameof(TestDevices.All), MemberType = typeof(TestDevices))]
    public void LimitsTheScaledGradients(string device)
    {
        using var oracle = new Oracle(device, seed: 41);
        foreach (var count in new[] { 1, 3, 16, 17, 255, 4096, 5003 })
        {
            var gradients = oracle.Uniform(count, -3, 3);
            var words = new float[StepStateLayout.Words];
            words[StepStateLayout.GradientScale] = 0.25f;
            // A quarter of the gradients is limited to a quarter, so they are limited to 1.
            foreach (var (state, limit) in new[] { (default, 1f), (oracle.Upload(words), 0.25f) })
            {
                var view = oracle.Upload(gradients);
                GradientClip.Value(oracle.Device, view, state, limit);
                oracle.Compare("clip by value", [.. gradients.Select(g => Math.Clamp((double)g, -1, 1))], view, 1e-7, shape: $"{count}, {limit}");
            }
        }

        var special = oracle.Upload([float.NaN, float.PositiveInfinity, float.NegativeInfinity, 0f]);
        GradientClip.Value(oracle.Device, special, default, 2);
        Assert.Equal([float.NaN, 2, -2, 0], oracle.Download(special));
    }

    [Fact]
    public void InvalidArgumentsThrow()
    {
        using var oracle = new Oracle(TestDevices.Names.First(), seed: 42);
        Assert.Throws<ArgumentOutOfRangeException>(() => GradientClip.Value(oracle.Device, oracle.Output(4), default, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => GradientClip.Value(oracle.Device, oracle.Output(4), default, float.NaN));
        Assert.Equal("gradients", Assert.Throws<ArgumentException>(() => GradientClip.Value(oracle.Device, default, default, 1)).ParamName);
    }
}
