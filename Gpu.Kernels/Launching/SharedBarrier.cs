using System.Runtime.CompilerServices;
using ILGPU;

namespace Gpu.Kernels.Launching;

/// <summary>The barrier of grouped kernels.</summary>
public static class SharedBarrier
{
    /// <summary>Waits until all threads of the group are here; what they wrote to shared memory is then seen by all. Every thread of the group must call it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Wait() => Group.Barrier();
}
