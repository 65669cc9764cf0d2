namespace Gpu.Training.Weights;

/// <summary>The names and layouts of the tensors in a weight file.</summary>
public enum WeightLayout
{
    /// <summary>Those of this library: convolution weights [kernel height, kernel width, in / groups, out], dense weights [in, out].</summary>
    Native,

    /// <summary>
    /// Those of PyTorch: convolution weights [out, in / groups, kernel height, kernel width], linear weights [out, in], whose inputs after a flatten are in the
    /// order channel, height, width; weight, bias, running_mean and running_var of batch normalization. Layers are matched in order: the convolutions of the
    /// file, sorted by name with numbers in numeric order, with those of the network; likewise linear layers and batch normalizations.
    /// </summary>
    Torch,
}
