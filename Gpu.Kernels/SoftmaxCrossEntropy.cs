using System.Numerics;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Losses;

namespace Gpu.Kernels;

/// <summary>Softmax, cross-entropy with integer labels, and the gradient, in one kernel.</summary>
/// <example><code>SoftmaxCrossEntropy.Run(device, batch, classes, logits, labels, logitsGradient, sampleLosses);</code></example>
public static class SoftmaxCrossEntropy
{
    // About this many vectors of classes per thread of a group. A single group processes a batch in at most so many iterations; else more groups are faster.
    private const int VectorsPerThread = 4;
    private const int MaxIterationsOfOneGroup = 4;

    /// <summary>
    /// Computes the loss of each sample, -log softmax(logits)[label], and the gradient of the mean loss of the batch. The same as PyTorch's CrossEntropyLoss,
    /// including label smoothing.
    /// </summary>
    /// <param name="executor">the device that runs the operation, or the command list that records it</param>
    /// <param name="batch">samples, at least 1</param>
    /// <param name="classes">classes, at least 2</param>
    /// <param name="logits">[batch, classes]</param>
    /// <param name="labels">
    /// integers [batch], from 0 to <paramref name="classes"/> - 1; a sample with another label gets the loss NaN and the gradient 0
    /// </param>
    /// <param name="logitsGradient">
    /// receives the gradient of the mean loss with respect to the logits, [batch, classes]; empty in evaluation; may be <paramref name="logits"/>
    /// </param>
    /// <param name="sampleLosses">receives the losses in nats, [batch]</param>
    /// <param name="labelSmoothing">the fraction of the target, 0 to 1, that is distributed evenly over all classes</param>
    /// <param name="classWeights">
    /// factors of the loss and gradient of the samples of each class, [classes]; empty for 1. The mean is still over the number of samples, not over the sum of
    /// their weights as in PyTorch, so a sample counts the same in every batch
    /// </param>
    /// <exception cref="ArgumentException">a view has the wrong length</exception>
    /// <exception cref="ArgumentOutOfRangeException">fewer than 1 sample or 2 classes, or label smoothing not between 0 and 1</exception>
    public static void Run(
        IExecutor executor, int batch, int classes, DeviceView logits, DeviceView labels, DeviceView logitsGradient, DeviceView sampleLosses,
        float labelSmoothing = 0f, DeviceView classWeights = default)
    {
        Check(batch, classes, logits, labels, logitsGradient, sampleLosses, labelSmoothing, classWeights);
        Operands.Check(
            executor,
            [new(logitsGradient, nameof(logitsGradient)), new(sampleLosses, nameof(sampleLosses))],
            [new(labels, nameof(labels)), new(classWeights, nameof(classWeights))],
            [new(logits, nameof(logits))]);
        executor.Execute(new Operation(batch, classes, logits, labels, logitsGradient, sampleLosses, labelSmoothing, classWeights, default, 0));
    }

    /// <summary>
    /// Does what <see cref="Run"/> and then <see cref="Metrics.Accumulate"/> do, with fewer launches on devices with groups of threads. The gradient must not
    /// overwrite the logits.
    /// </summary>
    /// <param name="executor">the device that runs the operation, or the command list that records it</param>
    /// <param name="batch">samples, at least 1</param>
    /// <param name="classes">classes, at least 2</param>
    /// <param name="logits">[batch, classes]</param>
    /// <param name="labels">integers [batch]; as for <see cref="Run"/></param>
    /// <param name="logitsGradient">receives the gradient of the mean loss with respect to the logits, [batch, classes]; empty in evaluation</param>
    /// <param name="sampleLosses">receives the losses in nats, [batch]</param>
    /// <param name="metrics">the counters, <see cref="MetricLayout.Words"/> words as laid out in <see cref="MetricLayout"/></param>
    /// <param name="topK">k of the top-k count, at least 1; values above <paramref name="classes"/> are like <paramref name="classes"/></param>
    /// <param name="labelSmoothing">the fraction of the target, 0 to 1, that is distributed evenly over all classes</param>
    /// <param name="classWeights">
    /// factors of the loss and gradient of the samples of each class, [classes]; empty for 1. The mean is still over the number of samples, not over the sum of
    /// their weights as in PyTorch, so a sample counts the same in every batch
    /// </param>
    /// <exception cref="ArgumentException">a view has the wrong length, or the gradient is the view of the logits</exception>
    /// <exception cref="ArgumentOutOfRangeException">
    /// fewer than 1 sample or 2 classes, k below 1, or label smoothing not between 0 and 1
    /// </exception>
    public static void RunAndCount(
        IExecutor executor, int batch, int classes, DeviceView logits, DeviceView labels, DeviceView logitsGradient, DeviceView sampleLosses,
        DeviceView metrics, int topK, float labelSmoothing = 0f, DeviceView classWeights = default)
    {
        Check(batch, classes, logits, labels, logitsGradient, sampleLosses, labelSmoothing, classWeights);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(topK);
        metrics.Require(MetricLayout.Words, nameof(metrics));
        if (logitsGradient == logits)
            throw new ArgumentException("the gradient must not overwrite the logits, which are still needed for the metrics", nameof(logitsGradient));
        Operands.Check(
            executor,
            [new(logitsGradient, nameof(logitsGradient)), new(sampleLosses, nameof(sampleLosses)), new(metrics, nameof(metrics))],
            [new(logits, nameof(logits)), new(labels, nameof(labels)), new(classWeights, nameof(classWeights))]);
        executor.Execute(new Operation(
            batch, classes, logits, labels, logitsGradient, sampleLosses, labelSmoothing, classWeights, metrics, Math.Min(topK, classes)));
    }

