using Gpu.Kernels.Devices;
using Gpu.Kernels.Losses;

namespace Gpu.Kernels;

/// <summary>The mean squared error and its gradient in one kernel.</summary>
/// <example><code>MeanSquaredError.Run(device, batch, outputs, prediction, target, gradient, sampleLosses);</code></example>
public static class MeanSquaredError
{
    /// <summary>
    /// Computes the loss of each sample, which is the mean over its outputs of factor * (prediction - target)^2, and the gradient of the mean loss of the
    /// batch. With a factor of 1 the same as PyTorch's MSELoss.
    /// </summary>
    /// <param name="executor">the device that runs the operation, or the command list that records it</param>
    /// <param name="batch">samples, at least 1</param>
    /// <param name="outputs">values per sample, at least 1</param>
    /// <param name="prediction">[batch, outputs]</param>
    /// <param name="target">[batch, outputs]</param>
    /// <param name="gradient">
    /// receives the gradient of the mean loss with respect to z, where prediction = gate(z), [batch, outputs]; empty in evaluation; may be
    /// <paramref name="prediction"/>
    /// </param>
    /// <param name="sampleLosses">receives the losses, [batch]</param>
    /// <param name="gate">the activation that produced the prediction; see <see cref="Activation"/>; default: none</param>
    /// <param name="factor">1, or 1/2 for the half squared error of many texts; above 0</param>
    /// <exception cref="ArgumentException">a view has the wrong length, or the gate's derivative needs more than its output</exception>
    /// <exception cref="ArgumentOutOfRangeException">fewer than 1 sample or output, or the factor is not above 0</exception>
    public static void Run(
        IExecutor executor, int batch, int outputs, DeviceView prediction, DeviceView target, DeviceView gradient, DeviceView sampleLosses,
        Activation gate = default, float factor = 1)
    {
        if (!(factor > 0 && float.IsFinite(factor))) throw new ArgumentOutOfRangeException(nameof(factor), factor, "the factor must be a number above 0");
        PointwiseLosses<SquaredError>.Run(executor, batch, outputs, prediction, target, gradient, sampleLosses, gate, factor);
    }
}
