using Gpu.Kernels;

namespace Gpu.Cli.Checks.References;

/// <summary>The normal numbers by their definition: the transformation of Box and Muller of the words of Philox, in double precision.</summary>
internal static class NormalReference
{
    /// <summary>
    /// Number e of a block of counters: its counter is first + e / 64 * 16 + e % 16; words 0 and 1 give the numbers 0 and 1 of the counter, words 2 and 3 the
    /// numbers 2 and 3; e is number (e % 64) / 16.
    /// </summary>
    public static double Value(ulong seed, uint draw, int first, int e)
    {
        uint a = (uint)(first + e / 64 * 16 + e % 16), b = draw, c = 0, d = 0;
        Philox.Generate((uint)seed, (uint)(seed >> 32), ref a, ref b, ref c, ref d);
        var number = e % 64 / 16;
        var (u, v) = number < 2 ? (a, b) : (c, d);
        var radius = Math.Sqrt(-2 * Math.Log(1 - (u >> 8) / 16777216.0));
        var angle = 2 * Math.PI * (v >> 8) / 16777216.0;
        return radius * (number % 2 == 0 ? Math.Cos(angle) : Math.Sin(angle));
    }
}
