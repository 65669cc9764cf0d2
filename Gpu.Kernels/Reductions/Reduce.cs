using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Reductions;

/// <summary>What a sum adds up for each element, as a type.</summary>
internal interface IReduceMap
{
    /// <summary>The summand of each lane; 0 for an element that is 0.</summary>
    static abstract TVector Apply<TBackend, TVector>(TVector x)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged;
}

/// <summary>x.</summary>
internal readonly struct IdentityMap : IReduceMap
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Apply<TBackend, TVector>(TVector x)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged => x;
}

/// <summary>x^2.</summary>
internal readonly struct SquareMap : IReduceMap
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Apply<TBackend, TVector>(TVector x)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged => TBackend.Multiply(x, x);
}

/// <summary>
/// Sums of <see cref="Vectors"/> vectors each, one an item. Item i begins at word i * <see cref="ItemStride"/> and goes on by
/// <see cref="VectorStride"/>: neighbouring vectors on the CPU; on a GPU those that neighbouring threads read together.
/// </summary>
internal struct Reduce<TBackend, TVector, TMap> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
    where TMap : struct, IReduceMap
{
    /// <summary>Vectors an item adds up: few enough for the rounding of plain addition, in four sums side by side, not to matter.</summary>
    public const int Vectors = 64;

    /// <summary>The elements; a sum an item.</summary>
    public TBackend Input, Output;

    /// <summary>How many elements.</summary>
    public int Count;

    /// <summary>In words.</summary>
    public int ItemStride, VectorStride;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        var from = item * ItemStride;
        var sum0 = TBackend.Zero;
        var sum1 = TBackend.Zero;
        var sum2 = TBackend.Zero;
        var sum3 = TBackend.Zero;
        var last = from + (Vectors - 1) * VectorStride;
        if (last + TBackend.Width <= Count)
        {
            for (var v = 0; v < Vectors; v += 4)
            {
                sum0 = TBackend.Add(sum0, TMap.Apply<TBackend, TVector>(TBackend.Load(Input, from)));
                sum1 = TBackend.Add(sum1, TMap.Apply<TBackend, TVector>(TBackend.Load(Input, from + VectorStride)));
                sum2 = TBackend.Add(sum2, TMap.Apply<TBackend, TVector>(TBackend.Load(Input, from + 2 * VectorStride)));
                sum3 = TBackend.Add(sum3, TMap.Apply<TBackend, TVector>(TBackend.Load(Input, from + 3 * VectorStride)));
                from += 4 * VectorStride;
            }
        }
        else
        {
            for (var v = 0; v < Vectors; v += 4)
            {
                sum0 = TBackend.Add(sum0, TMap.Apply<TBackend, TVector>(LoadInside(from)));
                sum1 = TBackend.Add(sum1, TMap.Apply<TBackend, TVector>(LoadInside(from + VectorStride)));
                sum2 = TBackend.Add(sum2, TMap.Apply<TBackend, TVector>(LoadInside(from + 2 * VectorStride)));
                sum3 = TBackend.Add(sum3, TMap.Apply<TBackend, TVector>(LoadInside(from + 3 * VectorStride)));
                from += 4 * VectorStride;
            }
        }

        TBackend.StoreScalar(Output, item, TBackend.Sum(TBackend.Add(TBackend.Add(sum0, sum1), TBackend.Add(sum2, sum3))));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly TVector LoadInside(int index)
    {
        var left = Count - index;
        if (left >= TBackend.Width) return TBackend.Load(Input, index);
        if (left > 0) return TBackend.LoadPartial(Input, index, left);
        return TBackend.Zero;
    }
}
