using Gpu.Kernels;

namespace Gpu.Cli.Checks;

/// <summary>
/// The definition of the dropout mask, from the scalar Philox generator: element e belongs to block e / 64; its lane e % 16 generates the four words of counter
/// 16 * block + lane, and e uses word (e % 64) / 16 of them. The element is kept if the upper 24 bits of the word, as a fraction, reach the probability.
/// </summary>
internal static class DropoutMask
{
    public static bool Keeps(ulong seed, uint draw, int element, float probability)
    {
        uint a = (uint)(element / 64 * 16 + element % 16), b = draw, c = 0, d = 0;
        Philox.Generate((uint)seed, (uint)(seed >> 32), ref a, ref b, ref c, ref d);
        var word = (element % 64 / 16) switch { 0 => a, 1 => b, 2 => c, _ => d };
        return (word >> 8) / 16777216.0 >= probability;
    }

    /// <summary>The definition of the mask of whole channels or samples: the first word of the counter of their number.</summary>
    public static bool KeepsTogether(ulong seed, uint draw, int number, float probability)
    {
        uint a = (uint)number, b = draw, c = 0, d = 0;
        Philox.Generate((uint)seed, (uint)(seed >> 32), ref a, ref b, ref c, ref d);
        return (a >> 8) / 16777216.0 >= probability;
    }
}
