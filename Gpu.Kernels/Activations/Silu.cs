using System.Runtime.CompilerServices;
using Gpu.Kernels.Machines;

namespace Gpu.Kernels.Activations;

/// <summary>x * sigmoid(x), also called swish; the derivative is s + x * s * (1 - s), from x.</summary>
public readonly struct Silu : IActivation
{
    // The sigmoid of -100 is 0 to single precision; the bound keeps infinity times zero out of the products.
    private const float Bound = 100f;

    /// <inheritdoc/>
    public static bool DerivativeFromOutput => false;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Forward<TMachine, TVector>(TVector x, float slope)
        where TMachine : struct, IMachine<TMachine, TVector>
        where TVector : unmanaged =>
        TMachine.Multiply(TMachine.Max(TMachine.Splat(-Bound), x), Elementary<TMachine, TVector>.Sigmoid(x));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Backward<TMachine, TVector>(TVector saved, TVector gradient, float slope)
        where TMachine : struct, IMachine<TMachine, TVector>
        where TVector : unmanaged
    {
        var x = TMachine.Min(TMachine.Splat(Bound), TMachine.Max(TMachine.Splat(-Bound), saved));
        var s = Elementary<TMachine, TVector>.Sigmoid(x);
        var rest = TMachine.Multiply(TMachine.Multiply(x, s), TMachine.Subtract(TMachine.Splat(1f), s));
        return TMachine.Multiply(gradient, TMachine.Add(s, rest));
    }
}
