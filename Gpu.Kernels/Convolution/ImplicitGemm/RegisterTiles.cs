using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;

namespace Gpu.Kernels.Convolution;

/// <summary>Eight rows by eight columns of sums in registers. Written out: neither the JIT nor ILGPU keeps an array in registers.</summary>
internal struct RegisterTile8x8
{
    private Float4 _l0, _r0, _l1, _r1, _l2, _r2, _l3, _r3, _l4, _r4, _l5, _r5, _l6, _r6, _l7, _r7;

    public readonly Float4 Left => _l0;

    public readonly Float4 Right => _r0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void MultiplyAdd(Float4 a0, Float4 a1, Float4 b0, Float4 b1)
    {
        _l0 = GemmTileSums.MultiplyAdd(a0.X, b0, _l0);
        _r0 = GemmTileSums.MultiplyAdd(a0.X, b1, _r0);
        _l1 = GemmTileSums.MultiplyAdd(a0.Y, b0, _l1);
        _r1 = GemmTileSums.MultiplyAdd(a0.Y, b1, _r1);
        _l2 = GemmTileSums.MultiplyAdd(a0.Z, b0, _l2);
        _r2 = GemmTileSums.MultiplyAdd(a0.Z, b1, _r2);
        _l3 = GemmTileSums.MultiplyAdd(a0.W, b0, _l3);
        _r3 = GemmTileSums.MultiplyAdd(a0.W, b1, _r3);
        _l4 = GemmTileSums.MultiplyAdd(a1.X, b0, _l4);
        _r4 = GemmTileSums.MultiplyAdd(a1.X, b1, _r4);
        _l5 = GemmTileSums.MultiplyAdd(a1.Y, b0, _l5);
        _r5 = GemmTileSums.MultiplyAdd(a1.Y, b1, _r5);
        _l6 = GemmTileSums.MultiplyAdd(a1.Z, b0, _l6);
        _r6 = GemmTileSums.MultiplyAdd(a1.Z, b1, _r6);
        _l7 = GemmTileSums.MultiplyAdd(a1.W, b0, _l7);
        _r7 = GemmTileSums.MultiplyAdd(a1.W, b1, _r7);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Next()
    {
        _l0 = _l1;
        _r0 = _r1;
        _l1 = _l2;
        _r1 = _r2;
        _l2 = _l3;
        _r2 = _r3;
        _l3 = _l4;
        _r3 = _r4;
        _l4 = _l5;
        _r4 = _r5;
        _l5 = _l6;
        _r5 = _r6;
        _l6 = _l7;
        _r6 = _r7;
    }
}

/// <summary>Eight rows by four columns of sums in registers. Written out: neither the JIT nor ILGPU keeps an array in registers.</summary>
internal struct RegisterTile8x4
{
    private Float4 _l0, _l1, _l2, _l3, _l4, _l5, _l6, _l7;

    public readonly Float4 Left => _l0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void MultiplyAdd(Float4 a0, Float4 a1, Float4 b0)
    {
        _l0 = GemmTileSums.MultiplyAdd(a0.X, b0, _l0);
        _l1 = GemmTileSums.MultiplyAdd(a0.Y, b0, _l1);
        _l2 = GemmTileSums.MultiplyAdd(a0.Z, b0, _l2);
        _l3 = GemmTileSums.MultiplyAdd(a0.W, b0, _l3);
        _l4 = GemmTileSums.MultiplyAdd(a1.X, b0, _l4);
        _l5 = GemmTileSums.MultiplyAdd(a1.Y, b0, _l5);
        _l6 = GemmTileSums.MultiplyAdd(a1.Z, b0, _l6);
        _l7 = GemmTileSums.MultiplyAdd(a1.W, b0, _l7);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Next()
    {
        _l0 = _l1;
        _l1 = _l2;
        _l2 = _l3;
        _l3 = _l4;
        _l4 = _l5;
        _l5 = _l6;
        _l6 = _l7;
    }
}

/// <summary>Four rows by four columns of sums in registers. Written out: neither the JIT nor ILGPU keeps an array in registers.</summary>
internal struct RegisterTile4x4
{
    private Float4 _l0, _l1, _l2, _l3;

    public readonly Float4 Left => _l0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void MultiplyAdd(Float4 a0, Float4 b0)
    {
        _l0 = GemmTileSums.MultiplyAdd(a0.X, b0, _l0);
        _l1 = GemmTileSums.MultiplyAdd(a0.Y, b0, _l1);
        _l2 = GemmTileSums.MultiplyAdd(a0.Z, b0, _l2);
        _l3 = GemmTileSums.MultiplyAdd(a0.W, b0, _l3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Next()
    {
        _l0 = _l1;
        _l1 = _l2;
        _l2 = _l3;
    }
}

/// <summary>What the registers are filled by.</summary>
internal static class GemmTileSums
{
    /// <summary>a * b + c; ILGPU writes a multiplication and an addition without rounding modifiers, which ptxas may contract (as it does unless told not to).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float4 MultiplyAdd(float a, Float4 b, Float4 c) => new(a * b.X + c.X, a * b.Y + c.Y, a * b.Z + c.Z, a * b.W + c.W);
}
