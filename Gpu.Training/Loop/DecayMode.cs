namespace Gpu.Training.Loop;

/// <summary>How weight decay enters the update.</summary>
public enum DecayMode
{
    /// <summary>Coupled: the gradient gets weightDecay * w added, the derivative of weightDecay/2 * |w|^2.</summary>
    L2,

    /// <summary>Decoupled: the weight shrinks by learningRate * weightDecay * w beside the update, as in AdamW.</summary>
    Decoupled,
}

/// <summary>Which parameters decay.</summary>
public enum DecayTarget
{
    /// <summary>Weights of convolution and dense layers; biases and batch-normalisation parameters do not.</summary>
    Weights,

    /// <summary>Every parameter, as PyTorch does when one weight decay is given for the whole network.</summary>
    All,
}
