namespace Gpu.Training.Initialization;

/// <summary>How the initial values of a parameter are drawn. fanIn and fanOut are the numbers of terms that meet in one output and in one input.</summary>
public enum Initializer
{
    /// <summary>
    /// As suits the layer's activation: <see cref="HeUniform"/> for ReLU and its kin, <see cref="GlorotUniform"/> for sigmoid and tanh, and without one
    /// the weights of <see cref="PyTorch"/>. Biases begin at 0.
    /// </summary>
    Auto,

    /// <summary>Uniform in +-sqrt(6 / fanIn). He et al., "Delving deep into rectifiers", 2015.</summary>
    HeUniform,

    /// <summary>Normal with variance 2 / fanIn. He et al., 2015.</summary>
    HeNormal,

    /// <summary>Uniform in +-sqrt(6 / (fanIn + fanOut)). Glorot and Bengio, 2010.</summary>
    GlorotUniform,

    /// <summary>Normal with variance 2 / (fanIn + fanOut). Glorot and Bengio, 2010.</summary>
    GlorotNormal,

    /// <summary>Uniform in +-1 / sqrt(fanIn), for weights and biases: what PyTorch does (kaiming_uniform with a = sqrt 5).</summary>
    PyTorch,

    /// <summary>All 0.</summary>
    Zeros,

    /// <summary>All 1.</summary>
    Ones,
}
