using System.Numerics;
using System.Runtime.CompilerServices;
using Gpu.Kernels.Launching;
using Gpu.Kernels.Machines;
using ILGPU;

namespace Gpu.Kernels.Reductions;

/// <summary>Sizes of groups that reduce.</summary>
internal static class GroupThreads
{
    /// <summary>Threads of a group at most, and elements of the shared memory that kernels allocate for them.</summary>
    public const int Most = 256;

    /// <summary>Threads of a group on a device: a power of two.</summary>
    public static int Of(GroupLimits limits) => Math.Min(Most, 1 << BitOperations.Log2((uint)limits.MaxThreads));
}

/// <summary>
/// Sums over threads of a group, by halves, in an order that the number of threads alone decides. The threads are a table whose rows have a power of two of
/// columns; each column has a sum of its own.
/// </summary>
internal static class GroupTree<TMachine, TVector>
    where TMachine : struct, IMachine<TMachine, TVector>
    where TVector : unmanaged
{
    /// <summary>
    /// The sum of the values of a column of threads, in all of them. Every thread of the group calls it; a barrier stands at its end, so that the memory may be
    /// used again.
    /// </summary>
    /// <param name="shared">shared memory with an element for each thread</param>
    /// <param name="value">the thread's value</param>
    /// <param name="columns">columns: 1 for a sum over the whole group</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Sum(ArrayView<TVector> shared, TVector value, int columns)
    {
        var thread = Group.IdxX;
        shared[thread] = value;
        Group.Barrier();
        for (var half = Group.DimX >> 1; half >= columns; half >>= 1)
        {
            if (thread < half) shared[thread] = TMachine.Add(shared[thread], shared[thread + half]);
            Group.Barrier();
        }

        var sum = shared[thread & (columns - 1)];
        Group.Barrier();
        return sum;
    }
}
