using System.Runtime.InteropServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Losses;

namespace Gpu.Kernels;

/// <summary>Loss and accuracy, accumulated on the device so that the host need not read them in every step.</summary>
public static class Metrics
{
    /// <summary>Adds a batch to the counters.</summary>
    /// <param name="executor">the device that runs the operation, or the command list that records it</param>
    /// <param name="batch">samples, at least 1</param>
    /// <param name="classes">classes, at least 1</param>
    /// <param name="logits">[batch, classes]; of equal logits the one with the lower class index ranks higher, and NaN ranks highest</param>
    /// <param name="labels">integers [batch]; a label that is out of range, or whose logit is NaN, never counts as correct</param>
    /// <param name="sampleLosses">[batch]</param>
    /// <param name="metrics">the counters, <see cref="MetricLayout.Words"/> words as laid out in <see cref="MetricLayout"/></param>
    /// <param name="topK">k of the top-k count, at least 1; values above <paramref name="classes"/> are like <paramref name="classes"/></param>
    /// <exception cref="ArgumentException">a view has the wrong length</exception>
    /// <exception cref="ArgumentOutOfRangeException">a number is below 1</exception>
    public static void Accumulate(
        IExecutor executor, int batch, int classes, DeviceView logits, DeviceView labels, DeviceView sampleLosses, DeviceView metrics, int topK)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(batch);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(classes);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(topK);
        logits.Require(ShapeLimits.Length("the logits", batch, classes), nameof(logits));
        labels.Require(batch, nameof(labels));
        sampleLosses.Require(batch, nameof(sampleLosses));
        metrics.Require(MetricLayout.Words, nameof(metrics));
        Operands.Check(
            executor,
            [new(metrics, nameof(metrics))],
            [new(logits, nameof(logits)), new(labels, nameof(labels)), new(sampleLosses, nameof(sampleLosses))]);
        executor.Execute(new AccumulateOperation(batch, classes, logits, labels, sampleLosses, metrics, Math.Min(topK, classes)));
    }

    /// <summary>Adds the losses and the number of samples of a batch to the counters, for losses without classes.</summary>
    /// <param name="executor">the device that runs the operation, or the command list that records it</param>
    /// <param name="batch">samples, at least 1</param>
    /// <param name="sampleLosses">[batch]</param>
    /// <param name="metrics">the counters, <see cref="MetricLayout.Words"/> words</param>
    /// <exception cref="ArgumentException">a view has the wrong length</exception>
    /// <exception cref="ArgumentOutOfRangeException">fewer than 1 sample</exception>
    public static void AccumulateLosses(IExecutor executor, int batch, DeviceView sampleLosses, DeviceView metrics)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(batch);
        sampleLosses.Require(batch, nameof(sampleLosses));
        metrics.Require(MetricLayout.Words, nameof(metrics));
        Operands.Check(executor, [new(metrics, nameof(metrics))], [new(sampleLosses, nameof(sampleLosses))]);
        executor.Execute(new AccumulateOperation(batch, 0, default, default, sampleLosses, metrics, 1));
    }

    /// <summary>
    /// Adds a batch of yes-or-no decisions to the counters. A sample is correct if each of its outputs lies on the same side of the threshold as its target
    /// lies of 0.5. A NaN is never correct. The top-k counter counts the same samples.
    /// </summary>
    /// <param name="executor">the device that runs the operation, or the command list that records it</param>
    /// <param name="batch">samples, at least 1</param>
    /// <param name="outputs">outputs per sample, at least 1</param>
    /// <param name="values">the outputs of the model, [batch, outputs]</param>
    /// <param name="targets">the targets, 0 for no and 1 for yes, [batch, outputs]</param>
    /// <param name="threshold">an output above it stands for yes: 0 for logits, 0.5 for probabilities</param>
    /// <param name="sampleLosses">[batch]</param>
    /// <param name="metrics">the counters, <see cref="MetricLayout.Words"/> words</param>
    /// <exception cref="ArgumentException">a view has the wrong length</exception>
    /// <exception cref="ArgumentOutOfRangeException">fewer than 1 sample or output</exception>
    public static void AccumulateBinary(
        IExecutor executor, int batch, int outputs, DeviceView values, DeviceView targets, float threshold, DeviceView sampleLosses, DeviceView metrics)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(batch);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(outputs);
        values.Require(ShapeLimits.Length("the values", batch, outputs), nameof(values));
        targets.Require(values.Length, nameof(targets));
        sampleLosses.Require(batch, nameof(sampleLosses));
        metrics.Require(MetricLayout.Words, nameof(metrics));
        Operands.Check(
            executor,
            [new(metrics, nameof(metrics))],
            [new(values, nameof(values)), new(targets, nameof(targets)), new(sampleLosses, nameof(sampleLosses))]);
        executor.Execute(new BinaryOperation(batch, outputs, values, targets, threshold, sampleLosses, metrics));
    }

    /// <summary>Sets the counters to zero. Newly allocated memory is zero already.</summary>
    /// <param name="executor">the device that runs the operation, or the command list that records it</param>
    /// <param name="metrics">the counters, <see cref="MetricLayout.Words"/> words</param>
    /// <exception cref="ArgumentException">the view has the wrong length</exception>
    public static void Reset(IExecutor executor, DeviceView metrics)
    {
        metrics.Require(MetricLayout.Words, nameof(metrics));
        Operands.Check(executor, [new(metrics, nameof(metrics))], []);
        executor.Execute(new ResetOperation(metrics));
    }

    /// <summary>Reads the counters. Waits until the device has finished.</summary>
    /// <param name="device">the device of the view</param>
    /// <param name="metrics">the counters, <see cref="MetricLayout.Words"/> words</param>
    /// <exception cref="ArgumentException">the view has the wrong length</exception>
    public static MetricTotals Read(ComputeDevice device, DeviceView metrics)
    {
        metrics.Require(MetricLayout.Words, nameof(metrics));
        Span<int> words = stackalloc int[MetricLayout.Parts];
        device.Download(metrics.First(MetricLayout.Parts), words);
        var floats = MemoryMarshal.Cast<int, float>(words);
        var lossSum = (double)floats[MetricLayout.LossSum] + floats[MetricLayout.LossCompensation];
        return new(lossSum, words[MetricLayout.Samples], words[MetricLayout.Correct], words[MetricLayout.CorrectInTopK]);
    }

    /// <summary>Launches the kernels of <see cref="Accumulate"/>.</summary>
    internal static void Launch<TBackend, TVector>(
        ILauncher<TBackend> launcher, int batch, int classes, TBackend logits, TBackend labels, TBackend sampleLosses, TBackend metrics, int topK)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
    {
        var samplesPerPart = IntMath.DivRoundUp(batch, MetricLayout.MaxParts);
        var parts = new MetricPartials<TBackend, TVector>
        {
            Logits = logits,
            Labels = labels,
            SampleLosses = sampleLosses,
            Metrics = metrics,
            Batch = batch,
            Classes = classes,
            SamplesPerPart = samplesPerPart,
            TopK = topK,
        };
        var count = IntMath.DivRoundUp(batch, samplesPerPart);
        launcher.Launch(parts, count, samplesPerPart * (20 + 8 * IntMath.DivRoundUp(classes, TBackend.Width)));
        LaunchPartSum<TBackend, TVector>(launcher, metrics, count, batch);
    }

    private static void LaunchPartSum<TBackend, TVector>(ILauncher<TBackend> launcher, TBackend metrics, int count, int batch)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
    {
        if (launcher.Groups is { } limits)
        {
            LaunchSum<TBackend, TVector>(launcher, limits, metrics, count, default, batch);
            return;
        }

        var sum = new MetricSum<TBackend, TVector> { Metrics = metrics, Parts = count, Batch = batch };
        launcher.Launch(sum, 1, 10 * count);
    }

    /// <summary>Launches one group that adds the parts to the counters, or the sample losses if there are no parts.</summary>
    internal static void LaunchSum<TBackend, TVector>(
        ILauncher<TBackend> launcher, GroupLimits limits, TBackend metrics, int parts, TBackend sampleLosses, int batch)
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

    private readonly struct BinaryOperation(
        int batch, int outputs, DeviceView values, DeviceView targets, float threshold, DeviceView sampleLosses, DeviceView metrics) : IOperation
    {
        public int Granularity => 1;

        public void Launch<TBackend, TVector>(ILauncher<TBackend> launcher)
            where TBackend : struct, IVectorBackend<TBackend, TVector>
            where TVector : unmanaged
        {
            var samplesPerPart = IntMath.DivRoundUp(batch, MetricLayout.MaxParts);
            var counters = launcher.Bind(metrics);
            var parts = new BinaryMetricPartials<TBackend, TVector>
            {
                Values = launcher.Bind(values),
                Targets = launcher.Bind(targets),
                SampleLosses = launcher.Bind(sampleLosses),
                Metrics = counters,
                Batch = batch,
                Outputs = outputs,
                SamplesPerPart = samplesPerPart,
                Threshold = threshold,
            };
            var count = IntMath.DivRoundUp(batch, samplesPerPart);
            launcher.Launch(parts, count, samplesPerPart * (10 + 4 * outputs));
            LaunchPartSum<TBackend, TVector>(launcher, counters, count, batch);
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
