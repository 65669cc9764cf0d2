using System.Numerics;
using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;
using ILGPU;

namespace Gpu.Kernels.Reductions;

/// <summary>Sizes of groups that reduce.</summary>
internal static class GroupThreads
{
    /// <summary>The most threads per group, and the elements of shared memory that kernels allocate for them.</summary>
    public const int Max = 256;

    /// <summary>Threads per group on a device: a power of two.</summary>
    public static int For(GroupLimits limits) => Math.Min(Max, 1 << BitOperations.Log2((uint)limits.MaxThreads));
}

/// <summary>
/// Tree reduction over the threads of a group, in an order that depends only on the number of threads. The threads form a table with a power of two of columns;
/// each column is summed separately.
/// </summary>
internal static class GroupReduce<TBackend, TVector>
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>Sums a value over each column of threads. Only the threads of the first row get the result. Every thread of the group must call it.</summary>
    /// <param name="shared">shared memory, one element per thread; wait at a barrier before using it again</param>
    /// <param name="value">the value of this thread</param>
    /// <param name="columns">the number of columns, a power of two; 1 to sum over the whole group</param>
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

    /// <summary>As <see cref="Sum"/>, but all threads get the result, and the shared memory can be used again at once.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector SumForAll(ArrayView<TVector> shared, TVector value, int columns)
    {
        Sum(shared, value, columns);
        var sum = shared[Group.IdxX & (columns - 1)];
        GroupBarrier.Wait();
        return sum;
    }

    /// <summary>As <see cref="Sum"/>, for two values at once.</summary>
    /// <param name="sharedA">shared memory for the first value</param>
    /// <param name="sharedB">shared memory for the second value</param>
    /// <param name="a">the first value of this thread; receives the sum</param>
    /// <param name="b">the second value of this thread; receives the sum</param>
    /// <param name="columns">the number of columns</param>
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
