using System.Numerics;

namespace Gpu.Training.Data;

/// <summary>
/// Pseudo-random generator with the same numbers on every platform and .NET version: xoshiro256** (Blackman and Vigna,
/// "Scrambled linear pseudorandom number generators", 2021) in integer arithmetic, seeded by SplitMix64.
/// </summary>
/// <remarks>A stream number selects one of the independent streams of a seed, so images can be drawn in any order and in parallel.</remarks>
public sealed class PortableRandom
{
    private ulong _s0, _s1, _s2, _s3;

    /// <summary>Creates stream <paramref name="stream"/> of the seed <paramref name="seed"/>.</summary>
    public PortableRandom(ulong seed, ulong stream = 0)
    {
        // Mix the stream number before combining it with the seed. Otherwise (seed, stream + 1) and (seed + 1, stream) could be similar.
        var state = stream;
        state = seed ^ SplitMix(ref state);
        _s0 = SplitMix(ref state);
        _s1 = SplitMix(ref state);
        _s2 = SplitMix(ref state);
        _s3 = SplitMix(ref state);
    }

    /// <summary>Returns 64 random bits.</summary>
    public ulong NextUInt64()
    {
        var result = BitOperations.RotateLeft(_s1 * 5, 7) * 9;
        var t = _s1 << 17;
        _s2 ^= _s0;
        _s3 ^= _s1;
        _s1 ^= _s2;
        _s0 ^= _s3;
        _s2 ^= t;
        _s3 = BitOperations.RotateLeft(_s3, 45);
        return result;
    }

    /// <summary>Returns a uniform number in [0, 1), a multiple of 2^-53.</summary>
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
    /// Returns an approximately normal number of mean 0 and variance 1 in [-3.47, 3.47]: the scaled sum of four uniform numbers. Without a logarithm, it is
    /// the same on every platform.
    /// </summary>
    public double NextApproximateNormal() => (NextDouble() + NextDouble() + NextDouble() + NextDouble() - 2.0) * 1.7320508075688772;

    /// <summary>Shuffles the items (Fisher-Yates).</summary>
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
