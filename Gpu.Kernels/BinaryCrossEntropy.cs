using Gpu.Kernels.Devices;
using Gpu.Kernels.Losses;

namespace Gpu.Kernels;

/// <summary>Sigmoid, binary cross-entropy, and the gradient, in one kernel.</summary>
public static class BinaryCrossEntropy
{
    /// <summary>
    /// The loss of each sample, the mean over its outputs of the binary cross-entropy of sigmoid(logit) with the target, and the gradient of the mean
    /// over the batch, as PyTorch's BCEWithLogitsLoss.
    /// </summary>
    /// <param name="executor">where to run</param>
    /// <param name="batch">samples</param>
    /// <param name="outputs">logits a sample</param>
    /// <param name="logits">[batch, outputs]</param>
    /// <param name="target">probabilities from 0 to 1, [batch, outputs]</param>
    /// <param name="logitsGradient">receives the gradient of the mean loss; empty in evaluation; may be <paramref name="logits"/></param>
    /// <param name="sampleLosses">receives the losses, in nats, [batch]</param>
    /// <exception cref="ArgumentException">a view has another length than the shape asks for</exception>
    public static void Run(
        IExecutor executor, int batch, int outputs, DeviceView logits, DeviceView target, DeviceView logitsGradient, DeviceView sampleLosses) =>
        PointwiseLosses<LogitCrossEntropy>.Run(executor, batch, outputs, logits, target, logitsGradient, sampleLosses, Activation.None);
}
