using Gpu.Kernels;
using Gpu.Kernels.Batches;

namespace Gpu.Cli.Checks;

/// <summary>The gather with more than flips and shifts, against an implementation in double precision that applies change after change.</summary>
internal static class AugmentationChecks
{
    internal const ulong Seed = 0x1234_5678_9ABC_DEF0;

    internal static readonly BatchShape[] Shapes = [new(7, 5, 9, 8, 3), new(5, 4, 6, 11, 1), new(4, 3, 5, 5, 4), new(3, 1, 4, 4, 3)];

    internal static readonly Augmentation[] Augmentations =
    [
        new(false, 0, Seed) { Rotation = 180 },
        new(true, 2, Seed) { ScaleFrom = 0.5f, ScaleTo = 2, Shear = 30, Rotation = 20 },
        new(true, 1, Seed) { DrawsPerEpoch = 3, Brightness = 0.5f, Contrast = 0.5f },
        new(false, 0, Seed) { Brightness = 0.4f, Contrast = 1, Saturation = 1, Hue = 0.5f },
        new(true, 0, Seed) { EraseProbability = 0.7f },
        new(false, 1, Seed) { Cutout = 4 },
        new(true, 0, Seed) { RandomOperations = 1, RandomMagnitude = 30 },
        new(true, 1, Seed) { RandomOperations = 4, RandomMagnitude = 12, Rotation = 10 },
        new(true, 1, Seed) { Mixup = 0.4f },
        new(false, 0, Seed) { Cutmix = 1 },
        new(true, 2, Seed) { Mixup = 1, Cutmix = 2, EraseProbability = 0.5f, Rotation = 30, Brightness = 0.5f },
    ];

    [OperationCheck("augmentation", 71)]
    public static void AgreesWithTheReference(Checker checker)
    {
        foreach (var shape in Shapes)
        {
            foreach (var augmentation in Augmentations.Where(a => a.Mistake(shape.Height, shape.Width, shape.Channels) is null))
            {
                var set = new Set(checker, shape);
                var (start, draw) = (checker.Next(0, 2), checker.Next(0, 1000));
                var name = $"{shape} {augmentation}";
                var (output, labels, second, weights) = set.Gather(start, draw, augmentation);
                var expected = set.Expected(start, draw, augmentation);
                // Where a sum of roundings decides on which side of a level of posterize or solarize a value lies, any side is right.
                for (var i = 0; i < output.Length; i++)
                    if (double.IsNaN(expected.Output[i])) (output[i], expected.Output[i]) = (0, 0);
                checker.Compare("augmentation", expected.Output, output, 2e-5, floor: 1, shape: name);
                Require.Equal(Enumerable.Range(start, shape.Batch).Select(i => set.Labels[set.Order[i]]), labels);
                if (!augmentation.MixesSamples) continue;
                Require.Equal(expected.Second, second);
                checker.Compare("label weights", expected.Weights, weights, 1e-6, floor: 1, shape: name);
            }
        }
    }

    [OperationCheck("augmentation of a window", 72)]
    public static void AWindowAndMissingSamplesAreRight(Checker checker)
    {
        var shape = new BatchShape(5, 4, 3, 4, 3);
        var set = new Set(checker, shape);
        foreach (var augmentation in new[] { Augmentations[1], Augmentations[3], Augmentations[10] with { Cutmix = 0 } })
        {
            var (expected, expectedLabels, expectedSecond, _) = set.Gather(1, 7, augmentation);
            var (output, labels, second, _) = set.Gather(1, 7, augmentation, window: 6);
            Require.Equal(expected, output);
            Require.Equal(expectedLabels, labels);
            Require.Equal(expectedSecond, second);
        }

        // The third element has an index outside the data set; the fourth lies beyond the end of the order.
        set.Order[^1] = shape.Samples;
        var (blank, missing, _, _) = set.Gather(set.Order.Length - 3, 5, new Augmentation(true, 1, Seed) { Rotation = 30 });
        Require.Equal([-1, -1], missing[2..]);
        checker.Compare(
            "missing samples", [.. Enumerable.Range(0, 2 * shape.SampleLength).Select(i => -(double)set.Means[i % 3] / set.Deviations[i % 3])],
            blank[(2 * shape.SampleLength)..], 3e-7);
    }

