namespace Gpu.Kernels.Backends;

/// <summary>A machine whose memory is reached by a pointer.</summary>
internal unsafe interface ICpuBackend<TSelf>
    where TSelf : struct, ICpuBackend<TSelf>
{
    /// <summary>The memory that begins at <paramref name="words"/>.</summary>
    static abstract TSelf At(float* words);
}
