using System.Text;

namespace Gpu.Tests.Vectors;

/// <summary>
/// Numbers from an integer hash of a name and an index, bit for bit those of <c>make_trajectories.py</c>, so that parameters and batches need not be stored.
/// FNV-1a (Fowler, Noll, Vo) hashes the name to a key; SplitMix64 (Steele, Lea, Flood 2014) generates numbers from the key.
/// </summary>
public static class HashValues
{
    /// <summary>The 24-bit integer at an index.</summary>
    public static int Integer(ulong key, int index)
    {
        unchecked
        {
            var z = key + ((ulong)index + 1) * 0x9E3779B97F4A7C15;
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            return (int)((z ^ (z >> 31)) >> 40);
        }
    }

    /// <summary>The key of a name (ASCII).</summary>
    public static ulong Key(string name)
    {
        var hash = 0xCBF29CE484222325;
        foreach (var letter in Encoding.ASCII.GetBytes(name)) hash = unchecked((hash ^ letter) * 0x100000001B3);
        return hash;
    }

    /// <summary>The first numbers of a name, in [center - bound, center + bound).</summary>
    public static float[] Uniform(string name, int count, double center, double bound)
    {
        var key = Key(name);
        var values = new float[count];
        for (var i = 0; i < count; i++) values[i] = (float)(center + bound * Signed(key, i));
        return values;
    }

    /// <summary>A number in [-1, 1).</summary>
    public static double Signed(ulong key, int index) => Integer(key, index) * (1.0 / (1 << 23)) - 1;
}
