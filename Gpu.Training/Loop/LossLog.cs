using Gpu.Kernels;
using Gpu.Kernels.Devices;
using Gpu.Training.Planning;

namespace Gpu.Training.Loop;

/// <summary>
/// Training losses on the host: the mean between two readings and, if requested, the loss of each step. Allocates only in the constructor, up to 2^20
/// recorded steps.
/// </summary>
internal sealed class LossLog
{
    private readonly List<float> _recorded;
    private readonly float[] _samples;
    private MetricTotals _previous;
    private double _stepLoss;

    /// <param name="steps">Steps whose losses are recorded; 0 for none.</param>
    /// <param name="batch">Batch size in samples.</param>
    public LossLog(long steps, int batch)
    {
        _recorded = new List<float>((int)Math.Min(steps, 1 << 20));
        _samples = steps == 0 ? [] : new float[batch];
    }

    /// <summary>Mean loss per sample between the last two readings; NaN before the first.</summary>
    public double Last { get; private set; } = double.NaN;

    /// <summary>Recorded loss of each step.</summary>
    public IReadOnlyList<float> Recorded => _recorded;

    /// <summary>Starts an epoch from the given counter values.</summary>
    public void BeginEpoch(MetricTotals totals) => _previous = totals;

    /// <summary>Updates <see cref="Last"/> from a new reading of the epoch's counters and returns it.</summary>
    public double ReadMean(MetricTotals totals)
    {
        var samples = totals.Samples - _previous.Samples;
        if (samples > 0) Last = (totals.LossSum - _previous.LossSum) / samples;
        _previous = totals;
        return Last;
    }

    /// <summary>The mean loss per sample since the last reading, which stays the last one.</summary>
    public double MeanSinceReading(MetricTotals totals)
    {
        var samples = totals.Samples - _previous.Samples;
        return samples > 0 ? (totals.LossSum - _previous.LossSum) / samples : Last;
    }

    /// <summary>Adds a batch to the loss of the current step: the mean over its samples, divided by the number of batches in the step.</summary>
    public void Add(ComputeDevice device, Plan plan, int batches)
    {
        var losses = _samples.AsSpan(0, plan.Batch);
        device.Download(plan.SampleLosses, losses);
        var sum = 0.0;
        foreach (var loss in losses) sum += loss;
        _stepLoss += sum / losses.Length / batches;
    }

    /// <summary>Records the loss of the current step and returns it.</summary>
    public double EndStep()
    {
        var loss = _stepLoss;
        _recorded.Add((float)loss);
        _stepLoss = 0;
        return loss;
    }

    /// <summary>Drops the recorded losses but the first <paramref name="count"/>; the run was set back.</summary>
    public void Truncate(int count)
    {
        if (_recorded.Count > count) _recorded.RemoveRange(count, _recorded.Count - count);
        _stepLoss = 0;
        Last = double.NaN;
    }
}
