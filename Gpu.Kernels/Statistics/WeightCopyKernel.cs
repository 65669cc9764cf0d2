using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Statistics;

/// <summary>Target = Source. An item is a vector.</summary>
internal struct WeightCopyKernel<TBackend, TVector> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>Views of the same length.</summary>
    public TBackend Source, Target;

    /// <summary>The number of words.</summary>
    public int Count;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        var i = item * TBackend.Width;
        TBackend.StorePartial(Target, i, TBackend.LoadPartial(Source, i, Count - i), Count - i);
    }
}
