namespace Gpu.Kernels;

/// <summary>The update rules.</summary>
public enum OptimizerKind
{
    /// <summary>Stochastic gradient descent: p -= lr g.</summary>
    Sgd,

    /// <summary>SGD with momentum: m = mu m + g; p -= lr m.</summary>
    Momentum,

    /// <summary>SGD with Nesterov momentum: m = mu m + g; p -= lr (g + mu m).</summary>
    Nesterov,

    /// <summary>RMSprop: v = alpha v + (1 - alpha) g^2; p -= lr g / (sqrt v + eps), with momentum if it is not 0.</summary>
    RmsProp,

    /// <summary>Adam; weight decay is meant to be coupled.</summary>
    Adam,

    /// <summary>Adam's rule; weight decay is meant to be decoupled.</summary>
    AdamW,

    /// <summary>Lion: p -= lr sign(b1 m + (1 - b1) g); m = b2 m + (1 - b2) g; weight decay is meant to be decoupled.</summary>
    Lion,
}

/// <summary>
/// An update rule and its constants. What differs from one parameter to the next (weight decay, factor of the learning rate) is in
/// <see cref="SegmentFactors"/>; what differs from step to step (learning rate, gradient scale, step number) in <see cref="StepStateLayout"/>.
/// </summary>
public sealed record OptimizerSettings
{
    /// <summary>The rule.</summary>
    public OptimizerKind Kind { get; init; } = OptimizerKind.Sgd;

    /// <summary>mu of <see cref="OptimizerKind.Momentum"/>, <see cref="OptimizerKind.Nesterov"/> and <see cref="OptimizerKind.RmsProp"/>, from 0 up to 1.</summary>
    public double Momentum { get; init; }

    /// <summary>alpha of <see cref="OptimizerKind.RmsProp"/>: how much of the mean square is kept a step, from 0 up to 1.</summary>
    public double Alpha { get; init; } = 0.99;

    /// <summary>b1 of Adam, AdamW and Lion, from 0 up to 1.</summary>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>b2 of Adam, AdamW and Lion, from 0 up to 1.</summary>
    public double Beta2 { get; init; } = 0.999;

    /// <summary>eps of RMSprop, Adam and AdamW, outside of the square root.</summary>
    public double Epsilon { get; init; } = 1e-8;

    /// <summary>d of the average of the parameters a = d a + (1 - d) p, kept beside them in the same pass; none when there is no such average.</summary>
    public double? EmaDecay { get; init; }

    /// <summary>True for the rules whose authors mean weight decay to be decoupled: AdamW and Lion.</summary>
    public bool DecouplesDecay => Kind is OptimizerKind.AdamW or OptimizerKind.Lion;

    /// <summary>Numbers of state that the rule keeps for each parameter: 0, 1 or 2.</summary>
    public int StatesPerParameter => Kind switch
    {
        OptimizerKind.Sgd => 0,
        OptimizerKind.Momentum or OptimizerKind.Nesterov or OptimizerKind.Lion => 1,
        OptimizerKind.RmsProp => Momentum > 0 ? 2 : 1,
        _ => 2,
    };

    /// <summary>Plain gradient descent.</summary>
    public static OptimizerSettings Sgd() => new();

    /// <summary>Gradient descent with momentum; source: B. Polyak, 1964, as PyTorch's SGD without dampening.</summary>
    public static OptimizerSettings WithMomentum(double momentum = 0.9) => new() { Kind = OptimizerKind.Momentum, Momentum = momentum };

    /// <summary>Gradient descent with Nesterov's momentum; source: Sutskever et al., ICML 2013, as PyTorch's SGD(nesterov=True).</summary>
    public static OptimizerSettings Nesterov(double momentum = 0.9) => new() { Kind = OptimizerKind.Nesterov, Momentum = momentum };

    /// <summary>RMSprop; source: G. Hinton, Coursera lecture 6e, 2012, as PyTorch's RMSprop.</summary>
    public static OptimizerSettings RmsProp(double alpha = 0.99, double epsilon = 1e-8, double momentum = 0) =>
        new() { Kind = OptimizerKind.RmsProp, Alpha = alpha, Epsilon = epsilon, Momentum = momentum };

    /// <summary>Adam; source: Kingma and Ba, ICLR 2015.</summary>
    public static OptimizerSettings Adam(double beta1 = 0.9, double beta2 = 0.999, double epsilon = 1e-8) =>
        new() { Kind = OptimizerKind.Adam, Beta1 = beta1, Beta2 = beta2, Epsilon = epsilon };

    /// <summary>AdamW; source: Loshchilov and Hutter, ICLR 2019.</summary>
    public static OptimizerSettings AdamW(double beta1 = 0.9, double beta2 = 0.999, double epsilon = 1e-8) =>
        new() { Kind = OptimizerKind.AdamW, Beta1 = beta1, Beta2 = beta2, Epsilon = epsilon };

    /// <summary>Lion; source: Chen et al., "Symbolic Discovery of Optimization Algorithms", 2023.</summary>
    public static OptimizerSettings Lion(double beta1 = 0.9, double beta2 = 0.99) => new() { Kind = OptimizerKind.Lion, Beta1 = beta1, Beta2 = beta2 };

    /// <summary>Words of the state view for an arena of so many words: the first numbers of all parameters, then the second ones.</summary>
    public int StateLength(int arenaLength) => checked(StatesPerParameter * arenaLength);

    /// <summary>Checks the constants.</summary>
    /// <exception cref="ArgumentOutOfRangeException">one of them lies outside its range; the message names it</exception>
    public void Validate()
    {
        if (!Enum.IsDefined(Kind)) throw new ArgumentOutOfRangeException(nameof(Kind), Kind, "not an update rule");
        RequireFraction(Momentum, nameof(Momentum));
        RequireFraction(Alpha, nameof(Alpha));
        RequireFraction(Beta1, nameof(Beta1));
        RequireFraction(Beta2, nameof(Beta2));
        if (EmaDecay is { } decay) RequireFraction(decay, nameof(EmaDecay));
        if (!(Epsilon >= 0)) throw new ArgumentOutOfRangeException(nameof(Epsilon), Epsilon, "epsilon must be 0 or more");
    }

    private static void RequireFraction(double value, string name)
    {
        if (value is not (>= 0 and < 1)) throw new ArgumentOutOfRangeException(name, value, $"{name} must be at least 0 and below 1");
    }
}
