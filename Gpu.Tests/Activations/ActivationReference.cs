using Gpu.Kernels.Activations;

namespace Gpu.Tests.Activations;

/// <summary>The activation functions in double precision.</summary>
public static class ActivationReference
{
    public static double Value(Activation activation, double x) => activation.Kind switch
    {
        ActivationKind.Identity => x,
        ActivationKind.Relu => Math.Max(x, 0),
        _ => throw new ArgumentOutOfRangeException(nameof(activation)),
    };

    public static double Derivative(Activation activation, double x) => activation.Kind switch
    {
        ActivationKind.Identity => 1,
        ActivationKind.Relu => x > 0 ? 1 : 0,
        _ => throw new ArgumentOutOfRangeException(nameof(activation)),
    };
}
