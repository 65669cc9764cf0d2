using System.Runtime.InteropServices;
using Gpu.Kernels.Launching;
using Gpu.Kernels.Machines;

namespace Gpu.Kernels.Losses;

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
    /// <param name="metrics">the counters, <see cref="MetricWords.Words"/> words as laid out in <see cref="MetricWords"/></param>
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
        metrics.Require(MetricWords.Words, nameof(metrics));
        executor.Execute(new AccumulateOperation(batch, classes, logits, labels, sampleLosses, metrics, Math.Min(topK, classes)));
    }

    /// <summary>Adds a batch's losses and number of samples to the counters, for losses that know nothing of classes.</summary>
    /// <exception cref="ArgumentException">a view has another length than the shape asks for</exception>
    public static void AccumulateLosses(IExecutor executor, int batch, DeviceView sampleLosses, DeviceView metrics)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(batch);
        sampleLosses.Require(batch, nameof(sampleLosses));
        metrics.Require(MetricWords.Words, nameof(metrics));
        executor.Execute(new AccumulateOperation(batch, 0, default, default, sampleLosses, metrics, 1));
    }

    /// <summary>Sets the counters to zero; new memory is zero already.</summary>
    /// <exception cref="ArgumentException">the view does not have <see cref="MetricWords.Words"/> words</exception>
    public static void Reset(IExecutor executor, DeviceView metrics)
    {
        metrics.Require(MetricWords.Words, nameof(metrics));
        executor.Execute(new ResetOperation(metrics));
    }

    /// <summary>Reads the counters, after all that was launched before has ended.</summary>
    /// <exception cref="ArgumentException">the view does not have <see cref="MetricWords.Words"/> words</exception>
    public static MetricTotals Read(ComputeDevice device, DeviceView metrics)
    {
        metrics.Require(MetricWords.Words, nameof(metrics));
        Span<int> words = stackalloc int[MetricWords.Parts];
        device.Download(metrics.First(MetricWords.Parts), words);
        var floats = MemoryMarshal.Cast<int, float>(words);
        var lossSum = (double)floats[MetricWords.LossSum] + floats[MetricWords.LossRest];
        return new(lossSum, words[MetricWords.Samples], words[MetricWords.Correct], words[MetricWords.CorrectInTopK]);
    }

    /// <summary>Launches what <see cref="Accumulate"/> does.</summary>
    internal static void Launch<TMachine, TVector>(
        ILauncher<TMachine> launcher, int batch, int classes, TMachine logits, TMachine labels, TMachine sampleLosses, TMachine metrics, int topK)
        where TMachine : struct, IMachine<TMachine, TVector>
        where TVector : unmanaged
    {
        var samplesInPart = Items.Covering(batch, launcher.Groups is null ? MetricWords.MostParts : MetricWords.MostGroups);
        var parts = new MetricParts<TMachine, TVector>
        {
            Logits = logits,
            Labels = labels,
            SampleLosses = sampleLosses,
            Metrics = metrics,
            Batch = batch,
            Classes = classes,
            SamplesInPart = samplesInPart,
            TopK = topK,
        };
        var count = Items.Covering(batch, samplesInPart);
        launcher.Launch(parts, count, samplesInPart * (20 + 8 * Items.Covering(classes, TMachine.Width)));
        if (launcher.Groups is { } limits)
        {
            LaunchSum<TMachine, TVector>(launcher, limits, metrics, count, default, batch);
            return;
        }

        var sum = new MetricSum<TMachine, TVector> { Metrics = metrics, Parts = count, Batch = batch };
        launcher.Launch(sum, 1, 10 * count);
    }

    /// <summary>Launches the group that adds parts, or samples' losses (no parts), to the counters.</summary>
    internal static void LaunchSum<TMachine, TVector>(ILauncher<TMachine> launcher, GroupLimits limits, TMachine metrics, int parts, TMachine sampleLosses, int batch)
        where TMachine : struct, IMachine<TMachine, TVector>
        where TVector : unmanaged
    {
        var sum = new MetricSumGroup<TMachine, TVector>
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

        public void Launch<TMachine, TVector>(ILauncher<TMachine> launcher)
            where TMachine : struct, IMachine<TMachine, TVector>
            where TVector : unmanaged
        {
            var counters = launcher.Bind(metrics);
            var losses = launcher.Bind(sampleLosses);
            if (classes == 0 && launcher.Groups is { } limits) LaunchSum<TMachine, TVector>(launcher, limits, counters, 0, losses, batch);
            else Metrics.Launch<TMachine, TVector>(launcher, batch, classes, launcher.Bind(logits), launcher.Bind(labels), losses, counters, topK);
        }
    }

    private readonly struct ResetOperation(DeviceView metrics) : IOperation
    {
        public int Granularity => 1;

        public void Launch<TMachine, TVector>(ILauncher<TMachine> launcher)
            where TMachine : struct, IMachine<TMachine, TVector>
            where TVector : unmanaged =>
            launcher.Launch(new MetricReset<TMachine, TVector> { Metrics = launcher.Bind(metrics) }, MetricWords.Parts, 1);
    }
}
