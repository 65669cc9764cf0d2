using System.Runtime.CompilerServices;
using Gpu.Kernels.Machines;

namespace Gpu.Kernels.Activations;

/// <summary>The hyperbolic tangent; the derivative is 1 - y^2.</summary>
public readonly struct Tanh : IActivation
{
    /// <inheritdoc/>
    public static bool DerivativeFromOutput => true;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Forward<TMachine, TVector>(TVector x, float slope)
        where TMachine : struct, IMachine<TMachine, TVector>
        where TVector : unmanaged =>
        Elementary<TMachine, TVector>.Tanh(x);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Backward<TMachine, TVector>(TVector saved, TVector gradient, float slope)
        where TMachine : struct, IMachine<TMachine, TVector>
        where TVector : unmanaged
        => TMachine.Multiply(gradient, TMachine.Subtract(TMachine.Splat(1f), TMachine.Multiply(saved, saved)));
}
