using ILGPU;
using ILGPU.Backends.OpenCL;
using ILGPU.Backends.PTX;
using ILGPU.IR;
using ILGPU.IR.Intrinsics;

namespace Gpu.Kernels.Devices;

/// <summary>The barrier of grouped kernels.</summary>
/// <remarks>
/// ILGPU 1.5.3 writes <c>Group.Barrier</c> in OpenCL C with a fence for global memory alone, so that what a thread wrote to shared memory need not be seen by the
/// others. <see cref="CompilerSettings.ForKernels"/> therefore tells ILGPU how this barrier is written; a context without it cannot compile grouped kernels.
/// </remarks>
internal static class GroupBarrier
{
    /// <summary>Waits until all threads of the group are here; what they wrote to shared and global memory is then seen by all. Every thread of the group must call it.</summary>
    [IntrinsicImplementation]
    public static void Wait() => Group.Barrier();

    /// <summary>What it is in PTX (bar.sync, which orders both memories). ILGPU looks for it.</summary>
    public static void OnCuda() => Group.Barrier();

    /// <summary>Writes it in OpenCL C. ILGPU calls it.</summary>
    public static void OnOpenCL(CLBackend backend, CLCodeGenerator generator, Value value)
    {
        using var statement = generator.BeginStatement("work_group_barrier(CLK_LOCAL_MEM_FENCE | CLK_GLOBAL_MEM_FENCE)");
    }

    /// <summary>Tells a context's compiler.</summary>
    internal static void Register(Context.Builder builder)
    {
        var wait = typeof(GroupBarrier).GetMethod(nameof(Wait))!;
        var intrinsics = builder.GetIntrinsicManager();
        intrinsics.RegisterMethod(wait, new PTXIntrinsic(typeof(GroupBarrier), nameof(OnCuda), IntrinsicImplementationMode.Redirect));
        intrinsics.RegisterMethod(wait, new CLIntrinsic(typeof(GroupBarrier), nameof(OnOpenCL), IntrinsicImplementationMode.GenerateCode));
    }
}