    [OperationCheck("alternating flips", 73)]
    public static void AlternatingFlipsChangeWithEachEpoch(Checker checker)
    {
        var set = new Set(checker, new(40, 40, 2, 5, 1));
        const int drawsPerEpoch = 3;
        var flips = new Augmentation(true, 0, Seed) { DrawsPerEpoch = drawsPerEpoch };
        var plain = set.Gather(0, 0, Augmentation.None).Output.Chunk(10).ToArray();
        bool[] Flipped(int draw) =>
            [.. set.Gather(0, draw, flips).Output.Chunk(10).Select((sample, n) => sample.Zip(plain[n]).Any(pair => Math.Abs(pair.First - pair.Second) > 1e-3))];
        var first = Flipped(0);
        Require.InRange(first.Count(flipped => flipped), 10, 30);
        Require.Equal(first, Flipped(drawsPerEpoch - 1));
        Require.Equal(first.Select(flipped => !flipped), Flipped(drawsPerEpoch));
        Require.Equal(first, Flipped(2 * drawsPerEpoch));
    }

    internal sealed class Set
    {
        private readonly Checker _checker;
        private readonly BatchShape _shape;
        private readonly byte[] _bytes;

        public Set(Checker checker, BatchShape shape)
        {
            (_checker, _shape) = (checker, shape);
            _bytes = [.. checker.Uniform(shape.Samples * shape.SampleLength, 0, 256).Select(x => (byte)x)];
            Labels = checker.Labels(shape.Samples, 10);
            Order = [.. Enumerable.Range(0, shape.Batch + 3).Select(i => i % shape.Samples)];
            Means = checker.Uniform(shape.Channels, 0.2f, 0.8f);
            Deviations = checker.Uniform(shape.Channels, 0.1f, 0.5f);
        }

        public int[] Labels { get; }

        public int[] Order { get; }

        public float[] Means { get; }

        public float[] Deviations { get; }

        public (float[] Output, int[] Labels, int[] Second, float[] Weights) Gather(int start, int draw, Augmentation augmentation, int window = 0)
        {
            var shape = _shape with { Window = window };
            var source = _bytes;
            if (window > 0)
            {
                source = new byte[window * shape.SampleLength];
                for (var p = start; p < start + shape.Batch; p++)
                    _bytes.AsSpan(Order[p] * shape.SampleLength, shape.SampleLength).CopyTo(source.AsSpan(p % window * shape.SampleLength));
            }

            var bytes = _checker.Output(shape.DataWords);
            _checker.Device.Upload<byte>(source, bytes);
            var step = new int[StepStateLayout.Words];
            (step[StepStateLayout.BatchStart], step[StepStateLayout.Draw]) = (start, draw);
            var (output, labels) = (_checker.Output(_shape.BatchLength), _checker.Output(_shape.Batch));
            var mixes = augmentation.MixesSamples;
            var buffers = augmentation.IsFlipAndShift ? default : new AugmentationBuffers
            {
                Transforms = _checker.Output(shape.Batch * AugmentationBuffers.WordsPerSample),
                MixQuantiles = mixes ? _checker.Upload(AugmentationBuffers.Quantiles(augmentation)) : default,
                SecondLabels = mixes ? _checker.Output(shape.Batch) : default,
                LabelWeights = mixes ? _checker.Output(shape.Batch) : default,
            };
            BatchGather.Run(
                _checker.Device, shape, bytes, _checker.Upload(Labels), _checker.Upload(Order), _checker.Upload(step),
                _checker.Upload(PixelNormalization.Pattern(Means, Deviations)), output, labels, augmentation, buffers);
            return (
                _checker.Download(output), _checker.DownloadInts(labels), mixes ? _checker.DownloadInts(buffers.SecondLabels) : [],
                mixes ? _checker.Download(buffers.LabelWeights) : []);
        }

