using ILGPU;

namespace Gpu.Kernels.Machines;

/// <summary>A machine whose memory is an ILGPU view.</summary>
public interface IGpuMachine<TSelf>
    where TSelf : struct, IGpuMachine<TSelf>
{
    /// <summary>The memory of <paramref name="words"/>; its address must be a multiple of 16 bytes.</summary>
    static abstract TSelf At(ArrayView<float> words);
}