    /// <summary>
    /// Computes loss and gradient with two labels for each sample, as mixup and CutMix need them (<see cref="Augmentation.MixesSamples"/>): w times the loss of
    /// the first label plus 1 - w times that of the second.
    /// </summary>
    /// <param name="executor">the device that runs the operation, or the command list that records it</param>
    /// <param name="batch">samples, at least 1</param>
    /// <param name="classes">classes, at least 2</param>
    /// <param name="logits">[batch, classes]</param>
    /// <param name="labels">integers [batch], from 0 to <paramref name="classes"/> - 1; as for <see cref="Run"/></param>
    /// <param name="secondLabels">integers [batch]; as <paramref name="labels"/></param>
    /// <param name="labelWeights">the weight w of the first label of each sample, 0 to 1, [batch]</param>
    /// <param name="logitsGradient">
    /// receives the gradient of the mean loss with respect to the logits, [batch, classes]; empty in evaluation; must not be <paramref name="logits"/>
    /// </param>
    /// <param name="sampleLosses">receives the losses in nats, [batch]</param>
    /// <param name="labelSmoothing">the fraction of the target, 0 to 1, that is distributed evenly over all classes</param>
    /// <param name="classWeights">factors of the loss of each label, [classes]; empty for 1. As for <see cref="Run"/></param>
    /// <exception cref="ArgumentException">a view has the wrong length, or the gradient is the view of the logits</exception>
    /// <exception cref="ArgumentOutOfRangeException">fewer than 1 sample or 2 classes, or label smoothing not between 0 and 1</exception>
    public static void RunMixed(
        IExecutor executor, int batch, int classes, DeviceView logits, DeviceView labels, DeviceView secondLabels, DeviceView labelWeights,
        DeviceView logitsGradient, DeviceView sampleLosses, float labelSmoothing = 0f, DeviceView classWeights = default)
    {
        Check(batch, classes, logits, labels, logitsGradient, sampleLosses, labelSmoothing, classWeights);
        secondLabels.Require(batch, nameof(secondLabels));
        labelWeights.Require(batch, nameof(labelWeights));
        Operands.Check(
            executor,
            [new(logitsGradient, nameof(logitsGradient)), new(sampleLosses, nameof(sampleLosses))],
            [new(logits, nameof(logits)), new(labels, nameof(labels)), new(secondLabels, nameof(secondLabels)), new(labelWeights, nameof(labelWeights)),
             new(classWeights, nameof(classWeights))]);
        executor.Execute(new Operation(batch, classes, logits, labels, logitsGradient, sampleLosses, labelSmoothing, default, default, 0));
        executor.Execute(new MixOperation(
            batch, classes, logits, labels, secondLabels, labelWeights, logitsGradient, sampleLosses, labelSmoothing, classWeights));
    }