        // NaN where a value lies on the edge of a level.
        public (double[] Output, int[] Second, double[] Weights) Expected(int start, int draw, Augmentation a)
        {
            var (batch, height, width) = (_shape.Batch, _shape.Height, _shape.Width);
            var images = Enumerable.Range(0, batch).Select(n => Transformed(Order[start + n], draw, a)).ToArray();
            if (!a.MixesSamples) return ([.. images.SelectMany(image => image)], [], []);
            var (output, second, weights) = (new double[_shape.BatchLength], new int[batch], new double[batch]);
            var distance = 1 + (int)(Uniform(-1, draw, 5, a.Seed)[0] * (batch - 1));
            for (var n = 0; n < batch; n++)
            {
                var partner = (n + distance) % batch;
                var u = Uniform(Order[start + n], draw, 6, a.Seed);
                var cuts = u[1] < (a.Cutmix == 0 ? 0 : a.Mixup == 0 ? 1 : 0.5);
                var table = BetaDistribution.Quantiles(cuts ? a.Cutmix : a.Mixup);
                var i = (int)(u[0] * BetaDistribution.Intervals);
                var w = table[i] + (u[0] * BetaDistribution.Intervals - i) * (table[i + 1] - table[i]);
                w = Math.Max(w, 1 - w);
                var (h, v) = ((int)(Math.Sqrt(1 - w) * height + 0.5), (int)(Math.Sqrt(1 - w) * width + 0.5));
                var (top, left) = ((int)(u[2] * height) - h / 2, (int)(u[3] * width) - v / 2);
                var cutPixels = 0;
                for (var pixel = 0; pixel < height * width; pixel++)
                {
                    var (y, x) = (pixel / width, pixel % width);
                    var isCut = cuts && y >= top && y < top + h && x >= left && x < left + v;
                    if (isCut) cutPixels++;
                    var own = isCut ? 0 : cuts ? 1 : w;
                    for (var c = 0; c < _shape.Channels; c++)
                    {
                        var at = pixel * _shape.Channels + c;
                        // 0 * NaN would not be 0.
                        output[n * _shape.SampleLength + at] =
                            (own > 0 ? own * images[n][at] : 0) + (own < 1 ? (1 - own) * images[partner][at] : 0);
                    }
                }

                second[n] = Labels[Order[start + partner]];
                weights[n] = cuts ? 1 - (double)cutPixels / (height * width) : w;
            }

            return (output, second, weights);
        }

        /// <summary>The labels of masks that are gathered with the transforms of their images.</summary>
        public int[] GatherMasks(int start, int draw, Augmentation augmentation, byte[] masks)
        {
            var shape = new BatchShape(_shape.Samples, _shape.Batch, _shape.Height, _shape.Width, 1);
            var (bytes, images) = (_checker.Output(shape.DataWords), _checker.Output(_shape.DataWords));
            _checker.Device.Upload<byte>(masks, bytes);
            _checker.Device.Upload<byte>(_bytes, images);
            var step = new int[StepStateLayout.Words];
            (step[StepStateLayout.BatchStart], step[StepStateLayout.Draw]) = (start, draw);
            var (order, state, labels) = (_checker.Upload(Order), _checker.Upload(step), _checker.Output(shape.BatchLength));
            var transforms = augmentation.IsFlipAndShift ? default : _checker.Output(shape.Batch * AugmentationBuffers.WordsPerSample);
            BatchGather.Run(
                _checker.Device, _shape, images, default, order, state, _checker.Upload(PixelNormalization.Pattern(Means, Deviations)),
                _checker.Output(_shape.BatchLength), default, augmentation, new AugmentationBuffers { Transforms = transforms });
            MaskGather.Run(_checker.Device, shape, bytes, order, state, labels, augmentation, transforms);
            return _checker.DownloadInts(labels);
        }

