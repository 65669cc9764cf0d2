using Gpu.Kernels;
using Gpu.Kernels.Devices;
using Gpu.Training.Data;
using Gpu.Training.Planning;

namespace Gpu.Training.Loop;

/// <summary>A split of images in device memory, as bytes. The gather kernel normalizes and augments them.</summary>
internal sealed class ImageDeviceSplit : DeviceSplit
{
    private readonly ImageSplit _split;
    private readonly Augmentation _augmentation;
    private readonly DeviceBuffer _bytes;
    private readonly DeviceBuffer _labels;
    private readonly DeviceBuffer _normalization;

    public ImageDeviceSplit(ComputeDevice device, ImageSplit split, ChannelStatistics statistics, PlanCache plans, Augmentation augmentation = default)
        : base(device, split, plans)
    {
        _split = split;
        _augmentation = augmentation;
        if ((long)split.Count * split.ImageSize / 4 > int.MaxValue - 16)
            throw new TrainingException($"{split.Count} images of {split.ImageSize} bytes exceed the 8 GB that one device buffer can hold. Use --limit-train.");
        _bytes = Allocate(Shape(1).DataWords);
        _labels = Allocate(split.Count);
        var pattern = PixelNormalization.Pattern(statistics.Mean, statistics.StandardDeviation);
        _normalization = Allocate(pattern.Length);
        device.Upload<byte>(split.Pixels, _bytes.View);
        device.Upload<int>(split.Labels, _labels.View);
        device.Upload<float>(pattern, _normalization.View);
    }

    /// <summary>Words of device memory that a split needs.</summary>
    public static long WordsFor(ImageSplit split) =>
        (long)split.Count * split.ImageSize / 4 + 5 + 2L * split.Count + PixelNormalization.Words(split.Channels);

    protected override void Gather(Plan plan, CommandList list) => BatchGather.Run(
        list, Shape(plan.Batch), _bytes.View, _labels.View, OrderView, StepState, _normalization.View, plan.Input, plan.Labels, _augmentation);

    private BatchShape Shape(int count) => new(_split.Count, count, _split.Height, _split.Width, _split.Channels);
}
