using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;

namespace Gpu.Kernels.Activations;

/// <summary>x * sigmoid(x), also called swish; the derivative is s + x * s * (1 - s), from x.</summary>
internal readonly struct Silu : IActivation
{
    // The sigmoid of -100 is 0 to single precision; the bound keeps infinity times zero out of the products.
    private const float Bound = 100f;

    /// <inheritdoc/>
    public static bool DerivativeFromOutput => false;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Forward<TBackend, TVector>(TVector x, float slope)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged =>
        TBackend.Multiply(TBackend.Max(TBackend.Splat(-Bound), x), VectorMath<TBackend, TVector>.Sigmoid(x));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Backward<TBackend, TVector>(TVector saved, TVector gradient, float slope)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
    {
        var x = TBackend.Min(TBackend.Splat(Bound), TBackend.Max(TBackend.Splat(-Bound), saved));
        var s = VectorMath<TBackend, TVector>.Sigmoid(x);
        var rest = TBackend.Multiply(TBackend.Multiply(x, s), TBackend.Subtract(TBackend.Splat(1f), s));
        return TBackend.Multiply(gradient, TBackend.Add(s, rest));
    }
}
