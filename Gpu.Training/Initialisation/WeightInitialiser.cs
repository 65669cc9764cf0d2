using Gpu.Kernels.Activations;

namespace Gpu.Training.Initialisation;

/// <summary>What <see cref="Initialiser.Auto"/> stands for.</summary>
internal static class WeightInitialiser
{
    /// <summary>The initialiser of a layer's weights.</summary>
    /// <param name="chosen">what the layer says</param>
    /// <param name="activation">the layer's own activation</param>
    public static Initialiser Choose(Initialiser chosen, Activation activation)
    {
        if (chosen != Initialiser.Auto) return chosen;
        return activation.Kind switch
        {
            // Logits that begin small, and weights before batch normalisation that begin short: it takes their length away again, and the longer they
            // are, the less a step turns them. PyTorch's range reached a lower loss there than He's and Glorot's.
            ActivationKind.Identity => Initialiser.PyTorch,
            ActivationKind.Sigmoid or ActivationKind.Tanh => Initialiser.GlorotUniform,
            _ => Initialiser.HeUniform,
        };
    }

    /// <summary>Biases begin at 0, except in PyTorch.</summary>
    public static Initialiser ForBias(Initialiser chosen) => chosen == Initialiser.PyTorch ? Initialiser.PyTorch : Initialiser.Zeros;
}
