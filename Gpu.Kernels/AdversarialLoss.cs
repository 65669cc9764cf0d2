using Gpu.Kernels.Devices;
using Gpu.Kernels.Losses;

namespace Gpu.Kernels;

/// <summary>
/// The hinge losses of a generative adversarial network, each with its gradient in one kernel. The non-saturating losses are <see cref="BinaryCrossEntropy"/>
/// with the targets 1 for real and 0 for generated samples, and 1 for the generator.
/// </summary>
/// <remarks>Source: Lim, Ye, "Geometric GAN", 2017; Miyato et al., "Spectral normalization for generative adversarial networks", 2018.</remarks>
public static class AdversarialLoss
{
    /// <summary>
    /// The hinge loss of the discriminator, max(0, 1 - score) for a real and max(0, 1 + score) for a generated sample, and the gradient of its mean.
    /// </summary>
    /// <param name="executor">the device that runs the operation, or the command list that records it</param>
    /// <param name="batch">samples, at least 1</param>
    /// <param name="scores">the outputs of the discriminator, [batch]</param>
    /// <param name="targets">1 for real and 0 for generated samples, [batch]</param>
    /// <param name="gradient">receives the gradient of the mean loss, [batch]; empty in evaluation; may be <paramref name="scores"/></param>
    /// <param name="sampleLosses">receives the losses, [batch]</param>
    /// <exception cref="ArgumentException">a view has the wrong length</exception>
    /// <exception cref="ArgumentOutOfRangeException">fewer than 1 sample</exception>
    public static void HingeDiscriminator(
        IExecutor executor, int batch, DeviceView scores, DeviceView targets, DeviceView gradient, DeviceView sampleLosses) =>
        PointwiseLosses<HingeScore>.Run(executor, batch, 1, scores, targets, gradient, sampleLosses, Activation.None);

    /// <summary>The hinge loss of the generator, -score, and the gradient of its mean.</summary>
    /// <param name="executor">the device that runs the operation, or the command list that records it</param>
    /// <param name="batch">samples, at least 1</param>
    /// <param name="scores">the outputs of the discriminator for generated samples, [batch]</param>
    /// <param name="gradient">receives the gradient of the mean loss, [batch]; empty in evaluation</param>
    /// <param name="sampleLosses">receives the losses, [batch]</param>
    /// <exception cref="ArgumentException">a view has the wrong length</exception>
    /// <exception cref="ArgumentOutOfRangeException">fewer than 1 sample</exception>
    public static void HingeGenerator(IExecutor executor, int batch, DeviceView scores, DeviceView gradient, DeviceView sampleLosses)
    {
        // The loss does not read its targets; any memory that is only read will do.
        PointwiseLosses<NegativeScore>.Run(executor, batch, 1, scores, scores, gradient, sampleLosses, Activation.None);
    }
}
