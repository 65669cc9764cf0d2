using Gpu.Kernels;
using Gpu.Kernels.Batches;
using Gpu.Kernels.Devices;
using Gpu.Tests.Oracles;

namespace Gpu.Tests.Batches;

[OracleFor(typeof(BatchGatherKernel<,>), typeof(AugmentedBatchGather<,>), typeof(AugmentedElementGather<,>))]
public class BatchGatherTests
{
    private static readonly BatchShape[] Shapes =
    [
        new(3, 1, 1, 1, 1), new(7, 5, 3, 5, 1), new(5, 4, 28, 28, 1), new(9, 3, 4, 4, 3), new(4, 6, 5, 7, 3), new(3, 2, 16, 16, 3),
        new(3, 3, 3, 3, 5), new(2, 2, 2, 3, 17), new(4, 3, 40, 41, 3), new(6, 2, 1, 4097, 1),
    ];

    private static readonly Augmentation[] Augmentations =
        [Augmentation.None, new(true, 0, 1), new(false, 2, 0x1234_5678_9ABC_DEF0), new(true, 1, ulong.MaxValue)];

    [Theory]
    [MemberData(nameof(TestDevices.All), MemberType = typeof(TestDevices))]
    public void AgreesWithTheReference(string device)
    {
        using var oracle = new Oracle(device, seed: 61);
        foreach (var shape in Shapes)
        {
            foreach (var augmentation in Augmentations)
            {
                if (augmentation.Shift > Math.Max(shape.Height, shape.Width)) continue;
                var set = new Set(oracle, shape);
                var start = oracle.Next(0, 3);
                var draw = oracle.Next(0, 1000);
                var (output, labels) = set.Gather(start, draw, augmentation);
                var expected = set.Expected(start, draw, augmentation);
                var name = augmentation.IsNone ? "batch gather" : "augmented batch gather";
                oracle.Compare(name, expected, output, 3e-7, shape: $"{shape} {augmentation}");
                Assert.Equal(Enumerable.Range(start, shape.Batch).Select(i => set.Labels[set.Order[i]]), labels);
            }
        }
    }

