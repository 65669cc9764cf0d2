namespace Gpu.Training.Models;

/// <summary>The loss functions.</summary>
public enum LossKind
{
    /// <summary>Softmax cross-entropy on logits; each sample has one class.</summary>
    SoftmaxCrossEntropy,

    /// <summary>Mean squared error over all outputs; each output has a target value.</summary>
    MeanSquaredError,

    /// <summary>Binary cross-entropy on logits; each output has its own target.</summary>
    BinaryCrossEntropy,

    /// <summary>Half of the mean squared error, as in texts that minimize 1/2 (y - t)^2; its gradient has no factor of 2.</summary>
    HalfMeanSquaredError,

    /// <summary>Softmax cross-entropy on the logits of each pixel; each pixel has one class, or is void.</summary>
    PixelCrossEntropy,

    /// <summary>Dice loss of each class over the pixels of an image; see <see cref="Gpu.Kernels.PixelLossTerms.Dice"/>.</summary>
    Dice,

    /// <summary>Focal loss on the logits of each pixel, with gamma 2; see <see cref="Gpu.Kernels.PixelLossTerms.Focal"/>.</summary>
    Focal,

    /// <summary>The sum of <see cref="PixelCrossEntropy"/> and <see cref="Dice"/>.</summary>
    PixelCrossEntropyDice,

    /// <summary>Mean squared error between the output and the input of the model: an autoencoder.</summary>
    ReconstructionError,

    /// <summary>Binary cross-entropy of the output, logits, against the input of the model, pixel values from 0 to 1: an autoencoder.</summary>
    ReconstructionCrossEntropy,

    /// <summary>Non-saturating losses of a generative adversarial network: binary cross-entropy of the scores of the discriminator.</summary>
    NonSaturating,

    /// <summary>Hinge losses of a generative adversarial network; see <see cref="Gpu.Kernels.AdversarialLoss"/>.</summary>
    Hinge,
}
