using System.Numerics;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Losses;

namespace Gpu.Kernels;

/// <summary>Softmax, cross-entropy with integer labels, and the gradient, in one kernel.</summary>
public static class SoftmaxCrossEntropy
{
    // Vectors of classes that a thread of a group has, about; and how often a single group starts anew before more groups are better.
    private const int VectorsPerThread = 4;
    private const int MaxIterationsOfOneGroup = 4;

    /// <summary>
    /// The loss of each sample, and the gradient of their mean with respect to the logits. PyTorch's CrossEntropyLoss, label smoothing included.
    /// </summary>
    /// <param name="executor">where to run</param>
    /// <param name="batch">samples</param>
    /// <param name="classes">classes, 2 or more</param>
    /// <param name="logits">[batch, classes]</param>
    /// <param name="labels">integers [batch], from 0 up to classes; any other label gives its sample the loss NaN and the gradient 0</param>
    /// <param name="logitsGradient">receives the gradient of the mean loss, [batch, classes]; empty in evaluation; may be <paramref name="logits"/></param>
    /// <param name="sampleLosses">receives the losses, in nats, [batch]</param>
    /// <param name="labelSmoothing">the part of the target, from 0 to 1, that is spread evenly over all classes</param>
    /// <exception cref="ArgumentException">a view has another length than the shape asks for</exception>
    /// <exception cref="ArgumentOutOfRangeException">no samples, fewer than 2 classes, or a smoothing outside 0 to 1</exception>
    public static void Run(
        IExecutor executor, int batch, int classes, DeviceView logits, DeviceView labels, DeviceView logitsGradient, DeviceView sampleLosses,
        float labelSmoothing = 0f)
    {
        Check(batch, classes, logits, labels, logitsGradient, sampleLosses, labelSmoothing);
        executor.Execute(new Operation(batch, classes, logits, labels, logitsGradient, sampleLosses, labelSmoothing, default, 0));
    }

    /// <summary>
    /// <see cref="Run"/> and then <see cref="Metrics.Accumulate"/>, in fewer launches where the device has groups of threads. The gradient must not take the
    /// place of the logits.
    /// </summary>
    /// <param name="executor">where to run</param>
    /// <param name="batch">samples</param>
    /// <param name="classes">classes, 2 or more</param>
    /// <param name="logits">[batch, classes]</param>
    /// <param name="labels">integers [batch]</param>
    /// <param name="logitsGradient">receives the gradient of the mean loss, [batch, classes]; empty in evaluation</param>
    /// <param name="sampleLosses">receives the losses, in nats, [batch]</param>
    /// <param name="metrics">the counters, <see cref="MetricLayout.Words"/> words</param>
    /// <param name="topK">k of the top-k count, 1 or more; more than there are classes count as all of them</param>
    /// <param name="labelSmoothing">the part of the target, from 0 to 1, that is spread evenly over all classes</param>
    /// <exception cref="ArgumentException">a view has another length than the shape asks for, or the gradient is that of the logits</exception>
    /// <exception cref="ArgumentOutOfRangeException">no samples, fewer than 2 classes, a k below 1, or a smoothing outside 0 to 1</exception>
    public static void RunAndCount(
        IExecutor executor, int batch, int classes, DeviceView logits, DeviceView labels, DeviceView logitsGradient, DeviceView sampleLosses,
        DeviceView metrics, int topK, float labelSmoothing = 0f)
    {
        Check(batch, classes, logits, labels, logitsGradient, sampleLosses, labelSmoothing);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(topK);
        metrics.Require(MetricLayout.Words, nameof(metrics));
        if (logitsGradient == logits) throw new ArgumentException("the gradient takes the place of the logits, which are still to be counted", nameof(logitsGradient));
        executor.Execute(new Operation(batch, classes, logits, labels, logitsGradient, sampleLosses, labelSmoothing, metrics, Math.Min(topK, classes)));
    }

