namespace ILGPU.Runtime.Cuda;

/// <summary>Inline PTX. The simulator cannot run it: kernels that hold some are launched on CUDA devices only.</summary>
public static class CudaAsm
{
    public static bool IsSupported => false;

    public static void Emit(string asm) => throw NoPtx();
    public static void Emit<T0>(string asm, T0 arg0) where T0 : struct => throw NoPtx();
    public static void Emit<T0, T1>(string asm, T0 arg0, T1 arg1) where T0 : struct where T1 : struct => throw NoPtx();
    public static void Emit<T0, T1, T2>(string asm, T0 arg0, T1 arg1, T2 arg2) where T0 : struct where T1 : struct where T2 : struct => throw NoPtx();
    public static void Emit<T0, T1, T2, T3>(string asm, T0 arg0, T1 arg1, T2 arg2, T3 arg3)
        where T0 : struct where T1 : struct where T2 : struct where T3 : struct => throw NoPtx();

    private static NotSupportedException NoPtx() => new("The simulator runs no inline PTX; only a CUDA device does.");
}
