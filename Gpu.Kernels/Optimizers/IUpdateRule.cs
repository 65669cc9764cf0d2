using Gpu.Kernels.Backends;

namespace Gpu.Kernels.Optimizers;

/// <summary>An update rule as a type, so that the optimizer kernel is compiled for it.</summary>
internal interface IUpdateRule
{
    /// <summary>States per parameter: 0, 1 or 2. The kernel neither loads nor stores the others.</summary>
    static abstract int States { get; }

    /// <summary>True if the rule divides by 1 - beta^step. The kernel then computes these factors.</summary>
    static abstract bool CorrectsBias { get; }

    /// <summary>Updates parameters and states by one step. The gradient is already scaled, clipped and decayed.</summary>
    static abstract void Update<TBackend, TVector>(
        ref TVector parameter, TVector gradient, ref TVector first, ref TVector second, in UpdateConstants constants)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged;
}
