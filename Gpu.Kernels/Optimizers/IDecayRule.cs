namespace Gpu.Kernels.Optimizers;

/// <summary>Where decoupled decay applies, as a type, so that the optimizer kernel is compiled for it.</summary>
internal interface IDecayRule
{
    /// <summary>True if decay applies only where the update moves the parameter towards zero, too.</summary>
    static abstract bool IsCautious { get; }
}

/// <summary>To all parameters.</summary>
internal readonly struct UniformDecay : IDecayRule
{
    /// <inheritdoc/>
    public static bool IsCautious => false;
}

/// <summary>Where update and decay have the same direction. Source: Chen et al., "Cautious Weight Decay", 2025.</summary>
internal readonly struct CautiousDecay : IDecayRule
{
    /// <inheritdoc/>
    public static bool IsCautious => true;
}
