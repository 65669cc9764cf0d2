using Gpu.Kernels.Activations;

namespace Gpu.Tests.Activations;

/// <summary>The activation functions in double precision.</summary>
public static class ActivationReference
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
        _ => throw new ArgumentOutOfRangeException(nameof(activation)),
    };

    /// <summary>The error function: its power series up to 3, the continued fraction of its complement beyond.</summary>
    public static double Erf(double x)
    {
        var a = Math.Abs(x);
        if (a < 3)
        {
            double term = a, sum = a;
            for (var n = 1; n < 100; n++)
            {
                term *= -a * a / n;
                sum += term / (2 * n + 1);
            }

            return Math.Sign(x) * 2 / Math.Sqrt(Math.PI) * sum;
        }

        var fraction = a;
        for (var n = 60; n > 0; n--) fraction = a + n / 2.0 / fraction;
        return Math.Sign(x) * (1 - Math.Exp(-a * a) / (fraction * Math.Sqrt(Math.PI)));
    }

    private static double Normal(double x) => (1 + Erf(x / Math.Sqrt(2))) / 2;

    private static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));
}
