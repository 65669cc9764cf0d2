namespace Gpu.Kernels;

/// <summary>The activation functions.</summary>
public enum ActivationKind
{
    /// <summary>f(x) = x.</summary>
    Identity,

    /// <summary>max(x, 0).</summary>
    Relu,

    /// <summary>x for x above 0, otherwise slope * x.</summary>
    LeakyRelu,

    /// <summary>1 / (1 + e^-x).</summary>
    Sigmoid,

    /// <summary>The hyperbolic tangent.</summary>
    Tanh,

    /// <summary>x * Phi(x), Phi the distribution function of the normal distribution (the exact form, by erf).</summary>
    Gelu,

    /// <summary>x / (1 + e^-x), also called swish.</summary>
    Silu,
}

/// <summary>An activation function and its parameter.</summary>
/// <param name="Kind">the function</param>
/// <param name="Slope">the slope of <see cref="ActivationKind.LeakyRelu"/> below zero, above 0; ignored by the others</param>
public readonly record struct Activation(ActivationKind Kind, float Slope = 0.01f)
{
    /// <summary>f(x) = x.</summary>
    public static Activation None => new(ActivationKind.Identity);

    /// <summary>max(x, 0).</summary>
    public static Activation Relu => new(ActivationKind.Relu);

    /// <summary>
    /// True when the derivative can be computed from the function's value, so that the value alone need be kept for the backward pass
    /// and a kernel that knows it can apply the derivative on the way. False for GELU and SiLU, which are not monotonic.
    /// </summary>
    public bool DerivativeFromOutput => Kind is not (ActivationKind.Gelu or ActivationKind.Silu);

    /// <summary>Checks that the activation can be a gate: its derivative is computed from its value.</summary>
    /// <exception cref="ArgumentException">it cannot</exception>
    public void RequireDerivativeFromOutput()
    {
        if (!DerivativeFromOutput) throw new ArgumentException($"the derivative of {Kind} cannot be computed from its value; run its backward pass as an operation of its own");
    }
}
