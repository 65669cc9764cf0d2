using Gpu.Kernels;
using Gpu.Kernels.Devices;
using Gpu.Training.Planning;

namespace Gpu.Training.Loop;

/// <summary>
/// The losses of a run as the host sees them: means between readings, and those of each step where they are wanted. Allocates at the start only.
/// </summary>
internal sealed class LossLog
{
    private readonly List<float> _recorded;
    private readonly float[] _samples;
    private MetricTotals _previous;
    private double _stepLoss;

    /// <param name="steps">steps whose losses are recorded; 0 for none</param>
    /// <param name="batch">samples a batch</param>
    public LossLog(long steps, int batch)
    {
        _recorded = new List<float>((int)Math.Min(steps, 1 << 20));
        _samples = steps == 0 ? [] : new float[batch];
    }

    /// <summary>The mean loss between the last two readings; NaN before the first.</summary>
    public double Last { get; private set; } = double.NaN;

    /// <summary>The loss of each step.</summary>
    public IReadOnlyList<float> Recorded => _recorded;

    /// <summary>Begins an epoch, whose counters stand at these totals.</summary>
    public void BeginEpoch(MetricTotals totals) => _previous = totals;

    /// <summary>Takes a reading of the epoch's counters.</summary>
    public double ReadMean(MetricTotals totals)
    {
        var samples = totals.Samples - _previous.Samples;
        if (samples > 0) Last = (totals.LossSum - _previous.LossSum) / samples;
        _previous = totals;
        return Last;
    }

    /// <summary>Adds a batch to the step's loss: the mean over its samples, one of so many batches of the step.</summary>
    public void Add(ComputeDevice device, Plan plan, int batches)
    {
        var losses = _samples.AsSpan(0, plan.Batch);
        device.Download(plan.SampleLosses, losses);
        var sum = 0.0;
        foreach (var loss in losses) sum += loss;
        _stepLoss += sum / losses.Length / batches;
    }

    /// <summary>Ends a step and returns its loss.</summary>
    public double EndStep()
    {
        var loss = _stepLoss;
        _recorded.Add((float)loss);
        _stepLoss = 0;
        return loss;
    }
}
