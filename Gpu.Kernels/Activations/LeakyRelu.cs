using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;

namespace Gpu.Kernels.Activations;

/// <summary>
/// x if x > 0, otherwise slope * x. The derivative at 0 is the slope. The slope must be above 0, so that f(x) has the sign of x and the derivative can be
/// computed from f(x).
/// </summary>
internal readonly struct LeakyRelu : IActivation
{
    /// <inheritdoc/>
    public static bool DerivativeFromOutput => true;

    /// <inheritdoc/>
    public static bool DerivativeFromSign => true;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Forward<TBackend, TVector>(TVector x, float slope)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged =>
        TBackend.SelectGreater(x, TBackend.Zero, x, TBackend.Multiply(x, TBackend.Splat(slope)));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Backward<TBackend, TVector>(TVector saved, TVector gradient, float slope)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
        => TBackend.SelectGreater(saved, TBackend.Zero, gradient, TBackend.Multiply(gradient, TBackend.Splat(slope)));
}
