using Gpu.Kernels;

namespace Gpu.Training.Loop;

/// <summary>An optimizer with its numbers. What does not belong to the chosen one is ignored.</summary>
public sealed record OptimizerOptions
{
    /// <summary>Which optimizer.</summary>
    public OptimizerKind Kind { get; init; } = OptimizerKind.Adam;

    /// <summary>The learning rate, above 0, before schedule and warm-up.</summary>
    public float LearningRate { get; init; } = 1e-3f;

    /// <summary>Share of the old direction, 0 up to 1: momentum and Nesterov; RMSprop where not 0.</summary>
    public double Momentum { get; init; } = 0.9;

    /// <summary>Decay of the mean of gradients, 0 up to 1: Adam, AdamW, Lion.</summary>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>Decay of the mean of squared gradients, 0 up to 1: Adam, AdamW; Lion's second coefficient; RMSprop's alpha.</summary>
    public double Beta2 { get; init; } = 0.999;

    /// <summary>What is added to the root of the squared gradients: Adam, AdamW, RMSprop.</summary>
    public double Epsilon { get; init; } = 1e-8;

    /// <summary>Weight decay, 0 for none.</summary>
    public float WeightDecay { get; init; }

    /// <summary>How the decay enters.</summary>
    public DecayMode DecayMode { get; init; } = DecayMode.L2;

    /// <summary>What decays.</summary>
    public DecayTarget DecayOn { get; init; } = DecayTarget.Weights;

    /// <summary>Factor of the L1 penalty, whose gradient is l1 * sign(w); 0 for none. On the parameters that decay.</summary>
    public float L1 { get; init; }

    /// <summary>The customary numbers of an optimizer (those of PyTorch, for Lion those of its paper), with a learning rate that suits it.</summary>
    public static OptimizerOptions DefaultsFor(OptimizerKind kind) => kind switch
    {
        OptimizerKind.Sgd => new() { Kind = kind, LearningRate = 0.1f, Momentum = 0 },
        OptimizerKind.Momentum or OptimizerKind.Nesterov => new() { Kind = kind, LearningRate = 0.05f },
        OptimizerKind.RmsProp => new() { Kind = kind, Momentum = 0, Beta2 = 0.99 },
        OptimizerKind.AdamW => new() { Kind = kind, DecayMode = DecayMode.Decoupled, WeightDecay = 0.01f },
        OptimizerKind.Lion => new() { Kind = kind, LearningRate = 1e-4f, Beta2 = 0.99, DecayMode = DecayMode.Decoupled },
        _ => new() { Kind = kind },
    };

    /// <summary>What the fused optimizer takes.</summary>
    internal OptimizerSettings Settings(float? ema) => new()
    {
        Kind = Kind,
        Momentum = Momentum,
        Alpha = Beta2,
        Beta1 = Beta1,
        Beta2 = Beta2,
        Epsilon = Epsilon,
        EmaDecay = ema,
    };

    /// <summary>What it does to a parameter that decays by default, or does not.</summary>
    internal SegmentFactors Factors(bool decays)
    {
        if (!decays && DecayOn == DecayTarget.Weights) return SegmentFactors.Default;
        return new SegmentFactors
        {
            CoupledDecay = DecayMode == DecayMode.L2 ? WeightDecay : 0,
            DecoupledDecay = DecayMode == DecayMode.Decoupled ? WeightDecay : 0,
            L1Decay = L1,
        };
    }
}
