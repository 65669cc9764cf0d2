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
}
