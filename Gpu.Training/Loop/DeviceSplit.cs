using Gpu.Kernels;
using Gpu.Kernels.Devices;
using Gpu.Training.Data;
using Gpu.Training.Data.Tables;
using Gpu.Training.Planning;

namespace Gpu.Training.Loop;

/// <summary>
/// One split of a data set in device memory: the samples, their labels or targets, and the sample order. The gather kernel reads the batch's start index in
/// that order from the step state, so one recorded step serves all batches of the same size.
/// </summary>
internal abstract class DeviceSplit : IDisposable
{
    private readonly ComputeDevice _device;
    private readonly DataSplit _split;
    private readonly PlanCache _plans;
    private readonly DeviceBuffer _order;
    private readonly PlanSteps _steps;
    private readonly List<DeviceBuffer> _buffers = [];

    protected DeviceSplit(ComputeDevice device, DataSplit split, PlanCache plans)
    {
        _device = device;
        _split = split;
        _plans = plans;
        _steps = new PlanSteps(plans, device, Record);
        _order = Allocate(split.Count);
        Order = new int[split.Count];
        for (var i = 0; i < Order.Length; i++) Order[i] = i;
        UploadOrder();
    }

    /// <summary>Number of samples.</summary>
    public int Count => _split.Count;

    /// <summary>Host copy of the sample order. Call <see cref="UploadOrder"/> after changing it.</summary>
    public int[] Order { get; }

    /// <summary>The class of each sample, indexed by sample (not by position in <see cref="Order"/>); empty in regression.</summary>
    public int[] Labels => _split.Labels;

    /// <summary>What the network is trained to predict.</summary>
    public virtual TaskKind Task => TaskKind.Classification;

    /// <summary>In regression, the factor from the network's output to the target's unit; else 1.</summary>
    public virtual double TargetScale => 1;

    /// <summary>In regression, the population variance of the standardized targets; else 0.</summary>
    public virtual double TargetVariance => 0;

    protected ComputeDevice Device => _device;

    protected DeviceView OrderView => _order.View;

    protected DeviceView StepState => _plans.StepStateView;

    /// <summary>Loads a split of a data set.</summary>
    /// <param name="device">the device</param>
    /// <param name="split">the split</param>
    /// <param name="data">the data set, whose training split gives the statistics</param>
    /// <param name="plans">the plans that read the batches</param>
    /// <param name="batch">the largest batch, in samples</param>
    /// <param name="augmentation">random changes of images</param>
    public static DeviceSplit Create(ComputeDevice device, DataSplit split, Dataset data, PlanCache plans, int batch, Augmentation augmentation = default) =>
        split is TableSplit table
            ? new TableDeviceSplit(device, table, ((TableDataset)data).Schema, plans)
            : new ImageDeviceSplit(device, (ImageSplit)split, ((ImageDataset)data).Statistics, plans, batch, augmentation);

    /// <summary>Words of device memory that a split needs.</summary>
    public static long WordsFor(DataSplit split, int batch) => split is TableSplit table
        ? TableDeviceSplit.WordsFor(table)
        : ImageDeviceSplit.WordsFor((ImageSplit)split, batch);

    /// <summary>Makes sure that the samples at positions of the order are on the device. Call it before the launches that gather them.</summary>
    public virtual void Require(int from, int count)
    {
    }

    /// <summary>Copies <see cref="Order"/> to the device.</summary>
    public void UploadOrder()
    {
        _device.Upload<int>(Order, _order.View);
        OnOrderChanged();
    }

    /// <summary>Called after <see cref="Order"/> has changed.</summary>
    protected virtual void OnOrderChanged()
    {
    }

    /// <summary>Called before the memory is disposed.</summary>
    protected virtual void DisposeManaged()
    {
    }

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
        RecordInput(plan, list);
        plan.AppendTo(list);
    }

    /// <summary>Appends the launches that load the step values from the step table and gather the batch.</summary>
    public void RecordInput(Plan plan, CommandList list)
    {
        StepTable.Advance(list, _plans.StepTable, _plans.StepStateView);
        Gather(plan, list);
    }

    public void Dispose()
    {
        DisposeManaged();
        _steps.Dispose();
        foreach (var buffer in _buffers) buffer.Dispose();
    }

    /// <summary>Appends the launches that fill a plan's input and its labels or targets.</summary>
    protected abstract void Gather(Plan plan, CommandList list);

    /// <summary>Allocates memory that is disposed with the split.</summary>
    protected DeviceBuffer Allocate(int words)
    {
        var buffer = _device.Allocate(words);
        _buffers.Add(buffer);
        return buffer;
    }
}
