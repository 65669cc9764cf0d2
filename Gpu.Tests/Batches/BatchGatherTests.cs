using Gpu.Cli.Checks;
using Gpu.Kernels;
using Gpu.Kernels.Batches;
using Gpu.Kernels.Devices;
using Gpu.Tests.Oracles;
using static Gpu.Cli.Checks.BatchGatherChecks;

namespace Gpu.Tests.Batches;

[OracleFor(typeof(BatchGatherKernel<,>), typeof(AugmentedBatchGather<,>), typeof(AugmentedElementGather<,>))]
public class BatchGatherTests
{
    public static TheoryData<string, string> Checks => Oracle.Cases(typeof(BatchGatherChecks));

    [Theory]
    [MemberData(nameof(Checks))]
    public void AgreesWithTheReference(string check, string device) => Oracle.Run(typeof(BatchGatherChecks), check, device);

    [Fact]
    public void AugmentationDependsOnlyOnSeedDrawAndSample()
    {
        using var oracle = new Oracle("cpu128", seed: 63);
        var set = new Set(oracle, new(40, 40, 6, 6, 1));
        var augmentation = new Augmentation(true, 2, 7);
        var one = set.Gather(0, 1, augmentation).Output;
        Assert.Equal(one, set.Gather(0, 1, augmentation).Output);
        Assert.NotEqual(one, set.Gather(0, 2, augmentation).Output);
        Assert.NotEqual(one, set.Gather(0, 1, augmentation with { Seed = 8 }).Output);
        // The augmentation of a sample does not depend on its position in the batch.
        var later = set.Gather(3, 1, augmentation).Output;
        Assert.Equal(one[(3 * 36)..], later[..(37 * 36)]);
    }

    [Fact]
    public void ResultsDoNotDependOnThreads()
    {
        foreach (var augmentation in Augmentations)
        {
            float[]? expected = null;
            foreach (var threads in new[] { 1, 2, 3, 5 })
            {
                using var device = new CpuDevice(threads);
                var shape = new BatchShape(100, 90, 20, 20, 3);
                using var memory = device.Allocate(shape.DataWords + shape.BatchLength + 100 + 16 + 96);
                var view = memory.View;
                var bytes = view.First(shape.DataWords);
                device.Upload<byte>([.. Enumerable.Range(0, 120_000).Select(i => (byte)(i * 7919 >> 5))], bytes);
                var output = view.Slice(bytes.Length, shape.BatchLength);
                var order = view.Slice(output.Offset + output.Length, 100);
                device.Upload<int>([.. Enumerable.Range(0, 100)], order);
                var step = view.Slice(order.Offset + 100, 16);
                var pattern = view.Slice(step.Offset + 16, PixelNormalization.Words(3));
                device.Upload<float>(PixelNormalization.Pattern([0.5f, 0.4f, 0.3f], [0.2f, 0.3f, 0.4f]), pattern);
                BatchGather.Run(device, shape, bytes, default, order, step, pattern, output, default, augmentation);
                var words = new float[output.Length];
                device.Download<float>(output, words);
                expected ??= words;
                Assert.True(expected.AsSpan().SequenceEqual(words), $"{threads} threads gave other bits than one");
            }
        }
    }

    [Fact]
    public void InvalidArgumentsThrow()
    {
        using var device = new CpuDevice(threads: 1);
        using var memory = device.Allocate(1000);
        var v = memory.View;
        var shape = new BatchShape(2, 2, 2, 2, 1);
        Assert.Contains("bytes must hold 6 words", Assert.Throws<ArgumentException>(() =>
            BatchGather.Run(device, shape, v.First(2), default, v.First(2), v.First(16), v.First(32), v.First(8), default)).Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => BatchGather.Run(
            device, shape, v.First(6), default, v.First(2), v.First(16), v.First(32), v.First(8), default, new Augmentation(false, 3, 1)));
        Assert.Contains("channel 1", Assert.Throws<ArgumentException>(() => PixelNormalization.Pattern([0, 0], [1, 0])).Message);
        Assert.Contains("2 means and 1 deviations", Assert.Throws<ArgumentException>(() => PixelNormalization.Pattern([0, 0], [1])).Message);
    }
}
