using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using ILGPU;

namespace Gpu.Kernels.Convolution;

/// <summary>
/// Conditions as bits: what lies outside is read at a place that exists and then cleared. So a thread's loads stand in one run of instructions, all on their way
/// together, where a branch around each would make it wait for them one by one.
/// </summary>
internal static class Masks
{
    /// <summary>A negative number where a place is outside of 0 to extent - 1. Such numbers are combined by "or".</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Outside(int place, int extent) => place | (extent - 1 - place);

    /// <summary>A negative number where a place that is not negative lies behind extent - 1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Beyond(int place, int extent) => extent - 1 - place;

    /// <summary>All ones, or zeros where the number is negative.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int FromSign(int outside) => ~(outside >> 31);

    /// <summary>The value, or zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Keep(float value, int mask) => Interop.IntAsFloat(Interop.FloatAsInt(value) & (uint)mask);

    /// <summary>The values, or zeros.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float4 Keep(Float4 value, int mask) => new(Keep(value.X, mask), Keep(value.Y, mask), Keep(value.Z, mask), Keep(value.W, mask));
}
