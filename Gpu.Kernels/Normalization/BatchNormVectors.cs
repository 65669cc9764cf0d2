using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;

namespace Gpu.Kernels.Normalization;

/// <summary>Methods of the kernels that reduce a <see cref="BatchNormBlock"/>.</summary>
internal static class BatchNormVectors<TBackend, TVector>
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>Adds the sums that belong to the same channels. The results are in the first <see cref="BatchNormBlock.Vectors"/> arguments.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Fold(int vectors, ref TVector v0, ref TVector v1, TVector v2, TVector v3)
    {
        if (vectors == 1) v0 = TBackend.Add(TBackend.Add(v0, v1), TBackend.Add(v2, v3));
        if (vectors != 2) return;
        v0 = TBackend.Add(v0, v2);
        v1 = TBackend.Add(v1, v3);
    }

    /// <summary>Writes one value for each channel of a block.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(TBackend memory, int index, BatchNormBlock block, TVector v0, TVector v1, TVector v2, TVector v3)
    {
        TBackend.StorePartial(memory, index, v0, block.Lanes);
        if (block.Vectors > 1) TBackend.Store(memory, index + TBackend.Width, v1);
        if (block.Vectors <= 2) return;
        TBackend.Store(memory, index + 2 * TBackend.Width, v2);
        TBackend.Store(memory, index + 3 * TBackend.Width, v3);
    }
}
