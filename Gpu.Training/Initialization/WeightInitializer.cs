using Gpu.Kernels;

namespace Gpu.Training.Initialization;

/// <summary>What <see cref="Initializer.Auto"/> stands for.</summary>
internal static class WeightInitializer
{
    /// <summary>The initializer of a layer's weights.</summary>
    /// <param name="chosen">what the layer says</param>
    /// <param name="activation">the layer's own activation</param>
    public static Initializer Choose(Initializer chosen, Activation activation)
    {
        if (chosen != Initializer.Auto) return chosen;
        return activation.Kind switch
        {
            // Logits that begin small, and weights before batch normalisation that begin short: it takes their length away again, and the longer they
            // are, the less a step turns them. PyTorch's range reached a lower loss there than He's and Glorot's.
            ActivationKind.Identity => Initializer.PyTorch,
            ActivationKind.Sigmoid or ActivationKind.Tanh => Initializer.GlorotUniform,
            _ => Initializer.HeUniform,
        };
    }

    /// <summary>Biases begin at 0, except in PyTorch.</summary>
    public static Initializer ForBias(Initializer chosen) => chosen == Initializer.PyTorch ? Initializer.PyTorch : Initializer.Zeros;
}
