using ILGPU;

namespace Gpu.Kernels.Backends;

/// <summary>A backend whose memory is an ILGPU view.</summary>
internal interface IGpuBackend<TSelf>
    where TSelf : struct, IGpuBackend<TSelf>
{
    /// <summary>The memory of <paramref name="words"/>, which must be aligned to 16 bytes.</summary>
    static abstract TSelf At(ArrayView<float> words);

    /// <summary>
    /// Loads four floats, or the first <paramref name="count"/> of them and zeros. <see cref="GpuVector4Backend"/> makes one 128-bit access; the index, and the
    /// count if it is positive, must be multiples of four. <see cref="GpuScalarBackend"/> takes any index and count.
    /// </summary>
    static abstract Float4 LoadFour(TSelf memory, int index, int count);

    /// <summary>Stores four floats, or the first <paramref name="count"/> of them; as <see cref="LoadFour"/>.</summary>
    static abstract void StoreFour(TSelf memory, int index, Float4 value, int count);
}
