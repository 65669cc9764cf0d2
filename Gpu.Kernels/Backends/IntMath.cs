using ILGPU.Algorithms;

namespace Gpu.Kernels.Backends;

/// <summary>Integer arithmetic of launches.</summary>
internal static class IntMath
{
    /// <summary>
    /// The quotient <paramref name="count"/> / <paramref name="size"/>, rounded up. Computed in 64 bits, because the 32-bit overload of
    /// <see cref="XMath"/> overflows for counts near 2^31.
    /// </summary>
    public static int DivRoundUp(int count, int size) => (int)XMath.DivRoundUp((long)count, size);

    /// <summary>The next multiple of <paramref name="multiple"/> that is not below <paramref name="count"/>.</summary>
    /// <exception cref="OverflowException">it is above 2^31 - 1</exception>
    public static int RoundUp(int count, int multiple) => checked(DivRoundUp(count, multiple) * multiple);
}
