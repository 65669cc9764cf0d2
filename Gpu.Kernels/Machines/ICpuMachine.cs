namespace Gpu.Kernels.Machines;

/// <summary>A machine whose memory is reached by a pointer.</summary>
public unsafe interface ICpuMachine<TSelf>
    where TSelf : struct, ICpuMachine<TSelf>
{
    /// <summary>The memory that begins at <paramref name="words"/>.</summary>
    static abstract TSelf At(float* words);
}
