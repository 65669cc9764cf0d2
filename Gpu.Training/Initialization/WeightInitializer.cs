using Gpu.Kernels;
using Gpu.Training.Models;

namespace Gpu.Training.Initialization;

/// <summary>Resolves <see cref="Initializer.Auto"/>.</summary>
internal static class WeightInitializer
{
    /// <summary>The initializer of a layer's weights.</summary>
    /// <param name="chosen">the initializer of the layer</param>
    /// <param name="activation">the activation of the layer</param>
    public static Initializer Choose(Initializer chosen, Activation activation)
    {
        if (chosen != Initializer.Auto) return chosen;
        return activation.Kind switch
        {
            // Layers without an activation compute logits, or precede batch normalization. Logits should start small. Batch normalization removes the scale
            // of the weights, and the larger their norm, the less a step changes their direction, so they should start small too. There, the range of PyTorch
            // reached a lower loss than those of He and Glorot.
            ActivationKind.Identity => Initializer.PyTorch,
            ActivationKind.Sigmoid or ActivationKind.Tanh => Initializer.GlorotUniform,
            _ => Initializer.HeUniform,
        };
    }

    /// <summary>Refuses the initializer of convolutions for another layer.</summary>
    /// <exception cref="ShapeException">the initializer is <see cref="Initializer.Dirac"/></exception>
    public static void RefuseDirac(Initializer chosen)
    {
        if (chosen == Initializer.Dirac) throw new ShapeException("its initializer is dirac, which only a convolution can have. Choose another one.");
    }

    /// <summary>The initializer of a layer's biases: 0, unless the initializer is PyTorch.</summary>
    public static Initializer ForBias(Initializer chosen) => chosen == Initializer.PyTorch ? Initializer.PyTorch : Initializer.Zeros;
}
