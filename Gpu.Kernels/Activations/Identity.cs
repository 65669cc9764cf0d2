using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;

namespace Gpu.Kernels.Activations;

/// <summary>f(x) = x.</summary>
internal readonly struct Identity : IActivation
{
    /// <inheritdoc/>
    public static bool DerivativeFromOutput => true;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Forward<TBackend, TVector>(TVector x, float slope)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged => x;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Backward<TBackend, TVector>(TVector saved, TVector gradient, float slope)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged => gradient;
}
