using Gpu.Kernels;

namespace Gpu.Cli.Checks.References;

/// <summary>The activation functions in double precision.</summary>
internal static class ActivationReference
{
    public static double Value(Activation activation, double x) => activation.Kind switch
    {
        ActivationKind.Identity => x,
        ActivationKind.Relu => Math.Max(x, 0),
        ActivationKind.LeakyRelu => x > 0 ? x : activation.Slope * x,
        ActivationKind.Sigmoid => Sigmoid(x),
        ActivationKind.Tanh => Math.Tanh(x),
        ActivationKind.Gelu => x * Normal(x),
        ActivationKind.Silu => x * Sigmoid(x),
        ActivationKind.Softplus => Softplus(x),
        _ => throw new ArgumentOutOfRangeException(nameof(activation)),
    };

    public static double Derivative(Activation activation, double x) => activation.Kind switch
    {
        ActivationKind.Identity => 1,
        ActivationKind.Relu => x > 0 ? 1 : 0,
        ActivationKind.LeakyRelu => x > 0 ? 1 : activation.Slope,
        ActivationKind.Sigmoid => Sigmoid(x) * (1 - Sigmoid(x)),
        ActivationKind.Tanh => 1 - Math.Tanh(x) * Math.Tanh(x),
        ActivationKind.Gelu => Normal(x) + x * Math.Exp(-x * x / 2) / Math.Sqrt(2 * Math.PI),
        ActivationKind.Silu => Sigmoid(x) + x * Sigmoid(x) * (1 - Sigmoid(x)),
        ActivationKind.Softplus => Sigmoid(x),
        _ => throw new ArgumentOutOfRangeException(nameof(activation)),
    };

    /// <summary>The cumulative distribution function of the standard normal distribution, accurate in its lower tail too.</summary>
    public static double Normal(double x) => Erfc(-x / Math.Sqrt(2)) / 2;

    /// <summary>log(1 + e^x), accurate for negative x too: log(1 + e) is e - e^2 / 2 where 1 + e would lose digits of e.</summary>
    public static double Softplus(double x)
    {
        var e = Math.Exp(-Math.Abs(x));
        return Math.Max(x, 0) + (e < 1e-8 ? e - e * e / 2 : Math.Log(1 + e));
    }

    // The complementary error function: power series of erf below 1.5, continued fraction above (Abramowitz and Stegun, 7.1.5 and 7.1.14).
    private static double Erfc(double x)
    {
        if (x < 0) return 2 - Erfc(-x);
        if (x < 1.5)
        {
            double term = x, sum = x;
            for (var n = 1; n < 60; n++)
            {
                term *= -x * x / n;
                sum += term / (2 * n + 1);
            }

            return 1 - 2 / Math.Sqrt(Math.PI) * sum;
        }

        var fraction = x;
        for (var n = 100; n > 0; n--) fraction = x + n / 2.0 / fraction;
        return Math.Exp(-x * x) / (fraction * Math.Sqrt(Math.PI));
    }

    private static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));
}
