using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;

namespace Gpu.Kernels.Activations;

/// <summary>x for x above 0, otherwise slope * x, the slope above 0 so that the sign of the value tells the side; the derivative at 0 is the slope.</summary>
internal readonly struct LeakyRelu : IActivation
{
    /// <inheritdoc/>
    public static bool DerivativeFromOutput => true;

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
