using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;

namespace Gpu.Kernels.Convolution;

/// <summary>The arithmetic of the register tiles in GemmTiles.tt.</summary>
internal static class GemmTileSums
{
    /// <summary>
    /// a * b + c. ILGPU emits a multiplication and an addition without rounding modifiers. ptxas contracts them to a fused multiply-add by default.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float4 MultiplyAdd(float a, Float4 b, Float4 c) => new(a * b.X + c.X, a * b.Y + c.Y, a * b.Z + c.Z, a * b.W + c.W);
}
