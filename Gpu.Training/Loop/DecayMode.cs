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

/// <summary>What the coefficient lambda of weight decay means.</summary>
public enum DecayConvention
{
    /// <summary>The penalty is lambda/2 * |w|^2, and its gradient lambda * w, as in PyTorch.</summary>
    Half,

    /// <summary>The penalty is lambda * |w|^2, and its gradient 2 * lambda * w, as in l2(lambda) of Keras.</summary>
    Full,
}

/// <summary>What decoupled weight decay is multiplied by in each step. Source: Loshchilov and Hutter, "Decoupled weight decay regularization", 2019.</summary>
public enum DecaySchedule
{
    /// <summary>By the learning rate of the step, as in PyTorch's AdamW: w -= rate_t * decay * w.</summary>
    Rate,

    /// <summary>By the factor of the schedule alone, as in the paper: w -= eta_t * decay * w, with rate_t = eta_t * base learning rate.</summary>
    Schedule,

    /// <summary>By nothing: w -= decay * w.</summary>
    Constant,
}

/// <summary>How the L1 penalty is applied.</summary>
public enum L1Mode
{
    /// <summary>Adds l1 * sign(w) to the gradient. Weights oscillate around 0, and hardly any is exactly 0.</summary>
    Subgradient,

    /// <summary>Moves the weights by learningRate * l1 towards 0 after the step (soft threshold). Weights become exactly 0.</summary>
    Proximal,
}
