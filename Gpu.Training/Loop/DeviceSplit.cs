using Gpu.Kernels;
using Gpu.Kernels.Devices;
using Gpu.Training.Data;
using Gpu.Training.Planning;

namespace Gpu.Training.Loop;

/// <summary>
/// One split of a data set in device memory: the images as bytes, the labels, and the sample order. The gather kernel reads the batch's start index in that
/// order from the step state, so one recorded step serves all batches of the same size.
/// </summary>
internal sealed class DeviceSplit : IDisposable
{
    private readonly ComputeDevice _device;
    private readonly ImageSplit _split;
    private readonly PlanCache _plans;
    private readonly Augmentation _augmentation;
    private readonly DeviceBuffer _bytes;
    private readonly DeviceBuffer _labels;
    private readonly DeviceBuffer _order;
    private readonly DeviceBuffer _normalization;
    private readonly PlanSteps _steps;

    public DeviceSplit(ComputeDevice device, ImageSplit split, ChannelStatistics statistics, PlanCache plans, Augmentation augmentation = default)
    {
        _device = device;
        _split = split;
        _plans = plans;
        _augmentation = augmentation;
        _steps = new PlanSteps(plans, device, Record);
        if ((long)split.Count * split.ImageSize / 4 > int.MaxValue - 16)
            throw new TrainingException($"{split.Count} images of {split.ImageSize} bytes exceed the 8 GB that one device buffer can hold. Use --limit-train.");
        _bytes = device.Allocate(Shape(1).DataWords);
        _labels = device.Allocate(split.Count);
        _order = device.Allocate(split.Count);
        var pattern = PixelNormalization.Pattern(statistics.Mean, statistics.StandardDeviation);
        _normalization = device.Allocate(pattern.Length);
        device.Upload<byte>(split.Pixels, _bytes.View);
        device.Upload<int>(split.Labels, _labels.View);
        device.Upload<float>(pattern, _normalization.View);
        Order = new int[split.Count];
        for (var i = 0; i < Order.Length; i++) Order[i] = i;
        UploadOrder();
    }

    /// <summary>Words of device memory that a split needs.</summary>
    public static long WordsFor(ImageSplit split) =>
        (long)split.Count * split.ImageSize / 4 + 5 + 2L * split.Count + PixelNormalization.Words(split.Channels);

    /// <summary>Number of images.</summary>
    public int Count => _split.Count;

    /// <summary>Host copy of the sample order. Call <see cref="UploadOrder"/> after changing it.</summary>
    public int[] Order { get; }

    /// <summary>The class of each image, indexed by image (not by position in <see cref="Order"/>).</summary>
    public int[] Labels => _split.Labels;

    /// <summary>Copies <see cref="Order"/> to the device.</summary>
    public void UploadOrder() => _device.Upload<int>(Order, _order.View);

    /// <summary>Shuffles the samples for an epoch. The order depends only on seed and epoch.</summary>
    public void Shuffle(ulong seed, int epoch)
    {
        for (var i = 0; i < Order.Length; i++) Order[i] = i;
        new PortableRandom(seed, (ulong)epoch + 1).Shuffle(Order.AsSpan());
        UploadOrder();
    }

    /// <summary>
    /// The recorded launches for one batch: load the step values from the step table, gather the batch, run the plan. The same launches serve all batches
    /// of the plan's size.
    /// </summary>
    public RecordedStep StepFor(Plan plan) => _steps.StepFor(plan);

    /// <summary>Appends the launches of <see cref="StepFor"/> to a list.</summary>
    public void Record(Plan plan, CommandList list)
    {
        StepTable.Advance(list, _plans.StepTable, _plans.StepStateView);
        BatchGather.Run(
            list, Shape(plan.Batch), _bytes.View, _labels.View, _order.View, _plans.StepStateView, _normalization.View, plan.Input, plan.Labels,
            _augmentation);
        plan.AppendTo(list);
    }

    public void Dispose()
    {
        _steps.Dispose();
        _bytes.Dispose();
        _labels.Dispose();
        _order.Dispose();
        _normalization.Dispose();
    }

    private BatchShape Shape(int count) => new(_split.Count, count, _split.Height, _split.Width, _split.Channels);
}
