using System.Text;

namespace Gpu.Training.Initialization;

/// <summary>A seed for each name, from one seed: what is drawn for one layer does not depend on which others there are.</summary>
internal static class NamedSeed
{
    /// <summary>FNV-1a over the name's UTF-8 bytes, mixed with the seed by the finaliser of SplitMix64.</summary>
    public static ulong Of(ulong seed, string name)
    {
        var hash = 0xCBF29CE484222325UL;
        foreach (var value in Encoding.UTF8.GetBytes(name)) hash = (hash ^ value) * 0x100000001B3UL;
        var mixed = hash + seed * 0x9E3779B97F4A7C15UL;
        mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9UL;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBUL;
        return mixed ^ (mixed >> 31);
    }
}
