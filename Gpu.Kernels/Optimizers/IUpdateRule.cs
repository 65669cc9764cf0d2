using Gpu.Kernels.Backends;

namespace Gpu.Kernels.Optimizers;

/// <summary>An update rule as a type, so that the fused optimizer is compiled for it.</summary>
internal interface IUpdateRule
{
    /// <summary>Numbers of state a parameter: 0, 1 or 2. The kernel neither reads nor writes the others.</summary>
    static abstract int States { get; }

    /// <summary>True for rules that divide by 1 - beta^step; the kernel then computes those factors.</summary>
    static abstract bool CorrectsBias { get; }

    /// <summary>Moves parameters and state by one step, for gradients that are scaled, clipped and decayed already.</summary>
    static abstract void Update<TBackend, TVector>(
        ref TVector parameter, TVector gradient, ref TVector first, ref TVector second, in UpdateConstants constants)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged;
}
