using System.Text;

namespace Gpu.Training.Initialization;

/// <summary>Derives one seed per name from a common seed, so that the random numbers of a layer do not depend on the other layers.</summary>
internal static class NamedSeed
{
    /// <summary>The FNV-1a hash of the UTF-8 bytes of the name, mixed with the seed by the finalizer of SplitMix64.</summary>
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
