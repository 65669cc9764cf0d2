using Gpu.Kernels.Launching;
using Gpu.Kernels.Machines;

namespace Gpu.Kernels.Losses;

/// <summary>Softmax, cross-entropy with integer labels, and the gradient, in one kernel.</summary>
public static class SoftmaxCrossEntropies
{
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
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(batch);
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 2);
        if (labelSmoothing is not (>= 0f and <= 1f))
            throw new ArgumentOutOfRangeException(nameof(labelSmoothing), labelSmoothing, "label smoothing lies between 0 and 1");
        logits.Require(checked(batch * classes), nameof(logits));
        labels.Require(batch, nameof(labels));
        if (!logitsGradient.IsEmpty) logitsGradient.Require(logits.Length, nameof(logitsGradient));
        sampleLosses.Require(batch, nameof(sampleLosses));
        executor.Execute(new Operation(batch, classes, logits, labels, logitsGradient, sampleLosses, labelSmoothing));
    }

    private readonly struct Operation(
        int batch, int classes, DeviceView logits, DeviceView labels, DeviceView logitsGradient, DeviceView sampleLosses, float labelSmoothing) : IOperation
    {
        public int Granularity => classes;

        public void Launch<TMachine, TVector>(ILauncher<TMachine> launcher)
            where TMachine : struct, IMachine<TMachine, TVector>
            where TVector : unmanaged
        {
            var kernel = new SoftmaxCrossEntropy<TMachine, TVector>
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
            launcher.Launch(kernel, batch, 60 + 40 * Items.Covering(classes, TMachine.Width));
        }
    }
}
