using System.Numerics;

namespace Gpu.Training.Data;

/// <summary>
/// A pseudo-random generator whose numbers are the same on every platform and every .NET version: xoshiro256** (Blackman and Vigna,
/// "Scrambled linear pseudorandom number generators", 2021) in integer arithmetic, its state filled by SplitMix64.
/// </summary>
/// <remarks>Independent streams of one seed are told apart by a stream number, so that images can be drawn in any order and in parallel.</remarks>
public sealed class PortableRandom
{
    private ulong s0, s1, s2, s3;

    /// <summary>Creates stream <paramref name="stream"/> of the seed <paramref name="seed"/>.</summary>
    public PortableRandom(ulong seed, ulong stream = 0)
    {
        // The stream number is mixed before it meets the seed: otherwise (seed, stream + 1) and (seed + 1, stream) could be neighbours.
        var state = stream;
        state = seed ^ SplitMix(ref state);
        s0 = SplitMix(ref state);
        s1 = SplitMix(ref state);
        s2 = SplitMix(ref state);
        s3 = SplitMix(ref state);
    }

    /// <summary>The next 64 random bits.</summary>
    public ulong NextUInt64()
    {
        var result = BitOperations.RotateLeft(s1 * 5, 7) * 9;
        var t = s1 << 17;
        s2 ^= s0;
        s3 ^= s1;
        s1 ^= s2;
        s0 ^= s3;
        s2 ^= t;
        s3 = BitOperations.RotateLeft(s3, 45);
        return result;
    }

    /// <summary>A uniform number in [0, 1): a multiple of 2^-53.</summary>
    public double NextDouble() => (NextUInt64() >> 11) * (1.0 / (1UL << 53));

    /// <summary>A uniform number in [<paramref name="low"/>, <paramref name="high"/>).</summary>
    public double NextDouble(double low, double high) => low + ((high - low) * NextDouble());

    /// <summary>A uniform integer in [0, <paramref name="exclusiveMaximum"/>), without bias (multiply and reject, Lemire 2019).</summary>
    public int NextInt32(int exclusiveMaximum)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(exclusiveMaximum);
        var range = (uint)exclusiveMaximum;
        var threshold = (0u - range) % range;
        while (true)
        {
            var product = (NextUInt64() >> 32) * range;
            if ((uint)product >= threshold)
                return (int)(product >> 32);
        }
    }

    /// <summary>
    /// About normal, mean 0 and variance 1, within [-3.47, 3.47]: the scaled sum of four uniform numbers. It needs no logarithm, so it is exact
    /// on every platform.
    /// </summary>
    public double NextNormalish() => (NextDouble() + NextDouble() + NextDouble() + NextDouble() - 2.0) * 1.7320508075688772;

    /// <summary>Puts the items in a random order (Fisher and Yates).</summary>
    public void Shuffle<T>(Span<T> items)
    {
        for (var i = items.Length - 1; i > 0; i--)
        {
            var j = NextInt32(i + 1);
            (items[i], items[j]) = (items[j], items[i]);
        }
    }

    private static ulong SplitMix(ref ulong state)
    {
        var z = state += 0x9E3779B97F4A7C15UL;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return z ^ (z >> 31);
    }
}
