using System.Runtime.InteropServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Losses;

namespace Gpu.Kernels;

/// <summary>Loss and accuracy, summed up on the device so that the host need not read them every step.</summary>
public static class Metrics
{
    /// <summary>Adds a batch to the counters.</summary>
    /// <param name="executor">where to run</param>
    /// <param name="batch">samples</param>
    /// <param name="classes">classes</param>
    /// <param name="logits">[batch, classes]; among equal logits the first is taken as the larger, and a NaN as larger than any</param>
    /// <param name="labels">integers [batch]; one that is no class, or whose logit is NaN, is never correct</param>
    /// <param name="sampleLosses">[batch]</param>
    /// <param name="metrics">the counters, <see cref="MetricLayout.Words"/> words as laid out in <see cref="MetricLayout"/></param>
    /// <param name="topK">k of the top-k count, 1 or more; more than there are classes count as all of them</param>
    /// <exception cref="ArgumentException">a view has another length than the shape asks for</exception>
    public static void Accumulate(
        IExecutor executor, int batch, int classes, DeviceView logits, DeviceView labels, DeviceView sampleLosses, DeviceView metrics, int topK)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(batch);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(classes);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(topK);
        logits.Require(checked(batch * classes), nameof(logits));
        labels.Require(batch, nameof(labels));
        sampleLosses.Require(batch, nameof(sampleLosses));
        metrics.Require(MetricLayout.Words, nameof(metrics));
        executor.Execute(new AccumulateOperation(batch, classes, logits, labels, sampleLosses, metrics, Math.Min(topK, classes)));
    }

    /// <summary>Adds a batch's losses and number of samples to the counters, for losses that know nothing of classes.</summary>
    /// <exception cref="ArgumentException">a view has another length than the shape asks for</exception>
    public static void AccumulateLosses(IExecutor executor, int batch, DeviceView sampleLosses, DeviceView metrics)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(batch);
        sampleLosses.Require(batch, nameof(sampleLosses));
        metrics.Require(MetricLayout.Words, nameof(metrics));
        executor.Execute(new AccumulateOperation(batch, 0, default, default, sampleLosses, metrics, 1));
    }

    /// <summary>Sets the counters to zero; new memory is zero already.</summary>
    /// <exception cref="ArgumentException">the view does not have <see cref="MetricLayout.Words"/> words</exception>
    public static void Reset(IExecutor executor, DeviceView metrics)
    {
        metrics.Require(MetricLayout.Words, nameof(metrics));
        executor.Execute(new ResetOperation(metrics));
    }

    /// <summary>Reads the counters, after all that was launched before has ended.</summary>
    /// <exception cref="ArgumentException">the view does not have <see cref="MetricLayout.Words"/> words</exception>
    public static MetricTotals Read(ComputeDevice device, DeviceView metrics)
    {
        metrics.Require(MetricLayout.Words, nameof(metrics));
        Span<int> words = stackalloc int[MetricLayout.Parts];
        device.Download(metrics.First(MetricLayout.Parts), words);
        var floats = MemoryMarshal.Cast<int, float>(words);
        var lossSum = (double)floats[MetricLayout.LossSum] + floats[MetricLayout.LossCompensation];
        return new(lossSum, words[MetricLayout.Samples], words[MetricLayout.Correct], words[MetricLayout.CorrectInTopK]);
    }

    /// <summary>Launches what <see cref="Accumulate"/> does.</summary>
    internal static void Launch<TBackend, TVector>(
        ILauncher<TBackend> launcher, int batch, int classes, TBackend logits, TBackend labels, TBackend sampleLosses, TBackend metrics, int topK)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
    {
        var samplesInPart = IntMath.DivRoundUp(batch, launcher.Groups is null ? MetricLayout.MaxParts : MetricLayout.MaxGroups);
        var parts = new MetricPartials<TBackend, TVector>
        {
            Logits = logits,
            Labels = labels,
            SampleLosses = sampleLosses,
            Metrics = metrics,
            Batch = batch,
            Classes = classes,
            SamplesPerPart = samplesInPart,
            TopK = topK,
        };
        var count = IntMath.DivRoundUp(batch, samplesInPart);
        launcher.Launch(parts, count, samplesInPart * (20 + 8 * IntMath.DivRoundUp(classes, TBackend.Width)));
        if (launcher.Groups is { } limits)
        {
            LaunchSum<TBackend, TVector>(launcher, limits, metrics, count, default, batch);
            return;
        }

        var sum = new MetricSum<TBackend, TVector> { Metrics = metrics, Parts = count, Batch = batch };
        launcher.Launch(sum, 1, 10 * count);
    }

    /// <summary>Launches the group that adds parts, or samples' losses (no parts), to the counters.</summary>
    internal static void LaunchSum<TBackend, TVector>(ILauncher<TBackend> launcher, GroupLimits limits, TBackend metrics, int parts, TBackend sampleLosses, int batch)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
    {
        var sum = new GroupedMetricSum<TBackend, TVector>
        {
            Metrics = metrics,
            SampleLosses = parts == 0 ? sampleLosses : metrics,
            Parts = parts,
            Batch = batch,
        };
        launcher.LaunchGroups(sum, 1, MetricTree.Threads(limits));
    }

    private readonly struct AccumulateOperation(
        int batch, int classes, DeviceView logits, DeviceView labels, DeviceView sampleLosses, DeviceView metrics, int topK) : IOperation
    {
        public int Granularity => classes == 0 ? 1 : classes;

        public void Launch<TBackend, TVector>(ILauncher<TBackend> launcher)
            where TBackend : struct, IVectorBackend<TBackend, TVector>
            where TVector : unmanaged
        {
            var counters = launcher.Bind(metrics);
            var losses = launcher.Bind(sampleLosses);
            if (classes == 0 && launcher.Groups is { } limits) LaunchSum<TBackend, TVector>(launcher, limits, counters, 0, losses, batch);
            else Metrics.Launch<TBackend, TVector>(launcher, batch, classes, launcher.Bind(logits), launcher.Bind(labels), losses, counters, topK);
        }
    }

    private readonly struct ResetOperation(DeviceView metrics) : IOperation
    {
        public int Granularity => 1;

        public void Launch<TBackend, TVector>(ILauncher<TBackend> launcher)
            where TBackend : struct, IVectorBackend<TBackend, TVector>
            where TVector : unmanaged =>
            launcher.Launch(new MetricReset<TBackend, TVector> { Metrics = launcher.Bind(metrics) }, MetricLayout.Parts, 1);
    }
}
