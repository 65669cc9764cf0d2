using Gpu.Cli.Checks;
using Gpu.Kernels;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Reductions;
using Gpu.Tests.Oracles;

namespace Gpu.Tests.Reductions;

[OracleFor(typeof(Reduce<,,>), typeof(GradientNormFinish<,>), typeof(GroupedReduce<,,>))]
public class GradientNormTests
{
    public static TheoryData<string, string> Checks => Oracle.Cases(typeof(GradientNormChecks));

    [Theory]
    [MemberData(nameof(Checks))]
    public void AgreesWithTheReference(string check, string device) => Oracle.Run(typeof(GradientNormChecks), check, device);

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
}
