using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Reductions;

/// <summary>The function that a reduction applies to each element before it adds, as a type.</summary>
internal interface IReduceMap
{
    /// <summary>The function of each lane. Must be 0 for 0.</summary>
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
/// Sums of <see cref="Vectors"/> vectors each, one sum per item. Item i starts at word i * <see cref="ItemStride"/> and steps by <see cref="VectorStride"/>:
/// consecutive vectors on the CPU; on a GPU, consecutive threads read consecutive vectors.
/// </summary>
internal struct Reduce<TBackend, TVector, TMap> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
    where TMap : struct, IReduceMap
{
    /// <summary>Vectors per item: few enough that the rounding errors of plain summation in four accumulators do not matter.</summary>
    public const int Vectors = 64;

    /// <summary>The elements, and one sum per item.</summary>
    public TBackend Input, Output;

    /// <summary>The number of elements.</summary>
    public int Count;

    /// <summary>Words from one item to the next, and from one vector of an item to the next.</summary>
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
