using Gpu.Kernels.Devices;
using Gpu.Kernels.Losses;

namespace Gpu.Kernels;

/// <summary>Sigmoid, binary cross-entropy and its gradient in one kernel.</summary>
/// <example><code>BinaryCrossEntropy.Run(device, batch, outputs, logits, target, logitsGradient, sampleLosses);</code></example>
public static class BinaryCrossEntropy
{
    /// <summary>
    /// Computes the loss of each sample, which is the mean over its outputs of -t log s - (1 - t) log(1 - s) with s = sigmoid(logit), and the gradient of the
    /// mean loss of the batch. The same as PyTorch's BCEWithLogitsLoss.
    /// </summary>
    /// <param name="executor">the device that runs the operation, or the command list that records it</param>
    /// <param name="batch">samples, at least 1</param>
    /// <param name="outputs">logits per sample, at least 1</param>
    /// <param name="logits">[batch, outputs]</param>
    /// <param name="target">the targets t, probabilities from 0 to 1, [batch, outputs]</param>
    /// <param name="logitsGradient">
    /// receives the gradient of the mean loss with respect to the logits, [batch, outputs]; empty in evaluation; may be <paramref name="logits"/>
    /// </param>
    /// <param name="sampleLosses">receives the losses in nats, [batch]</param>
    /// <exception cref="ArgumentException">a view has the wrong length</exception>
    /// <exception cref="ArgumentOutOfRangeException">fewer than 1 sample or output</exception>
    public static void Run(
        IExecutor executor, int batch, int outputs, DeviceView logits, DeviceView target, DeviceView logitsGradient, DeviceView sampleLosses) =>
        PointwiseLosses<LogitCrossEntropy>.Run(executor, batch, outputs, logits, target, logitsGradient, sampleLosses, Activation.None);
}
