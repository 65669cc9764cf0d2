using System.Runtime.CompilerServices;
using Gpu.Kernels.Machines;

namespace Gpu.Kernels.Activations;

/// <summary>x * Phi(x) with Phi(x) = (1 + erf(x / sqrt 2)) / 2 (Hendrycks and Gimpel, 2016, the exact form); the derivative is Phi(x) + x * e^(-x^2 / 2) / sqrt(2 pi), from x.</summary>
public readonly struct Gelu : IActivation
{
    /// <inheritdoc/>
    public static bool DerivativeFromOutput => false;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Forward<TMachine, TVector>(TVector x, float slope)
        where TMachine : struct, IMachine<TMachine, TVector>
        where TVector : unmanaged =>
        TMachine.Multiply(TMachine.Multiply(x, TMachine.Splat(0.5f)), TMachine.Add(TMachine.Splat(1f), Elementary<TMachine, TVector>.Erf(TMachine.Multiply(x, TMachine.Splat(0.70710678118f)))));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Backward<TMachine, TVector>(TVector saved, TVector gradient, float slope)
        where TMachine : struct, IMachine<TMachine, TVector>
        where TVector : unmanaged
    {
        var half = TMachine.Splat(0.5f);
        var phi = TMachine.MultiplyAdd(Elementary<TMachine, TVector>.Erf(TMachine.Multiply(saved, TMachine.Splat(0.70710678118f))), half, half);
        var density = Elementary<TMachine, TVector>.Exp(TMachine.Multiply(TMachine.Multiply(saved, saved), TMachine.Splat(-0.5f)));
        var slopePart = TMachine.Multiply(TMachine.Multiply(saved, TMachine.Splat(0.39894228040f)), density);
        return TMachine.Multiply(gradient, TMachine.Add(phi, slopePart));
    }
}
