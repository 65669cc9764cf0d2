using System.Runtime.CompilerServices;
using Gpu.Kernels.Machines;

namespace Gpu.Kernels.Normalization;

/// <summary>What the kernels that add up over a chunk's rows share.</summary>
internal static class BatchNormVectors<TMachine, TVector>
    where TMachine : struct, IMachine<TMachine, TVector>
    where TVector : unmanaged
{
    /// <summary>Adds the sums of the same channels: afterwards the first <see cref="BatchNormWalk.Vectors"/> hold the totals.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Fold(int vectors, ref TVector v0, ref TVector v1, TVector v2, TVector v3)
    {
        if (vectors == 1) v0 = TMachine.Add(TMachine.Add(v0, v1), TMachine.Add(v2, v3));
        if (vectors != 2) return;
        v0 = TMachine.Add(v0, v2);
        v1 = TMachine.Add(v1, v3);
    }

    /// <summary>Writes a row of the channels that a walk covers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(TMachine memory, int index, BatchNormWalk walk, TVector v0, TVector v1, TVector v2, TVector v3)
    {
        TMachine.StorePartial(memory, index, v0, walk.Lanes);
        if (walk.Vectors > 1) TMachine.Store(memory, index + TMachine.Width, v1);
        if (walk.Vectors <= 2) return;
        TMachine.Store(memory, index + 2 * TMachine.Width, v2);
        TMachine.Store(memory, index + 3 * TMachine.Width, v3);
    }
}
