namespace Gpu.Training.Initialization;

/// <summary>
/// The distribution of the initial values of a parameter. fanIn is the number of inputs of one output, fanOut the number of outputs of one input.
/// </summary>
public enum Initializer
{
    /// <summary>
    /// Chosen by the activation of the layer: <see cref="GlorotUniform"/> for sigmoid and tanh, <see cref="PyTorch"/> without an activation, otherwise
    /// <see cref="HeUniform"/>. Biases are 0.
    /// </summary>
    Auto,

    /// <summary>Uniform in +-sqrt(6 / fanIn). Source: He et al., "Delving deep into rectifiers", 2015.</summary>
    HeUniform,

    /// <summary>Normal with mean 0 and variance 2 / fanIn. Source: He et al., 2015.</summary>
    HeNormal,

    /// <summary>
    /// Uniform in +-sqrt(6 / (fanIn + fanOut)). Source: Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks", 2010.
    /// </summary>
    GlorotUniform,

    /// <summary>Normal with mean 0 and variance 2 / (fanIn + fanOut). Source: Glorot and Bengio, 2010.</summary>
    GlorotNormal,

    /// <summary>Uniform in +-1 / sqrt(fanIn) for weights and biases: the default of PyTorch (kaiming_uniform_ with a = sqrt(5)).</summary>
    PyTorch,

    /// <summary>All 0.</summary>
    Zeros,

    /// <summary>All 1.</summary>
    Ones,

    /// <summary>
    /// For convolutions. Within each group the first filters, one for each input channel, are the identity: 1 for that channel at the center of the kernel,
    /// else 0. The others are as for <see cref="PyTorch"/>. Biases are 0. Sources: Zagoruyko and Komodakis, "DiracNets", 2017; Jordan, "94% on CIFAR-10 in
    /// 3.29 seconds on a single GPU", 2024.
    /// </summary>
    Dirac,
}
