using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using ILGPU;

namespace Gpu.Kernels.Convolution;

/// <summary>
/// Conditions as bit masks. A value outside the tensor is loaded from a valid index and then cleared by its mask. Without branches between them, the loads of a
/// thread execute concurrently; with a branch around each load, the thread would wait for every one.
/// </summary>
internal static class Masks
{
    /// <summary>Negative if the index is outside 0 to extent - 1. Combine several such numbers by bitwise or.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Outside(int index, int extent) => index | (extent - 1 - index);

    /// <summary>Negative if the index, which must not be negative, is greater than extent - 1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Beyond(int index, int extent) => extent - 1 - index;

    /// <summary>Returns 0 for a negative number, else a mask of ones.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int FromSign(int outside) => ~(outside >> 31);

    /// <summary>Returns the value if the mask is ones, or zero if it is 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Keep(float value, int mask) => Interop.IntAsFloat(Interop.FloatAsInt(value) & (uint)mask);

    /// <inheritdoc cref="Keep(float, int)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float4 Keep(Float4 value, int mask) => new(Keep(value.X, mask), Keep(value.Y, mask), Keep(value.Z, mask), Keep(value.W, mask));
}
