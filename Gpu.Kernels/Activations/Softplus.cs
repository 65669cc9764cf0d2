using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;

namespace Gpu.Kernels.Activations;

/// <summary>
/// y = log(1 + e^x), computed as max(x, 0) + log(1 + e^-|x|), which does not overflow. The derivative is sigmoid(x) = 1 - e^-y, computed as
/// 2 t / (1 + t) with t = tanh(y / 2), which does not cancel for small y.
/// </summary>
internal readonly struct Softplus : IActivation
{
    /// <inheritdoc/>
    public static bool DerivativeFromOutput => true;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Forward<TBackend, TVector>(TVector x, float slope)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
    {
        var e = VectorMath<TBackend, TVector>.Exp(TBackend.Subtract(TBackend.Zero, TBackend.Abs(x)));
        return TBackend.Add(TBackend.Max(TBackend.Zero, x), VectorMath<TBackend, TVector>.LogOnePlus(e));
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Backward<TBackend, TVector>(TVector saved, TVector gradient, float slope)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
    {
        var t = VectorMath<TBackend, TVector>.Tanh(TBackend.Multiply(saved, TBackend.Splat(0.5f)));
        return TBackend.Multiply(gradient, TBackend.Divide(TBackend.Add(t, t), TBackend.Add(TBackend.Splat(1f), t)));
    }
}
