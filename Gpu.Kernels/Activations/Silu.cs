using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;

namespace Gpu.Kernels.Activations;

/// <summary>x * s with s = sigmoid(x), also called swish. The derivative s + x * s * (1 - s) is computed from x.</summary>
internal readonly struct Silu : IActivation
{
    // sigmoid(-100) is 0 in single precision. Clamping x avoids the product of infinity and zero.
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