        /// <summary>The labels that each pixel may have: of the pixel that its position lies in, and of those whose edge it lies on.</summary>
        public int[][] ExpectedMasks(int start, int draw, Augmentation a, byte[] masks)
        {
            const double near = 1e-3;
            var (height, width) = (_shape.Height, _shape.Width);
            return
            [
                .. from n in Enumerable.Range(0, _shape.Batch)
                   let sample = Order[start + n]
                   let back = Back(sample, draw, a)
                   let erased = Erased(sample, draw, a)
                   from y in Enumerable.Range(0, height)
                   from x in Enumerable.Range(0, width)
                   let place = back(x, y)
                   select y >= erased.Top && y < erased.Bottom && x >= erased.Left && x < erased.Right ? [PixelLoss.Void]
                       : Pixels(place.Y).SelectMany(row => Pixels(place.X).Select(column => Label(sample, row, column))).Distinct().ToArray(),
            ];

            int[] Pixels(double position) => [.. new[] { position - near, position + near }.Select(at => (int)Math.Floor(at + 0.5)).Distinct()];

            int Label(int sample, int row, int column) =>
                row < 0 || row >= height || column < 0 || column >= width ? PixelLoss.Void : masks[(sample * height + row) * width + column];
        }

        // The map from a pixel of the output to the position in the input.
        private Func<int, int, (double X, double Y)> Back(int sample, int draw, Augmentation a)
        {
            var (height, width) = (_shape.Height, _shape.Width);
            var simple = Uniform(sample, draw, 0, a.Seed);
            var isFlipped = a.Flip && (a.DrawsPerEpoch == 0 ? simple[0] >= 0.5 : AlternatingFlip(sample, draw / a.DrawsPerEpoch, a.Seed));
            var (moveY, moveX) = (a.Shift - Math.Floor(simple[1] * (2 * a.Shift + 1)), a.Shift - Math.Floor(simple[2] * (2 * a.Shift + 1)));
            var geometry = Uniform(sample, draw, 1, a.Seed);

            // The map from the input to the output, about the center.
            var scale = a.ScaleTo > 0 ? a.ScaleFrom + geometry[1] * (a.ScaleTo - a.ScaleFrom) : 1;
            var forward = Product(
                Rotation((2 * geometry[0] - 1) * a.Rotation * Math.PI / 180),
                [scale, scale * (2 * geometry[2] - 1) * Math.Tan(a.Shear * Math.PI / 180), 0, scale]);
            foreach (var (operation, m) in Operations(sample, draw, a))
            {
                switch (operation)
                {
                    case 1: forward = Product(forward, [1, 0.3 * m, 0, 1]); break;
                    case 2: forward = Product(forward, [1, 0, 0.3 * m, 1]); break;
                    case 3: moveX += 0.45 * width * m; break;
                    case 4: moveY += 0.45 * height * m; break;
                    case 5: forward = Product(forward, Rotation(m * Math.PI / 6)); break;
                }
            }

            var determinant = forward[0] * forward[3] - forward[1] * forward[2];
            double[] back = [forward[3] / determinant, -forward[1] / determinant, -forward[2] / determinant, forward[0] / determinant];
            return (x, y) =>
            {
                var (fromX, fromY) = (x - moveX - (width - 1) / 2.0, y - moveY - (height - 1) / 2.0);
                var sourceX = back[0] * fromX + back[1] * fromY;
                return ((isFlipped ? -sourceX : sourceX) + (width - 1) / 2.0, back[2] * fromX + back[3] * fromY + (height - 1) / 2.0);
            };
        }

