using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;

namespace Gpu.Kernels.Activations;

/// <summary>
/// x * Phi(x) with Phi(x) = (1 + erf(x / sqrt 2)) / 2. The derivative Phi(x) + x * e^(-x^2 / 2) / sqrt(2 pi) is computed from x.
/// Source: D. Hendrycks, K. Gimpel, "Gaussian error linear units", 2016, the exact form.
/// </summary>
internal readonly struct Gelu : IActivation
{
    // Phi(-20) is 0 in single precision. Clamping x avoids the product of infinity and zero.
    private const float Bound = 20f;

    /// <inheritdoc/>
    public static bool DerivativeFromOutput => false;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Forward<TBackend, TVector>(TVector x, float slope)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
    {
        x = TBackend.Max(TBackend.Splat(-Bound), x);
        return TBackend.Multiply(x, VectorMath<TBackend, TVector>.NormalDistribution(x, out _));
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Backward<TBackend, TVector>(TVector saved, TVector gradient, float slope)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
    {
        var x = TBackend.Min(TBackend.Splat(Bound), TBackend.Max(TBackend.Splat(-Bound), saved));
        var phi = VectorMath<TBackend, TVector>.NormalDistribution(x, out var density);
        return TBackend.Multiply(gradient, TBackend.MultiplyAdd(x, density, phi));
    }
}
