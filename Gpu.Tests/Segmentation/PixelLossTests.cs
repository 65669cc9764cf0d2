using Gpu.Cli.Checks;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Segmentation;
using Gpu.Kernels;
using Gpu.Tests.Oracles;

namespace Gpu.Tests.Segmentation;

[OracleFor(typeof(PixelLossSums<,>), typeof(PixelLossFactors<,>), typeof(PixelLossGradient<,>), typeof(GroupedPixelLossGradient<,>),
    typeof(PixelLossTotal<,>))]
public class PixelLossTests
{
    public static TheoryData<string, string> Checks => Oracle.Cases(typeof(PixelLossChecks));

    [Theory]
    [MemberData(nameof(Checks))]
    public void AgreesWithTheReference(string check, string device) => Oracle.Run(typeof(PixelLossChecks), check, device);

    [Fact]
    public void ResultsDoNotDependOnThreads()
    {
        const int batch = 5, pixels = 777, classes = 6;
        var random = new Random(83);
        var logits = Enumerable.Range(0, batch * pixels * classes).Select(_ => random.NextSingle() * 10).ToArray();
        var labels = Enumerable.Range(0, batch * pixels).Select(_ => random.Next(classes)).ToArray();
        float[]? expected = null;
        foreach (var threads in new[] { 1, 2, 5 })
        {
            using var device = new CpuDevice(threads);
            using var memory = device.Allocate(2 * logits.Length + labels.Length + batch + PixelLoss.WorkspaceLength(batch, pixels, classes)
                + PixelConfusion.Words(classes));
            var at = 0;
            DeviceView Next(int words) => memory.View.Slice((at += words) - words, words);
            var (x, gradient, y, losses) = (Next(logits.Length), Next(logits.Length), Next(labels.Length), Next(batch));
            var (workspace, counters) = (Next(PixelLoss.WorkspaceLength(batch, pixels, classes)), Next(PixelConfusion.Words(classes)));
            device.Upload<float>(logits, x);
            device.Upload<int>(labels, y);
            PixelLoss.Run(device, batch, pixels, classes, x, y, gradient, losses, workspace, new PixelLossTerms { CrossEntropy = 1, Dice = 1 });
            PixelConfusion.Accumulate(device, batch * pixels, classes, x, y, counters);
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
        using var memory = device.Allocate(1000);
        var v = memory.View;
        void Run(int classes, PixelLossTerms terms, int labels = 4) => PixelLoss.Run(
            device, 2, 2, classes, v.First(4 * classes), v.Slice(100, labels), default, v.Slice(200, 2),
            v.Slice(300, PixelLoss.WorkspaceLength(2, 2, classes)), terms);
        Run(3, new PixelLossTerms { Dice = 1 });
        Assert.Throws<ArgumentOutOfRangeException>(() => Run(1, new PixelLossTerms { Dice = 1 }));
        Assert.Contains("at least one", Assert.Throws<ArgumentException>(() => Run(3, new PixelLossTerms())).Message, StringComparison.Ordinal);
        Assert.Contains("gamma must be 1", Assert.Throws<ArgumentOutOfRangeException>(
            () => Run(3, new PixelLossTerms { Focal = 1, FocalGamma = 0.5f })).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => Run(3, new PixelLossTerms { Focal = float.NaN }));
        Assert.Throws<ArgumentException>(() => Run(3, new PixelLossTerms { Dice = 1 }, labels: 3));
    }
}
