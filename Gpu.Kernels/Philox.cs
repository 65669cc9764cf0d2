using System.Runtime.CompilerServices;

namespace Gpu.Kernels;

/// <summary>
/// Philox 4x32-10, a counter-based random number generator: its output is a function of a key and a counter, so a mask can be recomputed instead of stored.
/// Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
/// </summary>
public static class Philox
{
    /// <summary>Rounds of the mixing function.</summary>
    public const int Rounds = 10;

    /// <summary>Multiplier of the first counter word.</summary>
    public const uint Multiplier0 = 0xD2511F53;

    /// <summary>Multiplier of the third counter word.</summary>
    public const uint Multiplier1 = 0xCD9E8D57;

    /// <summary>Increment of the first key word per round.</summary>
    public const uint Weyl0 = 0x9E3779B9;

    /// <summary>Increment of the second key word per round.</summary>
    public const uint Weyl1 = 0xBB67AE85;

    /// <summary>2^-24, which maps the high 24 bits of a word to [0, 1).</summary>
    public const float UniformScale = 1f / 16777216f;

    /// <summary>Computes the four random words of a counter.</summary>
    /// <param name="key0">first key word</param>
    /// <param name="key1">second key word</param>
    /// <param name="c0">first counter word; receives the first random word</param>
    /// <param name="c1">second counter word; receives the second random word</param>
    /// <param name="c2">third counter word; receives the third random word</param>
    /// <param name="c3">fourth counter word; receives the fourth random word</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Generate(uint key0, uint key1, ref uint c0, ref uint c1, ref uint c2, ref uint c3)
    {
        // Unrolled by hand: ILGPU does not unroll loops, and at O2 it assumes that words which a loop exchanges are the same in all threads.
        Round(key0, key1, ref c0, ref c1, ref c2, ref c3);
        key0 += Weyl0;
        key1 += Weyl1;
        Round(key0, key1, ref c0, ref c1, ref c2, ref c3);
        key0 += Weyl0;
        key1 += Weyl1;
        Round(key0, key1, ref c0, ref c1, ref c2, ref c3);
        key0 += Weyl0;
        key1 += Weyl1;
        Round(key0, key1, ref c0, ref c1, ref c2, ref c3);
        key0 += Weyl0;
        key1 += Weyl1;
        Round(key0, key1, ref c0, ref c1, ref c2, ref c3);
        key0 += Weyl0;
        key1 += Weyl1;
        Round(key0, key1, ref c0, ref c1, ref c2, ref c3);
        key0 += Weyl0;
        key1 += Weyl1;
        Round(key0, key1, ref c0, ref c1, ref c2, ref c3);
        key0 += Weyl0;
        key1 += Weyl1;
        Round(key0, key1, ref c0, ref c1, ref c2, ref c3);
        key0 += Weyl0;
        key1 += Weyl1;
        Round(key0, key1, ref c0, ref c1, ref c2, ref c3);
        key0 += Weyl0;
        key1 += Weyl1;
        Round(key0, key1, ref c0, ref c1, ref c2, ref c3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Round(uint key0, uint key1, ref uint c0, ref uint c1, ref uint c2, ref uint c3)
    {
        var product0 = (ulong)Multiplier0 * c0;
        var product1 = (ulong)Multiplier1 * c2;
        c0 = (uint)(product1 >> 32) ^ c1 ^ key0;
        c1 = (uint)product1;
        c2 = (uint)(product0 >> 32) ^ c3 ^ key1;
        c3 = (uint)product0;
    }

    /// <summary>Maps the high 24 bits of a word to a number in [0, 1).</summary>
    /// <param name="word">a random word</param>
    public static float ToUniform(uint word) => (int)(word >> 8) * UniformScale;
}
