namespace Gpu.Kernels;

/// <summary>The update rules. p is a parameter, g its gradient and lr the learning rate.</summary>
public enum OptimizerKind
{
    /// <summary>Stochastic gradient descent: p -= lr g.</summary>
    Sgd,

    /// <summary>SGD with momentum: m = mu m + g; p -= lr m.</summary>
    Momentum,

    /// <summary>SGD with Nesterov momentum: m = mu m + g; p -= lr (g + mu m).</summary>
    Nesterov,

    /// <summary>RMSprop: v = alpha v + (1 - alpha) g^2; p -= lr g / (sqrt v + eps). With momentum: m = mu m + g / (sqrt v + eps); p -= lr m.</summary>
    RmsProp,

    /// <summary>
    /// Adam: m = b1 m + (1 - b1) g; v = b2 v + (1 - b2) g^2; p -= lr / (1 - b1^t) m / (sqrt(v / (1 - b2^t)) + eps), where t is the step number. Usually with
    /// coupled weight decay.
    /// </summary>
    Adam,

    /// <summary>The rule of Adam. Usually with decoupled weight decay.</summary>
    AdamW,

    /// <summary>Lion: p -= lr sign(b1 m + (1 - b1) g); m = b2 m + (1 - b2) g. Usually with decoupled weight decay.</summary>
    Lion,
}

/// <summary>
/// An update rule and its constants. What differs between parameters (weight decay, learning-rate factor) is in <see cref="SegmentFactors"/>. What differs
/// between steps (learning rate, gradient scale, step number) is in <see cref="StepStateLayout"/>.
/// </summary>
public sealed record OptimizerSettings
{
    /// <summary>The update rule.</summary>
    public OptimizerKind Kind { get; init; } = OptimizerKind.Sgd;

    /// <summary>
    /// mu of <see cref="OptimizerKind.Momentum"/>, <see cref="OptimizerKind.Nesterov"/> and <see cref="OptimizerKind.RmsProp"/>, at least 0 and below 1.
    /// </summary>
    public double Momentum { get; init; }

    /// <summary>alpha of <see cref="OptimizerKind.RmsProp"/>, the decay of the mean square, at least 0 and below 1.</summary>
    public double Alpha { get; init; } = 0.99;

    /// <summary>b1 of Adam, AdamW and Lion, at least 0 and below 1.</summary>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>b2 of Adam, AdamW and Lion, at least 0 and below 1.</summary>
    public double Beta2 { get; init; } = 0.999;

    /// <summary>eps of RMSprop, Adam and AdamW, added after the square root; at least 0.</summary>
    public double Epsilon { get; init; } = 1e-8;

    /// <summary>
    /// d of the exponential moving average of the parameters, a = d a + (1 - d) p, which the same launch updates; at least 0 and below 1. Null for no average.
    /// In the first steps d is smaller, so that the initial parameters are soon forgotten: it is min(d, (1 + t) / (10 + t)) with the step number t, as in
    /// TensorFlow's ExponentialMovingAverage (num_updates).
    /// </summary>
    public double? EmaDecay { get; init; }

    /// <summary>
    /// Cautious weight decay: decoupled and constant decay apply only where update and decay have the same direction, u p &gt;= 0 for a rule p -= u. Source:
    /// Chen et al., "Cautious Weight Decay", 2025, after the cautious optimizers of Liang et al., 2024.
    /// </summary>
    public bool CautiousDecay { get; init; }

    /// <summary>True for AdamW and Lion, whose papers use decoupled weight decay.</summary>
    public bool DecouplesDecay => Kind is OptimizerKind.AdamW or OptimizerKind.Lion;

    /// <summary>Words of state per parameter: 0, 1 or 2.</summary>
    public int StatesPerParameter => Kind switch
    {
        OptimizerKind.Sgd => 0,
        OptimizerKind.Momentum or OptimizerKind.Nesterov or OptimizerKind.Lion => 1,
        OptimizerKind.RmsProp => Momentum > 0 ? 2 : 1,
        _ => 2,
    };

    /// <summary>Plain gradient descent.</summary>
    public static OptimizerSettings Sgd() => new();

    /// <summary>Gradient descent with momentum. Source: B. Polyak, 1964; the same as PyTorch's SGD without dampening.</summary>
    /// <param name="momentum">mu</param>
    public static OptimizerSettings WithMomentum(double momentum = 0.9) => new() { Kind = OptimizerKind.Momentum, Momentum = momentum };

    /// <summary>Gradient descent with Nesterov momentum. Source: Sutskever et al., ICML 2013; the same as PyTorch's SGD(nesterov=True).</summary>
    /// <param name="momentum">mu</param>
    public static OptimizerSettings Nesterov(double momentum = 0.9) => new() { Kind = OptimizerKind.Nesterov, Momentum = momentum };

    /// <summary>RMSprop. Source: G. Hinton, Coursera lecture 6e, 2012; the same as PyTorch's RMSprop.</summary>
    /// <param name="alpha">the decay of the mean square</param>
    /// <param name="epsilon">added after the square root</param>
    /// <param name="momentum">mu; 0 for none</param>
    public static OptimizerSettings RmsProp(double alpha = 0.99, double epsilon = 1e-8, double momentum = 0) =>
        new() { Kind = OptimizerKind.RmsProp, Alpha = alpha, Epsilon = epsilon, Momentum = momentum };

    /// <summary>Adam. Source: Kingma and Ba, ICLR 2015.</summary>
    /// <param name="beta1">the decay of the first moment</param>
    /// <param name="beta2">the decay of the second moment</param>
    /// <param name="epsilon">added after the square root</param>
    public static OptimizerSettings Adam(double beta1 = 0.9, double beta2 = 0.999, double epsilon = 1e-8) =>
        new() { Kind = OptimizerKind.Adam, Beta1 = beta1, Beta2 = beta2, Epsilon = epsilon };

    /// <summary>AdamW. Source: Loshchilov and Hutter, ICLR 2019.</summary>
    /// <param name="beta1">the decay of the first moment</param>
    /// <param name="beta2">the decay of the second moment</param>
    /// <param name="epsilon">added after the square root</param>
    public static OptimizerSettings AdamW(double beta1 = 0.9, double beta2 = 0.999, double epsilon = 1e-8) =>
        new() { Kind = OptimizerKind.AdamW, Beta1 = beta1, Beta2 = beta2, Epsilon = epsilon };

    /// <summary>Lion. Source: Chen et al., "Symbolic Discovery of Optimization Algorithms", 2023.</summary>
    /// <param name="beta1">b1, which blends momentum and gradient for the update</param>
    /// <param name="beta2">b2, the decay of the momentum</param>
    public static OptimizerSettings Lion(double beta1 = 0.9, double beta2 = 0.99) => new() { Kind = OptimizerKind.Lion, Beta1 = beta1, Beta2 = beta2 };

    /// <summary>Words of the optimizer state: the first states of all parameters, then the second ones.</summary>
    /// <param name="arenaLength">words of the parameter arena</param>
    public int StateLength(int arenaLength) => ShapeLimits.Length("the optimizer state", StatesPerParameter, arenaLength);

    /// <summary>Checks the constants.</summary>
    /// <exception cref="ArgumentOutOfRangeException">a constant is out of range; the message names it</exception>
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
