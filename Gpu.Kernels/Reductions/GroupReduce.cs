using System.Numerics;
using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;
using ILGPU;

namespace Gpu.Kernels.Reductions;

/// <summary>Sizes of groups that reduce.</summary>
internal static class GroupThreads
{
    /// <summary>Threads of a group at most, and elements of the shared memory that kernels allocate for them.</summary>
    public const int Max = 256;

    /// <summary>Threads of a group on a device: a power of two.</summary>
    public static int For(GroupLimits limits) => Math.Min(Max, 1 << BitOperations.Log2((uint)limits.MaxThreads));
}

/// <summary>
/// Sums over threads of a group, by halves, in an order that the number of threads alone decides. The threads are a table whose rows have a power of two of
/// columns; each column has a sum of its own.
/// </summary>
internal static class GroupReduce<TBackend, TVector>
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>
    /// The sum of the values of a column of threads, in the thread of the first row; the others get something else. Every thread of the group calls it.
    /// </summary>
    /// <param name="shared">shared memory with an element for each thread; a barrier is needed before it is used again</param>
    /// <param name="value">the thread's value</param>
    /// <param name="columns">columns: 1 for a sum over the whole group</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Sum(ArrayView<TVector> shared, TVector value, int columns)
    {
        var thread = Group.IdxX;
        shared[thread] = value;
        GroupBarrier.Wait();
        for (var half = Group.DimX >> 1; half >= columns; half >>= 1)
        {
            if (thread < half) shared[thread] = TBackend.Add(shared[thread], shared[thread + half]);
            GroupBarrier.Wait();
        }

        return shared[thread];
    }

    /// <summary>As <see cref="Sum"/>, in all threads; the memory may be used again at once.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector SumForAll(ArrayView<TVector> shared, TVector value, int columns)
    {
        Sum(shared, value, columns);
        var sum = shared[Group.IdxX & (columns - 1)];
        GroupBarrier.Wait();
        return sum;
    }

    /// <summary>As <see cref="Sum"/>, of two values at once.</summary>
    /// <param name="sharedA">shared memory for the first</param>
    /// <param name="sharedB">shared memory for the second</param>
    /// <param name="a">the thread's value, and then the sum</param>
    /// <param name="b">the thread's other value, and then its sum</param>
    /// <param name="columns">columns</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void SumTwo(ArrayView<TVector> sharedA, ArrayView<TVector> sharedB, ref TVector a, ref TVector b, int columns)
    {
        var thread = Group.IdxX;
        sharedA[thread] = a;
        sharedB[thread] = b;
        GroupBarrier.Wait();
        for (var half = Group.DimX >> 1; half >= columns; half >>= 1)
        {
            if (thread < half)
            {
                sharedA[thread] = TBackend.Add(sharedA[thread], sharedA[thread + half]);
                sharedB[thread] = TBackend.Add(sharedB[thread], sharedB[thread + half]);
            }

            GroupBarrier.Wait();
        }

        a = sharedA[thread];
        b = sharedB[thread];
    }
}