        // The operations of RandAugment with their signed magnitudes.
        private static IEnumerable<(int Operation, double Magnitude)> Operations(int sample, int draw, Augmentation a)
        {
            var magnitude = a.RandomMagnitude / 30.0;
            for (var i = 0; i < a.RandomOperations; i++)
            {
                var u = Uniform(sample, draw, (uint)(8 + i), a.Seed);
                yield return ((int)(u[0] * 11), u[1] >= 0.5 ? magnitude : -magnitude);
            }
        }

        private double[] Transformed(int sample, int draw, Augmentation a)
        {
            var (height, width, channels) = (_shape.Height, _shape.Width, _shape.Channels);
            double[] luma = [0.299, 0.587, 0.114];
            var meanGray = 255 * (channels == 3 ? luma.Zip(Means, (weight, mean) => weight * mean).Sum() : Means.Average(mean => (double)mean));
            var color = Uniform(sample, draw, 2, a.Seed);
            List<Func<double[], double[]>> colors = [];
            if (a.Brightness > 0) colors.Add(rgb => Brightness(rgb, 1 + (2 * color[0] - 1) * a.Brightness));
            if (a.Contrast > 0) colors.Add(rgb => Contrast(rgb, 1 + (2 * color[1] - 1) * a.Contrast, meanGray));
            if (a.Saturation > 0) colors.Add(rgb => Saturation(rgb, 1 + (2 * color[2] - 1) * a.Saturation));
            if (a.Hue > 0) colors.Add(rgb => Hue(rgb, (2 * color[3] - 1) * a.Hue * 2 * Math.PI));
            var (posterizes, solarizes) = (false, false);
            var magnitude = a.RandomMagnitude / 30.0;
            foreach (var (operation, m) in Operations(sample, draw, a))
            {
                switch (operation)
                {
                    case 6: colors.Add(rgb => Brightness(rgb, 1 + 0.9 * m)); break;
                    case 7 when channels == 3: colors.Add(rgb => Saturation(rgb, 1 + 0.9 * m)); break;
                    case 8: colors.Add(rgb => Contrast(rgb, 1 + 0.9 * m, meanGray)); break;
                    case 9: posterizes = true; break;
                    case 10: solarizes = true; break;
                }
            }

            var back = Back(sample, draw, a);
            var (top, left, bottom, right) = Erased(sample, draw, a);
            var output = new double[_shape.SampleLength];
            var changesColors = colors.Count > 0 || posterizes || solarizes;
            for (var y = 0; y < height; y++)
            {
                for (var x = 0; x < width; x++)
                {
                    var (sourceX, sourceY) = back(x, y);
                    var pixel = Enumerable.Range(0, channels).Select(c => Bilinear(sample, sourceY, sourceX, c)).ToArray();
                    foreach (var change in colors) pixel = change(pixel);
                    for (var c = 0; c < channels; c++)
                    {
                        var value = changesColors ? Math.Clamp(pixel[c], 0, 255) : pixel[c];
                        if (solarizes) value = Solarize(value, 255 * (1 - magnitude));
                        if (posterizes) value = Posterize(value, (int)Math.Round(4 * magnitude));
                        output[(y * width + x) * channels + c] =
                            y >= top && y < bottom && x >= left && x < right ? 0 : (value / 255 - Means[c]) / Deviations[c];
                    }
                }
            }

            return output;
        }

        private (int Top, int Left, int Bottom, int Right) Erased(int sample, int draw, Augmentation a)
        {
            var (height, width) = (_shape.Height, _shape.Width);
            var (size, place) = (Uniform(sample, draw, 3, a.Seed), Uniform(sample, draw, 4, a.Seed));
            if (a.Cutout > 0)
            {
                var (y, x) = ((int)(place[0] * height) - a.Cutout / 2, (int)(place[1] * width) - a.Cutout / 2);
                return (y, x, y + a.Cutout, x + a.Cutout);
            }

            if (size[0] >= a.EraseProbability) return default;
            var area = (0.02 + size[1] * 0.31) * height * width;
            var ratio = Math.Exp(Math.Log(0.3) + size[2] * Math.Log(3.3 / 0.3));
            var h = (int)Math.Min(Math.Sqrt(area * ratio) + 0.5, height);
            var w = (int)Math.Min(Math.Sqrt(area / ratio) + 0.5, width);
            var (top, left) = ((int)(place[0] * (height - h + 1)), (int)(place[1] * (width - w + 1)));
            return (top, left, top + h, left + w);
        }

