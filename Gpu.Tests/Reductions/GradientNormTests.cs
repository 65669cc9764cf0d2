using Gpu.Kernels;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Reductions;
using Gpu.Tests.Oracles;

namespace Gpu.Tests.Reductions;

[OracleFor(typeof(Reduce<,,>), typeof(GradientNormFinish<,>), typeof(GroupedReduce<,,>))]
public class GradientNormTests
{
    [Theory]
    [MemberData(nameof(TestDevices.All), MemberType = typeof(TestDevices))]
    public void AgreesWithTheReference(string device)
    {
        using var oracle = new Oracle(device, seed: 21);
        foreach (var count in new[] { 1, 3, 16, 255, 256, 257, 1023, 1024, 1025, 17_003, 70_000 })
        {
            var gradients = oracle.Uniform(count, -0.01f, 3);
            var (norm, factor) = Norm(oracle, gradients, scale: 0.5f, maxNorm: 2);
            var expected = 0.5 * Math.Sqrt(gradients.Sum(g => (double)g * g));
            oracle.Compare("gradient norm", [expected, Math.Min(1, 2 / (expected + 1e-6))], [norm, factor], 1e-6, shape: $"{count}");
        }
    }

    [Theory]
    [MemberData(nameof(TestDevices.All), MemberType = typeof(TestDevices))]
    public void WithoutClippingTheFactorIsOne(string device)
    {
        using var oracle = new Oracle(device, seed: 22);
        var norm = oracle.Output(GradientNormLayout.Words);
        GradientNorm.Run(oracle.Device, oracle.Upload([3f, 0f, 4f]), norm, oracle.Output(GradientNorm.WorkspaceLength(3)));
        Assert.Equal(5f, oracle.Download(norm)[GradientNormLayout.Norm]);
        Assert.Equal(1f, oracle.Download(norm)[GradientNormLayout.ClipFactor]);
        var (zeroNorm, zeroFactor) = Norm(oracle, new float[100], 1, 1);
        Assert.Equal((0f, 1f), (zeroNorm, zeroFactor));
    }

    [Theory]
    [MemberData(nameof(TestDevices.All), MemberType = typeof(TestDevices))]
    public void NaNAndInfinityPropagate(string device)
    {
        using var oracle = new Oracle(device, seed: 23);
        foreach (var at in new[] { 0, 999, 5000 })
        {
            var gradients = oracle.Uniform(5001);
            gradients[at] = float.NaN;
            var (norm, factor) = Norm(oracle, gradients, 1, 1);
            Assert.True(float.IsNaN(norm) && float.IsNaN(factor));
            gradients[at] = float.NegativeInfinity;
            (norm, factor) = Norm(oracle, gradients, 1, 1);
            Assert.Equal(float.PositiveInfinity, norm);
            Assert.Equal(0f, factor);
        }
    }

    [Fact]
    public void ResultsDoNotDependOnThreads()
    {
        var random = new Random(24);
        var gradients = Enumerable.Range(0, 300_001).Select(_ => random.NextSingle() - 0.5f).ToArray();
        float? expected = null;
        foreach (var threads in new[] { 1, 2, 3, 5 })
        {
            using var device = new CpuDevice(threads);
            using var memory = device.Allocate(gradients.Length + GradientNormLayout.Words + GradientNorm.WorkspaceLength(gradients.Length));
            var view = memory.View;
            device.Upload<float>(gradients, view.First(gradients.Length));
            var norm = view.Slice(gradients.Length, GradientNormLayout.Words);
            var workspace = view.Slice(norm.Offset + GradientNormLayout.Words, GradientNorm.WorkspaceLength(gradients.Length));
            GradientNorm.Run(device, view.First(gradients.Length), norm, workspace);
            var words = new float[GradientNormLayout.Words];
            device.Download<float>(norm, words);
            expected ??= words[GradientNormLayout.Norm];
            Assert.Equal(BitConverter.SingleToInt32Bits(expected.Value), BitConverter.SingleToInt32Bits(words[GradientNormLayout.Norm]));
        }
    }

    [Fact]
    public void InvalidArgumentsThrow()
    {
        using var device = new CpuDevice(threads: 1);
        using var memory = device.Allocate(1024);
        var view = memory.View;
        var (g, norm) = (view.First(512), view.Slice(512, GradientNormLayout.Words));
        Assert.Contains("workspace must hold", Assert.Throws<ArgumentException>(() => GradientNorm.Run(device, g, norm, view.Slice(600, 1))).Message);
        Assert.Throws<ArgumentException>(() => GradientNorm.Run(device, default, norm, view.Slice(600, 100)));
        Assert.Throws<ArgumentOutOfRangeException>(() => GradientNorm.Run(device, g, default, 0f, norm, view.Slice(600, 100)));
    }

    private static (float Norm, float Factor) Norm(Oracle oracle, float[] gradients, float scale, float maxNorm)
    {
        var step = new float[StepStateLayout.Words];
        step[StepStateLayout.GradientScale] = scale;
        var norm = oracle.Output(GradientNormLayout.Words);
        var workspace = oracle.Output(GradientNorm.WorkspaceLength(gradients.Length));
        GradientNorm.Run(oracle.Device, oracle.Upload(gradients), oracle.Upload(step), maxNorm, norm, workspace);
        var words = oracle.Download(norm);
        return (words[GradientNormLayout.Norm], words[GradientNormLayout.ClipFactor]);
    }
}