    private static void Check(
        int batch, int classes, DeviceView logits, DeviceView labels, DeviceView logitsGradient, DeviceView sampleLosses, float labelSmoothing,
        DeviceView classWeights)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(batch);
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 2);
        if (labelSmoothing is not (>= 0f and <= 1f))
            throw new ArgumentOutOfRangeException(nameof(labelSmoothing), labelSmoothing, "label smoothing must be between 0 and 1");
        logits.Require(ShapeLimits.Length("the logits", batch, classes), nameof(logits));
        labels.Require(batch, nameof(labels));
        if (!logitsGradient.IsEmpty) logitsGradient.Require(logits.Length, nameof(logitsGradient));
        sampleLosses.Require(batch, nameof(sampleLosses));
        if (!classWeights.IsEmpty) classWeights.Require(classes, nameof(classWeights));
    }

    private readonly struct MixOperation(
        int batch, int classes, DeviceView logits, DeviceView labels, DeviceView secondLabels, DeviceView labelWeights, DeviceView logitsGradient,
        DeviceView sampleLosses, float labelSmoothing, DeviceView classWeights) : IOperation
    {
        public int Granularity => 1;

        public void Launch<TBackend, TVector>(ILauncher<TBackend> launcher)
            where TBackend : struct, IVectorBackend<TBackend, TVector>
            where TVector : unmanaged =>
            launcher.Launch(
                new MixedLabels<TBackend, TVector>
                {
                    Logits = launcher.Bind(logits),
                    Labels = launcher.Bind(labels),
                    SecondLabels = launcher.Bind(secondLabels),
                    LabelWeights = launcher.Bind(labelWeights),
                    // Without a gradient or weights any valid memory will do: the kernel does not access it.
                    LogitsGradient = launcher.Bind(logitsGradient.IsEmpty ? sampleLosses : logitsGradient),
                    SampleLosses = launcher.Bind(sampleLosses),
                    ClassWeights = launcher.Bind(classWeights.IsEmpty ? labelWeights : classWeights),
                    Classes = classes,
                    HasGradient = !logitsGradient.IsEmpty,
                    HasWeights = !classWeights.IsEmpty,
                    KeptTarget = 1f - labelSmoothing,
                    GradientScale = 1f / batch,
                },
                batch, 30 + (classWeights.IsEmpty ? 0 : 3 * classes));
    }

    private readonly struct Operation(
        int batch, int classes, DeviceView logits, DeviceView labels, DeviceView logitsGradient, DeviceView sampleLosses, float labelSmoothing,
        DeviceView classWeights, DeviceView metrics, int topK) : IOperation
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
                // Without a gradient any valid memory will do: the kernel slices it, but does not write it.
                LogitsGradient = launcher.Bind(logitsGradient.IsEmpty ? logits : logitsGradient),
                SampleLosses = launcher.Bind(sampleLosses),
                Classes = classes,
                // Without weights any valid memory will do: the kernel does not read it.
                ClassWeights = launcher.Bind(classWeights.IsEmpty ? sampleLosses : classWeights),
                HasWeights = !classWeights.IsEmpty,
                HasGradient = !logitsGradient.IsEmpty,
                LabelSmoothing = labelSmoothing,
                GradientScale = 1f / batch,
            };
            launcher.Launch(kernel, batch, 60 + 40 * IntMath.DivRoundUp(classes, TBackend.Width));
            if (metrics.IsEmpty) return;
            Metrics.Launch<TBackend, TVector>(launcher, batch, classes, kernel.Logits, kernel.Labels, kernel.SampleLosses, launcher.Bind(metrics), topK);
        }

        private void LaunchGroups<TBackend, TVector>(ILauncher<TBackend> launcher, GroupLimits limits)
            where TBackend : struct, IVectorBackend<TBackend, TVector>
            where TVector : unmanaged
        {
            var threads = MetricTree.Threads(limits);
            var lanes = Math.Min(threads, (int)BitOperations.RoundUpToPowerOf2((uint)IntMath.DivRoundUp(classes / TBackend.Width, VectorsPerThread)));
            var slots = threads / lanes;
            var groups = IntMath.DivRoundUp(batch, slots);
            // A small batch runs in one group, which then needs no second launch to add up the counts of the groups.
            if (!metrics.IsEmpty) groups = groups <= MaxIterationsOfOneGroup ? 1 : Math.Min(groups, MetricLayout.MaxParts);
            var kernel = new GroupedSoftmaxCrossEntropy<TBackend, TVector>
            {
                Logits = launcher.Bind(logits),
                Labels = launcher.Bind(labels),
                // Without a gradient any valid memory will do: the kernel does not write it.
                LogitsGradient = launcher.Bind(logitsGradient.IsEmpty ? logits : logitsGradient),
                SampleLosses = launcher.Bind(sampleLosses),
                Metrics = launcher.Bind(metrics.IsEmpty ? sampleLosses : metrics),
                Batch = batch,
                Classes = classes,
                Lanes = lanes,
                LaneShift = BitOperations.Log2((uint)lanes),
                Iterations = IntMath.DivRoundUp(batch, groups * slots),
                TopK = topK,
                // Without weights any valid memory will do: the kernel does not read it.
                ClassWeights = launcher.Bind(classWeights.IsEmpty ? sampleLosses : classWeights),
                HasWeights = !classWeights.IsEmpty,
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
