using Gpu.Cli.Checks;
using Gpu.Kernels;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Losses;
using Gpu.Tests.Oracles;

namespace Gpu.Tests.Losses;

[OracleFor(typeof(SoftmaxCrossEntropyKernel<,>), typeof(GroupedSoftmaxCrossEntropy<,>), typeof(MixedLabels<,>))]
public class SoftmaxCrossEntropyTests
{
    public static TheoryData<string, string> Checks => Oracle.Cases(typeof(SoftmaxCrossEntropyChecks));

    [Theory]
    [MemberData(nameof(Checks))]
    public void AgreesWithTheReference(string check, string device) => Oracle.Run(typeof(SoftmaxCrossEntropyChecks), check, device);

    [Fact]
    public void ResultsDoNotDependOnThreads()
    {
        const int batch = 509, classes = 37;
        var random = new Random(34);
        var logits = Enumerable.Range(0, batch * classes).Select(_ => random.NextSingle() * 10).ToArray();
        var labels = Enumerable.Range(0, batch).Select(_ => random.Next(classes)).ToArray();
        float[]? expected = null;
        foreach (var threads in new[] { 1, 2, 3, 5 })
        {
            using var device = new CpuDevice(threads);
            using var memory = device.Allocate(2 * batch * classes + 2 * batch + MetricLayout.Words);
            var view = memory.View;
            var x = view.First(batch * classes);
            var gradient = view.Slice(x.Length, x.Length);
            var y = view.Slice(2 * x.Length, batch);
            var losses = view.Slice(2 * x.Length + batch, batch);
            var metrics = view.Slice(2 * x.Length + 2 * batch, MetricLayout.Words);
            device.Upload<float>(logits, x);
            device.Upload<int>(labels, y);
            SoftmaxCrossEntropy.Run(device, batch, classes, x, y, gradient, losses, 0.1f);
            Metrics.Accumulate(device, batch, classes, x, y, losses, metrics, 5);
            var words = new float[memory.Length];
            device.Download<float>(view, words);
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
        void Run(int batch, int classes, int logits, float smoothing = 0) =>
            SoftmaxCrossEntropy.Run(device, batch, classes, v.First(logits), v.First(batch), default, v.First(batch), smoothing);
        Assert.Contains("logits must hold 20", Assert.Throws<ArgumentException>(() => Run(2, 10, 19)).Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => Run(2, 1, 2));
        Assert.Contains("between 0 and 1", Assert.Throws<ArgumentOutOfRangeException>(() => Run(2, 10, 20, 1.5f)).Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => Run(2, 10, 20, float.NaN));
    }
}
