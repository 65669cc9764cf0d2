using ILGPU;

namespace Gpu.Kernels.Backends;

/// <summary>A machine whose memory is an ILGPU view.</summary>
internal interface IGpuBackend<TSelf>
    where TSelf : struct, IGpuBackend<TSelf>
{
    /// <summary>The memory of <paramref name="words"/>; its address must be a multiple of 16 bytes.</summary>
    static abstract TSelf At(ArrayView<float> words);

    /// <summary>
    /// Reads four floats, the first <paramref name="count"/> of them where that is less, the others as zeros. One 128-bit access on <see cref="GpuVector4Backend"/>, where the
    /// index and the count (unless it is negative) are multiples of four; any numbers on <see cref="GpuScalarBackend"/>.
    /// </summary>
    static abstract Float4 LoadFour(TSelf memory, int index, int count);

    /// <summary>Writes four floats, or the first <paramref name="count"/> of them; as <see cref="LoadFour"/>.</summary>
    static abstract void StoreFour(TSelf memory, int index, Float4 value, int count);
}
