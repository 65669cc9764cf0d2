using Gpu.Kernels;

namespace Gpu.Training.Loop;

/// <summary>An optimizer with its hyperparameters. Those that the chosen optimizer does not have are ignored.</summary>
public sealed record OptimizerOptions
{
    /// <summary>The update rule.</summary>
    public OptimizerKind Kind { get; init; } = OptimizerKind.Adam;

    /// <summary>Base learning rate, above 0; schedule and warm-up multiply it.</summary>
    public float LearningRate { get; init; } = 1e-3f;

    /// <summary>Momentum, 0 &lt;= x &lt; 1: used by momentum and Nesterov, and by RMSprop if not 0.</summary>
    public double Momentum { get; init; } = 0.9;

    /// <summary>Decay rate of the first moment (mean of the gradients), 0 &lt;= x &lt; 1: Adam, AdamW, Lion.</summary>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>
    /// Decay rate of the second moment (mean of the squared gradients), 0 &lt;= x &lt; 1: Adam, AdamW; the second coefficient of Lion; alpha of RMSprop.
    /// </summary>
    public double Beta2 { get; init; } = 0.999;

    /// <summary>Added to the square root of the second moment for numerical stability, above 0: Adam, AdamW, RMSprop.</summary>
    public double Epsilon { get; init; } = 1e-8;

    /// <summary>Weight decay coefficient, 0 or more; 0 for none.</summary>
    public float WeightDecay { get; init; }

    /// <summary>How weight decay is applied.</summary>
    public DecayMode DecayMode { get; init; } = DecayMode.L2;

    /// <summary>Which parameters weight decay and the L1 penalty apply to.</summary>
    public DecayTarget DecayOn { get; init; } = DecayTarget.Weights;

    /// <summary>What <see cref="WeightDecay"/> means.</summary>
    public DecayConvention DecayConvention { get; init; }

    /// <summary>What decoupled decay is multiplied by in each step.</summary>
    public DecaySchedule DecaySchedule { get; init; }

    /// <summary>Whether decoupled decay applies only where the update moves a weight towards 0, too (<see cref="OptimizerSettings.CautiousDecay"/>).</summary>
    public bool CautiousDecay { get; init; }

    /// <summary>Coefficient of the L1 penalty l1 * |w|, 0 or more. Applies to the parameters of <see cref="DecayOn"/>.</summary>
    public float L1 { get; init; }

    /// <summary>How the L1 penalty is applied.</summary>
    public L1Mode L1Mode { get; init; }

    /// <summary>
    /// Largest L2 norm of the incoming weights of each unit of a dense layer, and of each filter of a convolution (<see cref="WeightConstraints.MaxNorm"/>);
    /// 0 for none.
    /// </summary>
    public float MaxNorm { get; init; }

    /// <summary>Largest singular value of the weights of dense layers and convolutions (<see cref="WeightConstraints.SpectralNorm"/>); 0 for none.</summary>
    public float SpectralNorm { get; init; }

    /// <summary>The default hyperparameters of an optimizer (PyTorch's; for Lion those of its paper), with a suitable learning rate.</summary>
    public static OptimizerOptions DefaultsFor(OptimizerKind kind) => kind switch
    {
        OptimizerKind.Sgd => new() { Kind = kind, LearningRate = 0.1f, Momentum = 0 },
        OptimizerKind.Momentum or OptimizerKind.Nesterov => new() { Kind = kind, LearningRate = 0.05f },
        OptimizerKind.RmsProp => new() { Kind = kind, Momentum = 0, Beta2 = 0.99 },
        OptimizerKind.AdamW => new() { Kind = kind, DecayMode = DecayMode.Decoupled, WeightDecay = 0.01f },
        OptimizerKind.Lion => new() { Kind = kind, LearningRate = 1e-4f, Beta2 = 0.99, DecayMode = DecayMode.Decoupled },
        _ => new() { Kind = kind },
    };

    /// <summary>Settings of the fused optimizer kernel.</summary>
    /// <param name="ema">Decay of the exponential moving average of the parameters; null for none.</param>
    internal OptimizerSettings Settings(float? ema) => new()
    {
        Kind = Kind,
        Momentum = Momentum,
        Alpha = Beta2,
        Beta1 = Beta1,
        Beta2 = Beta2,
        Epsilon = Epsilon,
        EmaDecay = ema,
        CautiousDecay = CautiousDecay,
    };
}
