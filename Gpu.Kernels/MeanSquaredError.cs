using Gpu.Kernels.Devices;
using Gpu.Kernels.Losses;

namespace Gpu.Kernels;

/// <summary>The mean squared error and its gradient, in one kernel.</summary>
public static class MeanSquaredError
{
    /// <summary>
    /// The loss of each sample, the mean over its outputs of (prediction - target)^2, and the gradient of the mean over the batch, as PyTorch's MSELoss.
    /// </summary>
    /// <param name="executor">where to run</param>
    /// <param name="batch">samples</param>
    /// <param name="outputs">numbers a sample</param>
    /// <param name="prediction">[batch, outputs]</param>
    /// <param name="target">[batch, outputs]</param>
    /// <param name="gradient">
    /// receives the gradient of the mean loss with respect to z, where prediction = gate(z); empty in evaluation; may be <paramref name="prediction"/>
    /// </param>
    /// <param name="sampleLosses">receives the losses, [batch]</param>
    /// <param name="gate">the activation that made the prediction; its derivative must follow from its output</param>
    /// <exception cref="ArgumentException">a view has another length than the shape asks for, or the gate's derivative does not follow from its output</exception>
    public static void Run(
        IExecutor executor, int batch, int outputs, DeviceView prediction, DeviceView target, DeviceView gradient, DeviceView sampleLosses,
        Activation gate = default) =>
        PointwiseLosses<SquaredError>.Run(executor, batch, outputs, prediction, target, gradient, sampleLosses, gate);
}
