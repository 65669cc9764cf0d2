using Gpu.Kernels;

namespace Gpu.Tests.Planning;

/// <summary>
/// Which elements dropout keeps: element e belongs to block e / 64; lane e % 16 of it draws the counter block * 16 + lane, and word (e % 64) / 16 of
/// that.
/// </summary>
internal static class DropoutMask
{
    public static bool Keeps(ulong seed, uint draw, int element, float probability)
    {
        uint a = (uint)(element / 64 * 16 + element % 16), b = draw, c = 0, d = 0;
        Philox.Generate((uint)seed, (uint)(seed >> 32), ref a, ref b, ref c, ref d);
        var word = (element % 64 / 16) switch { 0 => a, 1 => b, 2 => c, _ => d };
        return Philox.ToUniform(word) >= probability;
    }
}
