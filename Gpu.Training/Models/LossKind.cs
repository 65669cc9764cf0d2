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
}
