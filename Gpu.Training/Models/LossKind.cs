namespace Gpu.Training.Models;

/// <summary>The loss that a model is trained with.</summary>
public enum LossKind
{
    /// <summary>Softmax and cross-entropy on logits, one class a sample.</summary>
    SoftmaxCrossEntropy,

    /// <summary>Mean squared error over all outputs.</summary>
    MeanSquaredError,

    /// <summary>Binary cross-entropy on logits, each output by itself.</summary>
    BinaryCrossEntropy,
}
