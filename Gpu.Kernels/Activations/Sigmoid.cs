using System.Runtime.CompilerServices;
using Gpu.Kernels.Machines;

namespace Gpu.Kernels.Activations;

/// <summary>1 / (1 + e^-x); the derivative is y * (1 - y).</summary>
public readonly struct Sigmoid : IActivation
{
    /// <inheritdoc/>
    public static bool DerivativeFromOutput => true;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Forward<TMachine, TVector>(TVector x, float slope)
        where TMachine : struct, IMachine<TMachine, TVector>
        where TVector : unmanaged =>
        Elementary<TMachine, TVector>.Sigmoid(x);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Backward<TMachine, TVector>(TVector saved, TVector gradient, float slope)
        where TMachine : struct, IMachine<TMachine, TVector>
        where TVector : unmanaged
        => TMachine.Multiply(gradient, TMachine.Multiply(saved, TMachine.Subtract(TMachine.Splat(1f), saved)));
}