    [Theory]
    [MemberData(nameof(TestDevices.All), MemberType = typeof(TestDevices))]
    public void AWindowGivesTheSameBatchesAsTheWholeDataSet(string device)
    {
        using var oracle = new Oracle(device, seed: 64);
        // Small images: a window changes only where a sample is read from.
        foreach (var shape in Shapes.Where(shape => shape.SampleLength < 500))
        {
            foreach (var augmentation in new[] { Augmentations[0], Augmentations[^1] })
            {
                if (augmentation.Shift > Math.Max(shape.Height, shape.Width)) continue;
                var set = new Set(oracle, shape);
                var start = oracle.Next(0, 3);
                var draw = oracle.Next(0, 1000);
                // A window that holds just the batch, so that it wraps round, and a larger one.
                foreach (var window in new[] { shape.Batch, shape.Batch + 2 })
                {
                    var (expected, expectedLabels) = set.Gather(start, draw, augmentation);
                    var (output, labels) = set.Gather(start, draw, augmentation, window);
                    Assert.Equal(expected, output);
                    Assert.Equal(expectedLabels, labels);
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(TestDevices.All), MemberType = typeof(TestDevices))]
    public void MissingSamplesGiveBlankImagesAndLabelMinusOne(string device)
    {
        using var oracle = new Oracle(device, seed: 62);
        var shape = new BatchShape(5, 4, 3, 4, 3);
        foreach (var augmentation in Augmentations)
        {
            var set = new Set(oracle, shape);
            // The third element has an index outside the data set; the fourth lies beyond the end of the order.
            set.Order[^1] = shape.Samples;
            var (output, labels) = set.Gather(set.Order.Length - 3, 5, augmentation);
            Assert.Equal([-1, -1], labels[2..]);
            Assert.All(labels[..2], label => Assert.InRange(label, 0, 9));
            var blank = Enumerable.Range(0, 2 * shape.SampleLength).Select(i => -(double)set.Means[i % 3] / set.Deviations[i % 3]);
            oracle.Compare("missing samples", [.. blank], output[(2 * shape.SampleLength)..], 3e-7);
        }
    }

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

    /// <summary>A random data set and the reference gather.</summary>
    private sealed class Set
    {
        private readonly Oracle _oracle;
        private readonly BatchShape _shape;
        private readonly byte[] _bytes;

        public Set(Oracle oracle, BatchShape shape)
        {
            _oracle = oracle;
            _shape = shape;
            _bytes = [.. oracle.Uniform(shape.Samples * shape.SampleLength, 0, 256).Select(x => (byte)x)];
            Labels = oracle.Labels(shape.Samples, 10);
            Order = oracle.Labels(shape.Batch + 3, shape.Samples);
            Means = oracle.Uniform(shape.Channels, 0.2f, 0.8f);
            Deviations = oracle.Uniform(shape.Channels, 0.1f, 0.5f);
            for (var i = 0; i < Order.Length && shape.Samples >= Order.Length - 3; i++) Order[i] = i % shape.Samples;
        }

        public int[] Labels { get; }

        public int[] Order { get; }

        public float[] Means { get; }

        public float[] Deviations { get; }

        public (float[] Output, int[] Labels) Gather(int start, int draw, Augmentation augmentation, int window = 0)
        {
            var shape = _shape with { Window = window };
            var bytes = _oracle.Output(shape.DataWords);
            var source = _bytes;
            if (window > 0)
            {
                source = new byte[window * shape.SampleLength];
                for (var p = start; p < start + shape.Batch; p++)
                    _bytes.AsSpan(Order[p] * shape.SampleLength, shape.SampleLength).CopyTo(source.AsSpan(p % window * shape.SampleLength));
            }

            _oracle.Device.Upload<byte>(source, bytes);
            var step = new int[StepStateLayout.Words];
            step[StepStateLayout.BatchStart] = start;
            step[StepStateLayout.Draw] = draw;
            var (output, labels) = (_oracle.Output(_shape.BatchLength), _oracle.Output(_shape.Batch));
            BatchGather.Run(
                _oracle.Device, shape, bytes, _oracle.Upload(Labels), _oracle.Upload(Order), _oracle.Upload(step),
                _oracle.Upload(PixelNormalization.Pattern(Means, Deviations)), output, labels, augmentation);
            return (_oracle.Download(output), _oracle.DownloadInts(labels));
        }

        public double[] Expected(int start, int draw, Augmentation augmentation)
        {
            var (_, count, height, width, channels) = _shape;
            var output = new double[_shape.BatchLength];
            for (var n = 0; n < count; n++)
            {
                var sample = Order[start + n];
                uint flip = (uint)sample, down = (uint)draw, along = 0, unused = 0;
                Philox.Generate((uint)augmentation.Seed, (uint)(augmentation.Seed >> 32), ref flip, ref down, ref along, ref unused);
                var dy = Shift(down, augmentation.Shift);
                var dx = Shift(along, augmentation.Shift);
                for (var i = 0; i < _shape.SampleLength; i++)
                {
                    var (y, x, c) = (i / channels / width + dy, i / channels % width + dx, i % channels);
                    if (augmentation.Flip && flip >= 0x8000_0000) x = width - 1 - x;
                    var isInside = y >= 0 && y < height && x >= 0 && x < width;
                    var value = isInside ? _bytes[((sample * height + y) * width + x) * channels + c] : 0;
                    output[n * _shape.SampleLength + i] = (value / 255.0 - Means[c]) / Deviations[c];
                }
            }

            return output;
        }

        private static int Shift(uint word, int largest) => (int)Math.Floor((word >> 8) / 16777216.0 * (2 * largest + 1)) - largest;
    }
}