    private static void Check(
        int batch, int classes, DeviceView logits, DeviceView labels, DeviceView logitsGradient, DeviceView sampleLosses, float labelSmoothing)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(batch);
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 2);
        if (labelSmoothing is not (>= 0f and <= 1f))
            throw new ArgumentOutOfRangeException(nameof(labelSmoothing), labelSmoothing, "label smoothing lies between 0 and 1");
        logits.Require(checked(batch * classes), nameof(logits));
        labels.Require(batch, nameof(labels));
        if (!logitsGradient.IsEmpty) logitsGradient.Require(logits.Length, nameof(logitsGradient));
        sampleLosses.Require(batch, nameof(sampleLosses));
    }

    private readonly struct Operation(
        int batch, int classes, DeviceView logits, DeviceView labels, DeviceView logitsGradient, DeviceView sampleLosses, float labelSmoothing,
        DeviceView metrics, int topK) : IOperation
    {
        public int Granularity => classes;

        public void Launch<TBackend, TVector>(ILauncher<TBackend> launcher)
            where TBackend : struct, IVectorBackend<TBackend, TVector>
            where TVector : unmanaged
        {
            if (launcher.Groups is { } limits)
            {
                LaunchGroups<TBackend, TVector>(launcher, limits);
                return;
            }

            var kernel = new SoftmaxCrossEntropyKernel<TBackend, TVector>
            {
                Logits = launcher.Bind(logits),
                Labels = launcher.Bind(labels),
                // Sliced, but not written, when there is none.
                LogitsGradient = launcher.Bind(logitsGradient.IsEmpty ? logits : logitsGradient),
                SampleLosses = launcher.Bind(sampleLosses),
                Classes = classes,
                HasGradient = !logitsGradient.IsEmpty,
                LabelSmoothing = labelSmoothing,
                GradientScale = 1f / batch,
            };
            launcher.Launch(kernel, batch, 60 + 40 * IntMath.DivRoundUp(classes, TBackend.Width));
            if (!metrics.IsEmpty) Metrics.Launch<TBackend, TVector>(launcher, batch, classes, kernel.Logits, kernel.Labels, kernel.SampleLosses, launcher.Bind(metrics), topK);
        }

        private void LaunchGroups<TBackend, TVector>(ILauncher<TBackend> launcher, GroupLimits limits)
            where TBackend : struct, IVectorBackend<TBackend, TVector>
            where TVector : unmanaged
        {
            var threads = MetricTree.Threads(limits);
            var lanes = Math.Min(threads, (int)BitOperations.RoundUpToPowerOf2((uint)IntMath.DivRoundUp(classes / TBackend.Width, VectorsPerThread)));
            var slots = threads / lanes;
            var groups = IntMath.DivRoundUp(batch, slots);
            // A small batch is done by one group, which then needs no second launch to add up what all have counted.
            if (!metrics.IsEmpty) groups = groups <= MaxIterationsOfOneGroup ? 1 : Math.Min(groups, MetricLayout.MaxGroups);
            var kernel = new GroupedSoftmaxCrossEntropy<TBackend, TVector>
            {
                Logits = launcher.Bind(logits),
                Labels = launcher.Bind(labels),
                // Not written when there is none.
                LogitsGradient = launcher.Bind(logitsGradient.IsEmpty ? logits : logitsGradient),
                SampleLosses = launcher.Bind(sampleLosses),
                Metrics = launcher.Bind(metrics.IsEmpty ? sampleLosses : metrics),
                Batch = batch,
                Classes = classes,
                Lanes = lanes,
                LaneShift = BitOperations.Log2((uint)lanes),
                Iterations = IntMath.DivRoundUp(batch, groups * slots),
                TopK = topK,
                HasGradient = !logitsGradient.IsEmpty,
                HasMetrics = !metrics.IsEmpty,
                LabelSmoothing = labelSmoothing,
                GradientScale = 1f / batch,
            };
            launcher.LaunchGroups(kernel, groups, threads);
            if (groups > 1 && !metrics.IsEmpty) Metrics.LaunchSum<TBackend, TVector>(launcher, limits, kernel.Metrics, groups, default, batch);
        }
    }
}
