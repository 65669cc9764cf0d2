namespace Gpu.Training.Loop;

/// <summary>An optimizer with its numbers. What does not belong to the chosen one is ignored.</summary>
public sealed record OptimizerOptions
{
    /// <summary>Which optimizer.</summary>
    public OptimizerName Name { get; init; } = OptimizerName.Adam;

    /// <summary>The learning rate, above 0, before schedule and warm-up.</summary>
    public float LearningRate { get; init; } = 1e-3f;

    /// <summary>Share of the old direction, 0 up to 1: Momentum and Nesterov; RMSprop where not 0.</summary>
    public float Momentum { get; init; } = 0.9f;

    /// <summary>Decay of the mean of gradients, 0 up to 1: Adam, AdamW, Lion.</summary>
    public float Beta1 { get; init; } = 0.9f;

    /// <summary>Decay of the mean of squared gradients, 0 up to 1: Adam, AdamW; Lion's second coefficient; RMSprop's alpha.</summary>
    public float Beta2 { get; init; } = 0.999f;

    /// <summary>What is added to the root of the squared gradients: Adam, AdamW, RMSprop.</summary>
    public float Epsilon { get; init; } = 1e-8f;

    /// <summary>Weight decay, 0 for none.</summary>
    public float WeightDecay { get; init; }

    /// <summary>How the decay enters.</summary>
    public DecayMode DecayMode { get; init; } = DecayMode.L2;

    /// <summary>What decays.</summary>
    public DecayTarget DecayOn { get; init; } = DecayTarget.Weights;

    /// <summary>Factor of the L1 penalty, whose gradient is l1 * sign(w); 0 for none. On the parameters that decay.</summary>
    public float L1 { get; init; }

    /// <summary>The customary numbers of an optimizer (those of PyTorch, for Lion those of its paper), with a learning rate that suits it.</summary>
    public static OptimizerOptions Of(OptimizerName name) => name switch
    {
        OptimizerName.Sgd => new() { Name = name, LearningRate = 0.1f, Momentum = 0 },
        OptimizerName.Momentum or OptimizerName.Nesterov => new() { Name = name, LearningRate = 0.05f },
        OptimizerName.RmsProp => new() { Name = name, LearningRate = 1e-3f, Momentum = 0, Beta2 = 0.99f },
        OptimizerName.AdamW => new() { Name = name, DecayMode = DecayMode.Decoupled, WeightDecay = 0.01f },
        OptimizerName.Lion => new() { Name = name, LearningRate = 1e-4f, Beta2 = 0.99f, DecayMode = DecayMode.Decoupled },
        _ => new() { Name = name },
    };
}
