namespace Gpu.Training.Loop;

/// <summary>How weight decay is applied.</summary>
public enum DecayMode
{
    /// <summary>L2 regularization (coupled): adds weightDecay * w, the derivative of weightDecay/2 * |w|^2, to the gradient.</summary>
    L2,

    /// <summary>Decoupled: subtracts learningRate * weightDecay * w from the weight, separately from the optimizer's update, as in AdamW.</summary>
    Decoupled,
}

/// <summary>Which parameters weight decay applies to.</summary>
public enum DecayTarget
{
    /// <summary>The weights of convolution and dense layers, but not biases and batch-normalization parameters.</summary>
    Weights,

    /// <summary>All parameters, as in PyTorch when one weight decay is set for the whole network.</summary>
    All,
}
