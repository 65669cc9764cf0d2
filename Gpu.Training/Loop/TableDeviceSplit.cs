using Gpu.Kernels;
using Gpu.Kernels.Devices;
using Gpu.Training.Data;
using Gpu.Training.Data.Tables;
using Gpu.Training.Planning;

namespace Gpu.Training.Loop;

/// <summary>A split of a table in device memory, as standardized floats.</summary>
internal sealed class TableDeviceSplit : DeviceSplit
{
    private readonly TableSchema _schema;
    private readonly DeviceBuffer _rows;
    private readonly DeviceBuffer? _labels;
    private readonly DeviceBuffer? _targets;

    public TableDeviceSplit(ComputeDevice device, TableSplit split, TableSchema schema, PlanCache plans)
        : base(device, split, plans)
    {
        _schema = schema;
        var values = schema.Standardize(split);
        _rows = Allocate(values.Length);
        device.Upload<float>(values, _rows.View);
        if (schema.Task == TaskKind.Classification)
        {
            _labels = Allocate(split.Count);
            device.Upload<int>(split.Labels, _labels.View);
            return;
        }

        var targets = schema.StandardizeTargets(split);
        _targets = Allocate(targets.Length);
        device.Upload<float>(targets, _targets.View);
        if (schema.Task != TaskKind.Regression) return;
        var mean = targets.Average(target => (double)target);
        TargetVariance = targets.Average(target => (target - mean) * (target - mean));
    }

    public override TaskKind Task => _schema.Task;

    public override double TargetScale => _schema.TargetStandardDeviation;

    public override double TargetVariance { get; }

    /// <summary>Words of device memory that a split needs.</summary>
    public static long WordsFor(TableSplit split) => (long)split.Count * split.Features + 2L * split.Count;

    protected override void Gather(Plan plan, CommandList list)
    {
        RowGather.Run(
            list, _rows.View, _schema.FeatureCount, _labels?.View ?? default, OrderView, StepState, plan.Input, _labels is null ? default : plan.Labels);
        if (_targets is not null) RowGather.Run(list, _targets.View, 1, default, OrderView, StepState, plan.Targets, default);
    }
}
