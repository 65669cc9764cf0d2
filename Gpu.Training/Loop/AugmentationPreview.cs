using System.Globalization;
using Gpu.Kernels;
using Gpu.Kernels.Devices;
using Gpu.Training.Data;

namespace Gpu.Training.Loop;

/// <summary>Augmented images as training sees them, for a picture of the augmentation.</summary>
public static class AugmentationPreview
{
    /// <summary>
    /// Augments images. They are one batch, in which mixup and CutMix find their partners. Each variant is a pass, and an epoch for alternating flips.
    /// </summary>
    /// <param name="data">The data set, whose training images give the mean color.</param>
    /// <param name="split">The images.</param>
    /// <param name="images">Indices of the images to augment; at least one.</param>
    /// <param name="variants">Augmented images of each, 1 or more.</param>
    /// <param name="options">The augmentation and its seed.</param>
    /// <param name="device">The device.</param>
    /// <returns>
    /// The images, row by row: each image as it is, and then its variants; and captions: the class, and the second class with its share if images are mixed.
    /// </returns>
    /// <exception cref="TrainingException">The augmentation does not fit the images.</exception>
    public static (ImageSplit Images, IReadOnlyList<string> Captions) Draw(
        ImageDataset data, ImageSplit split, IReadOnlyList<int> images, int variants, TrainingOptions options, ComputeDevice device)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(split);
        ArgumentNullException.ThrowIfNull(images);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(device);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(images.Count);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(variants);
        TrainingData.RequireAugmentation(data, options);
        var count = images.Count;
        var chosen = (ImageSplit)split.Select([.. images]);
        var augmentation = options.Augment.For(options, 1);
        var shape = new BatchShape(count, count, split.Height, split.Width, split.Channels);
        var statistics = data.Statistics;
        var pattern = PixelNormalization.Pattern(statistics.Mean, statistics.StandardDeviation);
        List<DeviceBuffer> memory = [];
        try
        {
            var bytes = Allocate(shape.DataWords);
            var (labels, order, stepState) = (Allocate(count), Allocate(count), Allocate(StepStateLayout.Words));
            var (normalization, output, outputLabels) = (Allocate(pattern.Length), Allocate(shape.BatchLength), Allocate(count));
            var mixes = augmentation.MixesSamples;
            var buffers = augmentation.IsFlipAndShift ? default : new AugmentationBuffers
            {
                Transforms = Allocate(count * AugmentationBuffers.WordsPerSample),
                MixQuantiles = mixes ? Allocate(AugmentationBuffers.QuantileWords) : default,
                SecondLabels = mixes ? Allocate(count) : default,
                LabelWeights = mixes ? Allocate(count) : default,
            };
            var pixels = new byte[count * split.ImageSize];
            for (var i = 0; i < count; i++) chosen.CopyImage(i, pixels.AsSpan(i * split.ImageSize, split.ImageSize));
            device.Upload<byte>(pixels, bytes);
            device.Upload<int>(chosen.Labels, labels);
            device.Upload<int>([.. Enumerable.Range(0, count)], order);
            device.Upload<float>(pattern, normalization);
            if (mixes) device.Upload<float>(AugmentationBuffers.Quantiles(augmentation), buffers.MixQuantiles);

            var columns = variants + 1;
            var sheet = new byte[count * columns * split.ImageSize];
            var captions = new string[count * columns];
            for (var i = 0; i < count; i++)
            {
                pixels.AsSpan(i * split.ImageSize, split.ImageSize).CopyTo(sheet.AsSpan(i * columns * split.ImageSize));
                captions[i * columns] = data.ClassNames[chosen.Labels[i]];
            }

            for (var variant = 0; variant < variants; variant++)
            {
                var words = new int[StepStateLayout.Words];
                words[StepStateLayout.Draw] = variant;
                device.Upload<int>(words, stepState);
                BatchGather.Run(device, shape, bytes, labels, order, stepState, normalization, output, outputLabels, augmentation, buffers);
                var values = Download(output);
                var (seconds, weights) = (new int[count], mixes ? Download(buffers.LabelWeights) : []);
                if (mixes) device.Download<int>(buffers.SecondLabels, seconds);
                for (var i = 0; i < count; i++)
                {
                    var cell = i * columns + variant + 1;
                    for (var k = 0; k < split.ImageSize; k++)
                    {
                        var channel = k % split.Channels;
                        var value = 255 * (values[i * split.ImageSize + k] * statistics.StandardDeviation[channel] + statistics.Mean[channel]);
                        sheet[cell * split.ImageSize + k] = (byte)Math.Clamp(MathF.Round(value), 0, 255);
                    }

                    captions[cell] = data.ClassNames[chosen.Labels[i]];
                    if (mixes && weights[i] < 0.995f)
                        captions[cell] = string.Create(CultureInfo.InvariantCulture, $"{100 * (1 - weights[i]):0} % {data.ClassNames[seconds[i]]}");
                }
            }

            var all = Enumerable.Range(0, count * columns).Select(cell => chosen.Labels[cell / columns]).ToArray();
            return (new ImageSplit(sheet, all, split.Height, split.Width, split.Channels), captions);
        }
        finally
        {
            foreach (var buffer in memory) buffer.Dispose();
        }

        DeviceView Allocate(int words)
        {
            memory.Add(device.Allocate(words));
            return memory[^1].View;
        }

        float[] Download(DeviceView view)
        {
            var values = new float[view.Length];
            device.Download<float>(view, values);
            return values;
        }
    }
}
