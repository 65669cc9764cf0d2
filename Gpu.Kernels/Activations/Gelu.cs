using System.Runtime.CompilerServices;
using Gpu.Kernels.Machines;

namespace Gpu.Kernels.Activations;

/// <summary>
/// x * Phi(x) with Phi(x) = (1 + erf(x / sqrt 2)) / 2 (D. Hendrycks, K. Gimpel, "Gaussian error linear units", 2016, the exact form); the derivative is
/// Phi(x) + x * e^(-x^2 / 2) / sqrt(2 pi), from x.
/// </summary>
public readonly struct Gelu : IActivation
{
    // Phi(-20) is 0 to single precision; the bound keeps infinity times zero out of the products.
    private const float Bound = 20f;

    /// <inheritdoc/>
    public static bool DerivativeFromOutput => false;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Forward<TMachine, TVector>(TVector x, float slope)
        where TMachine : struct, IMachine<TMachine, TVector>
        where TVector : unmanaged
    {
        x = TMachine.Max(TMachine.Splat(-Bound), x);
        return TMachine.Multiply(x, Elementary<TMachine, TVector>.NormalDistribution(x, out _));
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Backward<TMachine, TVector>(TVector saved, TVector gradient, float slope)
        where TMachine : struct, IMachine<TMachine, TVector>
        where TVector : unmanaged
    {
        var x = TMachine.Min(TMachine.Splat(Bound), TMachine.Max(TMachine.Splat(-Bound), saved));
        var phi = Elementary<TMachine, TVector>.NormalDistribution(x, out var density);
        return TMachine.Multiply(gradient, TMachine.MultiplyAdd(x, density, phi));
    }
}
