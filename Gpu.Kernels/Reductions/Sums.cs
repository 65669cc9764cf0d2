using System.Runtime.CompilerServices;
using Gpu.Kernels.Launching;
using Gpu.Kernels.Machines;

namespace Gpu.Kernels.Reductions;

/// <summary>What a sum adds up for each element, as a type.</summary>
public interface ISummand
{
    /// <summary>The summand of each lane; 0 for an element that is 0.</summary>
    static abstract TVector Of<TMachine, TVector>(TVector x)
        where TMachine : struct, IMachine<TMachine, TVector>
        where TVector : unmanaged;
}

/// <summary>x.</summary>
public readonly struct Plain : ISummand
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Of<TMachine, TVector>(TVector x)
        where TMachine : struct, IMachine<TMachine, TVector>
        where TVector : unmanaged => x;
}

/// <summary>x^2.</summary>
public readonly struct Square : ISummand
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Of<TMachine, TVector>(TVector x)
        where TMachine : struct, IMachine<TMachine, TVector>
        where TVector : unmanaged => TMachine.Multiply(x, x);
}

/// <summary>
/// Sums of <see cref="Vectors"/> vectors each, one an item. Item i begins at word i * <see cref="ItemStride"/> and goes on by
/// <see cref="VectorStride"/>: neighbouring vectors on the CPU; on a GPU those that neighbouring threads read together.
/// </summary>
public struct Sums<TMachine, TVector, TSummand> : IKernel
    where TMachine : struct, IMachine<TMachine, TVector>
    where TVector : unmanaged
    where TSummand : struct, ISummand
{
    /// <summary>Vectors an item adds up: few enough for the rounding of plain addition, in four sums side by side, not to matter.</summary>
    public const int Vectors = 64;

    /// <summary>The elements; a sum an item.</summary>
    public TMachine Input, Output;

    /// <summary>How many elements.</summary>
    public int Count;

    /// <summary>In words.</summary>
    public int ItemStride, VectorStride;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        var from = item * ItemStride;
        var sum0 = TMachine.Zero;
        var sum1 = TMachine.Zero;
        var sum2 = TMachine.Zero;
        var sum3 = TMachine.Zero;
        var last = from + (Vectors - 1) * VectorStride;
        if (last + TMachine.Width <= Count)
        {
            for (var v = 0; v < Vectors; v += 4)
            {
                sum0 = TMachine.Add(sum0, TSummand.Of<TMachine, TVector>(TMachine.Load(Input, from)));
                sum1 = TMachine.Add(sum1, TSummand.Of<TMachine, TVector>(TMachine.Load(Input, from + VectorStride)));
                sum2 = TMachine.Add(sum2, TSummand.Of<TMachine, TVector>(TMachine.Load(Input, from + 2 * VectorStride)));
                sum3 = TMachine.Add(sum3, TSummand.Of<TMachine, TVector>(TMachine.Load(Input, from + 3 * VectorStride)));
                from += 4 * VectorStride;
            }
        }
        else
        {
            for (var v = 0; v < Vectors; v += 4)
            {
                sum0 = TMachine.Add(sum0, TSummand.Of<TMachine, TVector>(LoadInside(from)));
                sum1 = TMachine.Add(sum1, TSummand.Of<TMachine, TVector>(LoadInside(from + VectorStride)));
                sum2 = TMachine.Add(sum2, TSummand.Of<TMachine, TVector>(LoadInside(from + 2 * VectorStride)));
                sum3 = TMachine.Add(sum3, TSummand.Of<TMachine, TVector>(LoadInside(from + 3 * VectorStride)));
                from += 4 * VectorStride;
            }
        }

        TMachine.StoreScalar(Output, item, TMachine.Sum(TMachine.Add(TMachine.Add(sum0, sum1), TMachine.Add(sum2, sum3))));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly TVector LoadInside(int index)
    {
        var left = Count - index;
        if (left >= TMachine.Width) return TMachine.Load(Input, index);
        if (left > 0) return TMachine.LoadPartial(Input, index, left);
        return TMachine.Zero;
    }
}
