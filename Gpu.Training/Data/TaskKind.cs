namespace Gpu.Training.Data;

/// <summary>What a network is trained to predict.</summary>
public enum TaskKind
{
    /// <summary>One of several classes; softmax cross-entropy on one output per class.</summary>
    Classification,

    /// <summary>One of two classes, by one output; binary cross-entropy on a logit, or mean squared error on a probability.</summary>
    Binary,

    /// <summary>A number; mean squared error.</summary>
    Regression,

    /// <summary>One of several classes for each pixel of an image; a loss on one output per pixel and class.</summary>
    Segmentation,

    /// <summary>The image itself, through fewer numbers than it has; a loss on the difference of each pixel value.</summary>
    Autoencoding,

    /// <summary>Images like those of the data set, from noise: a generator and a discriminator, trained against each other.</summary>
    Generation,
}
