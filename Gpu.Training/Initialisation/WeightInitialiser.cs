using Gpu.Kernels.Activations;

namespace Gpu.Training.Initialisation;

/// <summary>What <see cref="Initialiser.Auto"/> stands for.</summary>
internal static class WeightInitialiser
{
    /// <summary>The initialiser of a layer's weights.</summary>
    /// <param name="chosen">what the layer says</param>
    /// <param name="activation">the layer's own activation</param>
    /// <param name="withoutActivation">what to take where the layer has none: what comes after it is not known</param>
    public static Initialiser Choose(Initialiser chosen, Activation activation, Initialiser withoutActivation)
    {
        if (chosen != Initialiser.Auto) return chosen;
        return activation.Kind switch
        {
            ActivationKind.Identity => withoutActivation,
            ActivationKind.Sigmoid or ActivationKind.Tanh => Initialiser.GlorotUniform,
            _ => Initialiser.HeUniform,
        };
    }

    /// <summary>Biases begin at 0, except in PyTorch.</summary>
    public static Initialiser ForBias(Initialiser chosen) => chosen == Initialiser.PyTorch ? Initialiser.PyTorch : Initialiser.Zeros;
}
