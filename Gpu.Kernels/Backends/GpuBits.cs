using ILGPU;

namespace Gpu.Kernels.Backends;

/// <summary>Scalar operations that the GPU backends share.</summary>
internal static class GpuBits
{
    /// <summary>
    /// The smaller number; <paramref name="b"/> if it is NaN, as in the CPU backends. The minimum instruction of GPUs drops NaN. A comparison is no way out,
    /// because ILGPU 1.5.3 ignores NaN when it swaps or negates comparisons (in OpenCL, and in PTX if the first operand is a constant).
    /// </summary>
    public static float Min(float a, float b) => float.IsNaN(b) ? b : MathF.Min(a, b);

    /// <summary>The larger number; <paramref name="b"/> if it is NaN. See <see cref="Min"/>.</summary>
    public static float Max(float a, float b) => float.IsNaN(b) ? b : MathF.Max(a, b);

    /// <summary>2 to the power of an integer from -126 to 127: sets the exponent bits.</summary>
    public static float PowerOfTwo(float integer) => Interop.IntAsFloat((uint)((int)integer + 127) << 23);

    /// <summary>The mantissa, in [1, 2), of a positive normal number.</summary>
    public static float Mantissa(float a) => Interop.IntAsFloat((Interop.FloatAsInt(a) & 0x007F_FFFFu) | 0x3F80_0000u);

    /// <summary>The exponent of a positive normal number.</summary>
    public static float Exponent(float a) => (int)(Interop.FloatAsInt(a) >> 23) - 127;

    /// <summary>Four uniform random numbers in [0, 1): Philox 4x32-10 of the counter (counter, stream, 0, 0).</summary>
    public static void Uniform(uint seed0, uint seed1, uint stream, uint counter, out float word0, out float word1, out float word2, out float word3)
    {
        uint c0 = counter, c1 = stream, c2 = 0, c3 = 0;
        Philox.Generate(seed0, seed1, ref c0, ref c1, ref c2, ref c3);
        word0 = Philox.ToUniform(c0);
        word1 = Philox.ToUniform(c1);
        word2 = Philox.ToUniform(c2);
        word3 = Philox.ToUniform(c3);
    }
}
