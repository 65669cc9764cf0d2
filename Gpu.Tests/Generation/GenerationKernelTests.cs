using Gpu.Cli.Checks;
using Gpu.Kernels;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Generation;
using Gpu.Tests.Oracles;

namespace Gpu.Tests.Generation;

[OracleFor(typeof(GaussianNoiseKernel<,>), typeof(LatentSampleForward<,>), typeof(LatentSampleBackward<,>), typeof(AddDivergence<,>),
    typeof(OneHotKernel<,>))]
public class GenerationKernelTests
{
    public static TheoryData<string, string> Checks => Oracle.Cases(typeof(GenerationChecks));

    [Theory]
    [MemberData(nameof(Checks))]
    public void AgreesWithTheReference(string check, string device) => Oracle.Run(typeof(GenerationChecks), check, device);

    [Fact]
    public void NormalNumbersHaveTheMomentsOfTheNormalDistribution()
    {
        using var device = new CpuDevice(2);
        using var memory = device.Allocate(StepStateLayout.Words + 100_000);
        var numbers = new float[100_000];
        GaussianNoise.Fill(device, 7, memory.View.First(StepStateLayout.Words), memory.View.Slice(StepStateLayout.Words, numbers.Length));
        device.Download<float>(memory.View.Slice(StepStateLayout.Words, numbers.Length), numbers);
        // Four standard errors of each moment.
        Assert.Equal(0, numbers.Average(x => (double)x), 0.0127);
        Assert.Equal(1, numbers.Average(x => (double)x * x), 0.0179);
        Assert.Equal(0, numbers.Average(x => (double)x * x * x), 0.049);
        Assert.Equal(3, numbers.Average(x => (double)x * x * x * x), 0.124);
    }

    [Fact]
    public void ResultsDoNotDependOnThreads()
    {
        const int batch = 37, latent = 21;
        float[]? expected = null;
        foreach (var threads in new[] { 1, 2, 5 })
        {
            using var device = new CpuDevice(threads);
            using var memory = device.Allocate(StepStateLayout.Words + 5 * batch * latent + batch);
            var state = memory.View.First(StepStateLayout.Words);
            var statistics = memory.View.Slice(StepStateLayout.Words, 2 * batch * latent);
            var output = memory.View.Slice(StepStateLayout.Words + 2 * batch * latent, batch * latent);
            var gradient = memory.View.Slice(StepStateLayout.Words + 3 * batch * latent, 2 * batch * latent);
            var divergence = memory.View.Slice(StepStateLayout.Words + 5 * batch * latent, batch);
            GaussianNoise.Fill(device, 1, state, statistics);
            LatentSample.Forward(device, batch, latent, 2, state, statistics, output, divergence, hasNoise: true);
            LatentSample.Backward(device, batch, latent, 2, state, statistics, 0.5f, output, gradient);
            var words = new float[memory.Length];
            device.Download<float>(memory.View, words);
            expected ??= words;
            Assert.True(expected.AsSpan().SequenceEqual(words), $"{threads} threads gave other bits than one");
        }
    }

    [Fact]
    public void InvalidArgumentsThrow()
    {
        using var device = new CpuDevice(threads: 1);
        using var memory = device.Allocate(100);
        var v = memory.View;
        void Forward(int latent, int length) =>
            LatentSample.Forward(device, 2, latent, 1, v.First(16), v.Slice(16, length), v.Slice(40, 2 * Math.Max(latent, 1)), v.Slice(80, 2), true);
        Forward(3, 12);
        Assert.Throws<ArgumentOutOfRangeException>(() => Forward(0, 12));
        Assert.Contains("statistics", Assert.Throws<ArgumentException>(() => Forward(3, 11)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => LatentSample.AddDivergence(device, 2, float.NaN, v.First(2), v.Slice(2, 2)));
        Assert.Throws<ArgumentException>(() => GaussianNoise.Fill(device, 1, v.First(16), default));
    }
}
