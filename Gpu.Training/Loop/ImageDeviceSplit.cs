using Gpu.Kernels;
using Gpu.Kernels.Devices;
using Gpu.Training.Data;
using Gpu.Training.Planning;

namespace Gpu.Training.Loop;

/// <summary>
/// A split of images in device memory, as bytes: all of them, or a window (<see cref="PixelWindow"/>). The gather kernel normalizes and augments them.
/// </summary>
internal sealed class ImageDeviceSplit : DeviceSplit
{
    private readonly ImageSplit _split;
    private readonly Augmentation _augmentation;
    private readonly DeviceBuffer _bytes;
    private readonly DeviceBuffer? _labels;
    private readonly DeviceBuffer? _masks;
    private readonly DeviceBuffer _normalization;
    private readonly AugmentationBuffers _augmentationBuffers;
    private readonly int _windowSamples;
    private readonly PixelWindow? _window;

    public ImageDeviceSplit(
        ComputeDevice device, ImageSplit split, ChannelStatistics statistics, PlanCache plans, int batch, Augmentation augmentation = default)
        : base(device, split, plans)
    {
        _split = split;
        _augmentation = augmentation;
        if (split.IsStreamed) _windowSamples = PixelWindow.SamplesFor(batch, split.ImageSize);
        else if ((long)split.Count * split.ImageSize / 4 > int.MaxValue - 16)
            throw new TrainingException($"{split.Count} images of {split.ImageSize} bytes exceed the 8 GB that one device buffer can hold. Use --limit-train.");
        _bytes = Allocate(Shape(1).DataWords);
        if (split.Masks is { } masks)
        {
            if (masks.LongLength > 4L * (int.MaxValue - 16))
                throw new TrainingException($"{split.Count} masks exceed the 8 GB that one device buffer can hold. Use --limit-train.");
            _masks = Allocate(MaskShape(1).DataWords);
            device.Upload<byte>(masks, _masks.View);
        }
        else
        {
            _labels = Allocate(split.Count);
            device.Upload<int>(split.Labels, _labels.View);
        }

        var pattern = PixelNormalization.Pattern(statistics.Mean, statistics.StandardDeviation);
        _normalization = Allocate(pattern.Length);
        _augmentationBuffers = Buffers(augmentation, batch);
        if (split.IsStreamed)
        {
            _window = new PixelWindow(device, _bytes.View, split.CopyImage, split.ImageSize, _windowSamples);
            _window.Begin(Order);
        }
        else if (split.IsMapped) UploadMapped();
        else device.Upload<byte>(split.Pixels, _bytes.View);

        device.Upload<float>(pattern, _normalization.View);
    }

    /// <summary>Words of device memory that a split needs.</summary>
    public static long WordsFor(ImageSplit split, int batch)
    {
        var resident = split.IsStreamed ? PixelWindow.SamplesFor(batch, split.ImageSize) : split.Count;
        var masks = split.Masks is { } bytes ? bytes.LongLength / 4 + 5 : 0;
        return (long)resident * split.ImageSize / 4 + 5 + 2L * split.Count + PixelNormalization.Words(split.Channels) + masks;
    }

    /// <summary>Words of device memory that an augmentation needs besides.</summary>
    public static long WordsFor(Augmentation augmentation, int batch) =>
        augmentation.IsFlipAndShift ? 0 : (long)batch * AugmentationBuffers.WordsPerSample + AugmentationBuffers.QuantileWords;

    public override TaskKind Task => _split.Masks is null ? TaskKind.Classification : TaskKind.Segmentation;

    public override void Require(int from, int count) => _window?.Require(from, count);

    protected override void OnOrderChanged() => _window?.Begin(Order);

    protected override void DisposeManaged() => _window?.Dispose();

    protected override void Gather(Plan plan, CommandList list)
    {
        var transforms = _augmentation.IsFlipAndShift ? default
            : _augmentationBuffers.Transforms.First(plan.Batch * AugmentationBuffers.WordsPerSample);
        BatchGather.Run(
            list, Shape(plan.Batch), _bytes.View, _labels?.View ?? default, OrderView, StepState, _normalization.View, plan.Samples,
            _labels is null ? default : plan.Labels, _augmentation, _augmentationBuffers with
            {
                Transforms = transforms,
                SecondLabels = plan.SecondLabels,
                LabelWeights = plan.LabelWeights,
            });
        if (_masks is not null) MaskGather.Run(list, MaskShape(plan.Batch), _masks.View, OrderView, StepState, plan.Labels, _augmentation, transforms);
    }

    private BatchShape MaskShape(int count) => new(_split.Count, count, _split.Height, _split.Width, 1);

    private AugmentationBuffers Buffers(Augmentation augmentation, int batch)
    {
        if (augmentation.IsFlipAndShift) return default;
        if (_split.Masks is not null && augmentation.MixesSamples)
            throw new TrainingException("Images with masks cannot be mixed, since a pixel has one class. Omit mixup and cutmix.");
        var transforms = Allocate(batch * AugmentationBuffers.WordsPerSample).View;
        if (!augmentation.MixesSamples) return new AugmentationBuffers { Transforms = transforms };
        var quantiles = Allocate(AugmentationBuffers.QuantileWords).View;
        Device.Upload<float>(AugmentationBuffers.Quantiles(augmentation), quantiles);
        return new AugmentationBuffers { Transforms = transforms, MixQuantiles = quantiles };
    }

    private BatchShape Shape(int count) => new(_split.Count, count, _split.Height, _split.Width, _split.Channels) { Window = _windowSamples };

    // In pieces of whole words.
    private void UploadMapped()
    {
        var piece = 4 * Math.Max(1, (1 << 22) / _split.ImageSize);
        var staging = new byte[piece * _split.ImageSize];
        for (var from = 0; from < _split.Count; from += piece)
        {
            var count = Math.Min(piece, _split.Count - from);
            for (var i = 0; i < count; i++) _split.CopyImage(from + i, staging.AsSpan(i * _split.ImageSize, _split.ImageSize));
            var offset = (int)((long)from * _split.ImageSize / sizeof(float));
            Device.Upload<byte>(staging.AsSpan(0, count * _split.ImageSize), _bytes.View.Slice(offset, _bytes.Length - offset));
        }
    }
}
