using Gpu.Kernels.Backends;

namespace Gpu.Kernels.Activations;

/// <summary>
/// An activation function as a type. Kernels that are generic over it have the function inlined in their epilogue. <c>slope</c> is
/// <see cref="Activation.Slope"/>; only <see cref="LeakyRelu"/> uses it.
/// </summary>
internal interface IActivation
{
    /// <summary>See <see cref="Activation.DerivativeFromOutput"/>.</summary>
    static abstract bool DerivativeFromOutput { get; }

    /// <summary>See <see cref="Activation.DerivativeFromSign"/>.</summary>
    static virtual bool DerivativeFromSign => false;

    /// <summary>f(x).</summary>
    static abstract TVector Forward<TBackend, TVector>(TVector x, float slope)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged;

    /// <summary>
    /// gradient * f'(x), where <paramref name="saved"/> is f(x) if <see cref="DerivativeFromOutput"/> is true, and x otherwise.
    /// </summary>
    static abstract TVector Backward<TBackend, TVector>(TVector saved, TVector gradient, float slope)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged;
}
