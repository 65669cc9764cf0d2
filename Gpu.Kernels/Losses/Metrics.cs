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

    private readonly struct AccumulateOperation(
        int batch, int classes, DeviceView logits, DeviceView labels, DeviceView sampleLosses, DeviceView metrics, int topK) : IOperation
    {
        public int Granularity => classes == 0 ? 1 : classes;

        public void Launch<TMachine, TVector>(ILauncher<TMachine> launcher)
            where TMachine : struct, IMachine<TMachine, TVector>
            where TVector : unmanaged
        {
            var samplesInPart = Items.Covering(batch, MetricWords.MostParts);
            var parts = new MetricParts<TMachine, TVector>
            {
                Logits = launcher.Bind(logits),
                Labels = launcher.Bind(labels),
                SampleLosses = launcher.Bind(sampleLosses),
                Metrics = launcher.Bind(metrics),
                Batch = batch,
                Classes = classes,
                SamplesInPart = samplesInPart,
                TopK = topK,
            };
            var count = Items.Covering(batch, samplesInPart);
            launcher.Launch(parts, count, samplesInPart * (20 + 8 * Items.Covering(classes, TMachine.Width)));
            var sum = new MetricSum<TMachine, TVector> { Metrics = parts.Metrics, Parts = count, Batch = batch };
            launcher.Launch(sum, 1, 10 * count);
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
