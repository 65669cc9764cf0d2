using ILGPU;
using ILGPU.Backends.OpenCL;
using ILGPU.Backends.PTX;
using ILGPU.IR;
using ILGPU.IR.Intrinsics;

namespace Gpu.Kernels.Devices;

/// <summary>The barrier of grouped kernels.</summary>
/// <remarks>
/// ILGPU 1.5.3 translates <c>Group.Barrier</c> to OpenCL C with a fence for global memory only, so writes to shared memory need not be visible to other
/// threads. <see cref="CompilerSettings.ForKernels"/> registers a correct translation of this barrier. A context without it cannot compile grouped kernels.
/// </remarks>
internal static class GroupBarrier
{
    /// <summary>
    /// Waits until all threads of the group have reached the barrier. All then see what they wrote to shared and global memory before it. Every thread of the
    /// group must call it.
    /// </summary>
    [IntrinsicImplementation]
    public static void Wait() => Group.Barrier();

    /// <summary>The implementation for PTX: bar.sync, which orders both kinds of memory. ILGPU finds it by reflection.</summary>
    public static void OnCuda() => Group.Barrier();

    /// <summary>Generates the OpenCL C. ILGPU calls it.</summary>
    public static void OnOpenCL(CLBackend backend, CLCodeGenerator generator, Value value)
    {
        using var statement = generator.BeginStatement("work_group_barrier(CLK_LOCAL_MEM_FENCE | CLK_GLOBAL_MEM_FENCE)");
    }

    /// <summary>Registers both implementations with the compiler of a context.</summary>
    internal static void Register(Context.Builder builder)
    {
        var wait = typeof(GroupBarrier).GetMethod(nameof(Wait))!;
        var intrinsics = builder.GetIntrinsicManager();
        intrinsics.RegisterMethod(wait, new PTXIntrinsic(typeof(GroupBarrier), nameof(OnCuda), IntrinsicImplementationMode.Redirect));
        intrinsics.RegisterMethod(wait, new CLIntrinsic(typeof(GroupBarrier), nameof(OnOpenCL), IntrinsicImplementationMode.GenerateCode));
    }
}
