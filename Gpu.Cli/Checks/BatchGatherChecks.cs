using Gpu.Kernels;

namespace Gpu.Cli.Checks;

/// <summary>Checks of batches and augmentation.</summary>
internal static class BatchGatherChecks
{
    internal static readonly BatchShape[] Shapes =
    [
        new(3, 1, 1, 1, 1), new(7, 5, 3, 5, 1), new(5, 4, 28, 28, 1), new(9, 3, 4, 4, 3), new(4, 6, 5, 7, 3), new(3, 2, 16, 16, 3),
        new(3, 3, 3, 3, 5), new(2, 2, 2, 3, 17), new(4, 3, 40, 41, 3), new(6, 2, 1, 4097, 1),
    ];

    internal static readonly Augmentation[] Augmentations =
    [
        Augmentation.None, new(true, 0, 1), new(false, 2, 0x1234_5678_9ABC_DEF0), new(true, 2, 5) { ReflectsShift = true },
        new(false, 15, 6) { ReflectsShift = true }, new(true, 1, ulong.MaxValue),
    ];

    [OperationCheck("batches and augmentation", 61)]
    public static void AgreesWithTheReference(Checker checker)
    {
        foreach (var shape in Shapes)
        {
            foreach (var augmentation in Augmentations)
            {
                if (augmentation.Mistake(shape.Height, shape.Width, shape.Channels) is not null) continue;
                var set = new Set(checker, shape);
                var start = checker.Next(0, 3);
                var draw = checker.Next(0, 1000);
                var (output, labels) = set.Gather(start, draw, augmentation);
                var expected = set.Expected(start, draw, augmentation);
                var name = augmentation.IsNone ? "batch gather" : "augmented batch gather";
                checker.Compare(name, expected, output, 3e-7, shape: $"{shape} {augmentation}");
                Require.Equal(Enumerable.Range(start, shape.Batch).Select(i => set.Labels[set.Order[i]]), labels);
            }
        }
    }

    [OperationCheck("batches from a window", 64)]
    public static void AWindowGivesTheSameBatchesAsTheWholeDataSet(Checker checker)
    {
        // Small images: a window changes only where a sample is read from.
        foreach (var shape in Shapes.Where(shape => shape.SampleLength < 500))
        {
            foreach (var augmentation in new[] { Augmentations[0], Augmentations[3], Augmentations[^1] })
            {
                if (augmentation.Mistake(shape.Height, shape.Width, shape.Channels) is not null) continue;
                var set = new Set(checker, shape);
                var start = checker.Next(0, 3);
                var draw = checker.Next(0, 1000);
                // A window that holds just the batch, so that it wraps round, and a larger one.
                foreach (var window in new[] { shape.Batch, shape.Batch + 2 })
                {
                    var (expected, expectedLabels) = set.Gather(start, draw, augmentation);
                    var (output, labels) = set.Gather(start, draw, augmentation, window);
                    Require.Equal(expected, output);
                    Require.Equal(expectedLabels, labels);
                }
            }
        }
    }

    [OperationCheck("missing samples", 62)]
    public static void MissingSamplesGiveBlankImagesAndLabelMinusOne(Checker checker)
    {
        var shape = new BatchShape(5, 4, 3, 4, 3);
        foreach (var augmentation in Augmentations)
        {
            if (augmentation.Mistake(shape.Height, shape.Width, shape.Channels) is not null) continue;
            var set = new Set(checker, shape);
            // The third element has an index outside the data set; the fourth lies beyond the end of the order.
            set.Order[^1] = shape.Samples;
            var (output, labels) = set.Gather(set.Order.Length - 3, 5, augmentation);
            Require.Equal([-1, -1], labels[2..]);
            Require.All(labels[..2], label => Require.InRange(label, 0, 9));
            var blank = Enumerable.Range(0, 2 * shape.SampleLength).Select(i => -(double)set.Means[i % 3] / set.Deviations[i % 3]);
            checker.Compare("missing samples", [.. blank], output[(2 * shape.SampleLength)..], 3e-7);
        }
    }

    /// <summary>A random data set and the reference gather.</summary>
    internal sealed class Set
    {
        private readonly Checker _checker;
        private readonly BatchShape _shape;
        private readonly byte[] _bytes;

        public Set(Checker checker, BatchShape shape)
        {
            _checker = checker;
            _shape = shape;
            _bytes = [.. checker.Uniform(shape.Samples * shape.SampleLength, 0, 256).Select(x => (byte)x)];
            Labels = checker.Labels(shape.Samples, 10);
            Order = checker.Labels(shape.Batch + 3, shape.Samples);
            Means = checker.Uniform(shape.Channels, 0.2f, 0.8f);
            Deviations = checker.Uniform(shape.Channels, 0.1f, 0.5f);
            for (var i = 0; i < Order.Length && shape.Samples >= Order.Length - 3; i++) Order[i] = i % shape.Samples;
        }

        public int[] Labels { get; }

        public int[] Order { get; }

        public float[] Means { get; }

        public float[] Deviations { get; }

        public (float[] Output, int[] Labels) Gather(int start, int draw, Augmentation augmentation, int window = 0)
        {
            var shape = _shape with { Window = window };
            var bytes = _checker.Output(shape.DataWords);
            var source = _bytes;
            if (window > 0)
            {
                source = new byte[window * shape.SampleLength];
                for (var p = start; p < start + shape.Batch; p++)
                    _bytes.AsSpan(Order[p] * shape.SampleLength, shape.SampleLength).CopyTo(source.AsSpan(p % window * shape.SampleLength));
            }

            _checker.Device.Upload<byte>(source, bytes);
            var step = new int[StepStateLayout.Words];
            step[StepStateLayout.BatchStart] = start;
            step[StepStateLayout.Draw] = draw;
            var (output, labels) = (_checker.Output(_shape.BatchLength), _checker.Output(_shape.Batch));
            BatchGather.Run(
                _checker.Device, shape, bytes, _checker.Upload(Labels), _checker.Upload(Order), _checker.Upload(step),
                _checker.Upload(PixelNormalization.Pattern(Means, Deviations)), output, labels, augmentation);
            return (_checker.Download(output), _checker.DownloadInts(labels));
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
                    if (augmentation.ReflectsShift) (y, x) = (Reflected(y, height), Reflected(x, width));
                    if (augmentation.Flip && flip >= 0x8000_0000) x = width - 1 - x;
                    var isInside = y >= 0 && y < height && x >= 0 && x < width;
                    var value = isInside ? _bytes[((sample * height + y) * width + x) * channels + c] : 0;
                    output[n * _shape.SampleLength + i] = (value / 255.0 - Means[c]) / Deviations[c];
                }
            }

            return output;
        }

        private static int Reflected(int at, int size) => at < 0 ? -at : at >= size ? 2 * (size - 1) - at : at;

        internal static int Shift(uint word, int largest) => (int)Math.Floor((word >> 8) / 16777216.0 * (2 * largest + 1)) - largest;
    }
}
