using System.Runtime.CompilerServices;

namespace Gpu.Kernels;

/// <summary>
/// Philox 4x32-10, a counter-based random number generator: the number is a function of key and counter, so that a mask can be computed again
/// instead of being stored. Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
/// </summary>
public static class Philox
{
    /// <summary>Rounds of the mixing function.</summary>
    public const int Rounds = 10;

    /// <summary>Multiplier of the first word of the counter.</summary>
    public const uint Multiplier0 = 0xD2511F53;

    /// <summary>Multiplier of the third word of the counter.</summary>
    public const uint Multiplier1 = 0xCD9E8D57;

    /// <summary>What the first key word grows by each round.</summary>
    public const uint Weyl0 = 0x9E3779B9;

    /// <summary>What the second key word grows by each round.</summary>
    public const uint Weyl1 = 0xBB67AE85;

    /// <summary>2^-24: from the high 24 bits of a word to [0, 1).</summary>
    public const float UniformScale = 1f / 16777216f;

    /// <summary>The four words for one counter; on entry the counter, on return the random words.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Generate(uint key0, uint key1, ref uint c0, ref uint c1, ref uint c2, ref uint c3)
    {
        // Written out: ILGPU unrolls no loops, and takes the words that a loop passes around among themselves for the same in all threads.
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

    /// <summary>A word as a number in [0, 1): its high 24 bits.</summary>
    public static float ToUniform(uint word) => (int)(word >> 8) * UniformScale;
}
