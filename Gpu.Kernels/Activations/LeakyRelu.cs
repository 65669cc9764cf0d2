using System.Runtime.CompilerServices;
using Gpu.Kernels.Machines;

namespace Gpu.Kernels.Activations;

/// <summary>x for x above 0, otherwise slope * x, the slope above 0 so that the sign of the value tells the side; the derivative at 0 is the slope.</summary>
public readonly struct LeakyRelu : IActivation
{
    /// <inheritdoc/>
    public static bool DerivativeFromOutput => true;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Forward<TMachine, TVector>(TVector x, float slope)
        where TMachine : struct, IMachine<TMachine, TVector>
        where TVector : unmanaged =>
        TMachine.SelectGreater(x, TMachine.Zero, x, TMachine.Multiply(x, TMachine.Splat(slope)));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Backward<TMachine, TVector>(TVector saved, TVector gradient, float slope)
        where TMachine : struct, IMachine<TMachine, TVector>
        where TVector : unmanaged
        => TMachine.SelectGreater(saved, TMachine.Zero, gradient, TMachine.Multiply(gradient, TMachine.Splat(slope)));
}
