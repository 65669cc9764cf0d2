using Gpu.Kernels.Activations;

namespace Gpu.Kernels;

/// <summary>The activation functions.</summary>
public enum ActivationKind
{
    /// <summary>f(x) = x.</summary>
    Identity,

    /// <summary>max(x, 0).</summary>
    Relu,

    /// <summary>x if x &gt; 0, otherwise slope * x.</summary>
    LeakyRelu,

    /// <summary>1 / (1 + e^-x).</summary>
    Sigmoid,

    /// <summary>tanh(x).</summary>
    Tanh,

    /// <summary>x * Phi(x), where Phi is the standard normal distribution function. The exact form with erf, not the tanh approximation.</summary>
    Gelu,

    /// <summary>x * sigmoid(x) = x / (1 + e^-x), also called swish.</summary>
    Silu,

    /// <summary>log(1 + e^x), a smooth form of ReLU.</summary>
    Softplus,
}

/// <summary>An activation function with its parameter.</summary>
/// <param name="Kind">the function</param>
/// <param name="Slope">the slope of <see cref="ActivationKind.LeakyRelu"/> for negative x, above 0; the other functions ignore it</param>
/// <remarks>
/// Backward operations take an optional activation named <c>gate</c>. It is the activation that produced the forward input, x = gate(z). With a gate the
/// operation multiplies its gradient by gate'(z), so it returns the gradient with respect to z and the activation needs no backward pass of its own. The
/// derivative is computed from x, so only activations with <see cref="DerivativeFromOutput"/> can be gates.
/// </remarks>
public readonly record struct Activation(ActivationKind Kind, float Slope = 0.01f)
{
    /// <summary>f(x) = x: no activation, and as a gate no gate.</summary>
    public static Activation None => new(ActivationKind.Identity);

    /// <summary>max(x, 0).</summary>
    public static Activation Relu => new(ActivationKind.Relu);

    /// <summary>
    /// Whether f'(x) can be computed from the output f(x). If so, the backward pass needs only the output, and the activation can be a gate. False for
    /// activations that are not monotonic, such as GELU.
    /// </summary>
    public bool DerivativeFromOutput => Properties.FromOutput;

    /// <summary>Whether f'(x) can be computed from the sign of the output f(x), as for ReLU.</summary>
    public bool DerivativeFromSign => Properties.FromSign;

    private PropertiesCall Properties
    {
        get
        {
            var call = new PropertiesCall();
            ActivationDispatch.Call(Kind, ref call);
            return call;
        }
    }

    /// <summary>Checks that the activation can be a gate.</summary>
    /// <exception cref="ArgumentException"><see cref="DerivativeFromOutput"/> is false</exception>
    public void RequireDerivativeFromOutput()
    {
        if (!DerivativeFromOutput)
            throw new ArgumentException($"the derivative of {Kind} cannot be computed from its output; run its backward pass as a separate operation");
    }

    private struct PropertiesCall : IActivationCall
    {
        public bool FromOutput { get; private set; }

        public bool FromSign { get; private set; }

        public void Invoke<TActivation>()
            where TActivation : struct, IActivation
        {
            FromOutput = TActivation.DerivativeFromOutput;
            FromSign = TActivation.DerivativeFromSign;
        }
    }
}
