using ILGPU.Algorithms;

namespace Gpu.Kernels.Backends;

/// <summary>Integer arithmetic of launches.</summary>
internal static class IntMath
{
    /// <summary>
    /// How many pieces of <paramref name="size"/> cover <paramref name="count"/>: the quotient, rounded up. In 64 bits, because the 32-bit form of ILGPU's function
    /// overflows for counts near 2^31.
    /// </summary>
    public static int DivRoundUp(int count, int size) => (int)XMath.DivRoundUp((long)count, size);

    /// <summary>The next multiple of <paramref name="multiple"/> that is not below <paramref name="count"/>.</summary>
    /// <exception cref="OverflowException">it is above 2^31 - 1</exception>
    public static int RoundUp(int count, int multiple) => checked(DivRoundUp(count, multiple) * multiple);
}
