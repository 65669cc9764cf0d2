namespace Gpu.Kernels.Backends;

/// <summary>A backend whose memory is a pointer.</summary>
internal unsafe interface ICpuBackend<TSelf>
    where TSelf : struct, ICpuBackend<TSelf>
{
    /// <summary>The memory that starts at <paramref name="words"/>.</summary>
    static abstract TSelf At(float* words);
}