        private double Bilinear(int sample, double y, double x, int channel)
        {
            var (row, column) = ((int)Math.Floor(y), (int)Math.Floor(x));
            var (down, along) = (y - row, x - column);
            return (1 - down) * ((1 - along) * Byte(row, column) + along * Byte(row, column + 1))
                + down * ((1 - along) * Byte(row + 1, column) + along * Byte(row + 1, column + 1));

            double Byte(int i, int k) => i < 0 || i >= _shape.Height || k < 0 || k >= _shape.Width ? 0
                : _bytes[((sample * _shape.Height + i) * _shape.Width + k) * _shape.Channels + channel];
        }

        internal static double[] Brightness(double[] pixel, double factor) => [.. pixel.Select(value => value * factor)];

        internal static double[] Contrast(double[] pixel, double factor, double gray) => [.. pixel.Select(value => gray + factor * (value - gray))];

        internal static double[] Saturation(double[] pixel, double factor)
        {
            var gray = 0.299 * pixel[0] + 0.587 * pixel[1] + 0.114 * pixel[2];
            return [.. pixel.Select(value => gray + factor * (value - gray))];
        }

        // Rodrigues' formula about the axis (1, 1, 1).
        internal static double[] Hue(double[] pixel, double angle)
        {
            var (sum, cosine, sine) = (pixel.Sum() / 3 * (1 - Math.Cos(angle)), Math.Cos(angle), Math.Sin(angle) / Math.Sqrt(3));
            return
            [
                pixel[0] * cosine + (pixel[2] - pixel[1]) * sine + sum, pixel[1] * cosine + (pixel[0] - pixel[2]) * sine + sum,
                pixel[2] * cosine + (pixel[1] - pixel[0]) * sine + sum,
            ];
        }

        internal static double Solarize(double value, double threshold) =>
            Math.Abs(value - threshold) < 1e-3 && threshold > 0 ? double.NaN : value >= threshold ? 255 - value : value;

        internal static double Posterize(double value, int bits)
        {
            if (bits == 0) return value;
            var level = value / (1 << bits);
            return Math.Abs(level - Math.Round(level)) < 1e-4 && level > 0 ? double.NaN : Math.Floor(level) * (1 << bits);
        }

        internal static double[] Rotation(double angle) => [Math.Cos(angle), -Math.Sin(angle), Math.Sin(angle), Math.Cos(angle)];

        internal static double[] Product(double[] a, double[] b) =>
            [a[0] * b[0] + a[1] * b[2], a[0] * b[1] + a[1] * b[3], a[2] * b[0] + a[3] * b[2], a[2] * b[1] + a[3] * b[3]];

        internal static bool AlternatingFlip(int sample, int epoch, ulong seed)
        {
            var hash = (uint)sample ^ (uint)seed;
            hash = (hash ^ (hash >> 16)) * 0x85EBCA6B;
            hash = (hash ^ (hash >> 13)) * 0xC2B2AE35;
            return ((hash ^ (hash >> 16)) & 1) != (epoch & 1);
        }

        internal static double[] Uniform(int sample, int draw, uint block, ulong seed)
        {
            uint a = (uint)sample, b = (uint)draw, c = block, d = 0;
            Philox.Generate((uint)seed, (uint)(seed >> 32), ref a, ref b, ref c, ref d);
            return [.. new[] { a, b, c, d }.Select(word => (word >> 8) / 16777216.0)];
        }
    }
}
