using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;

namespace Gpu.Kernels.Generation;

/// <summary>
/// Numbers of the standard normal distribution from a counter: Philox 4x32-10, and the transformation of Box and Muller with the same polynomials on every
/// backend. Sine and cosine are those of S. L. Moshier, Cephes mathematical library (sinf, cosf).
/// </summary>
internal static class NormalNumbers<TBackend, TVector>
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>
    /// Four vectors of numbers for the counters (counter + lane, stream); the parameters are those of <see cref="IVectorBackend{TSelf, TVector}.Uniform"/>.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Draw(
        uint seed0, uint seed1, uint stream, uint counter, out TVector normal0, out TVector normal1, out TVector normal2, out TVector normal3)
    {
        TBackend.Uniform(seed0, seed1, stream, counter, out var word0, out var word1, out var word2, out var word3);
        Transform(word0, word1, out normal0, out normal1);
        Transform(word2, word3, out normal2, out normal3);
    }

    // sqrt(-2 log(1 - u)) times cosine and sine of 2 pi v. 1 - u is at least 2^-24, so that the logarithm is finite.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Transform(TVector u, TVector v, out TVector first, out TVector second)
    {
        var logarithm = VectorMath<TBackend, TVector>.Log(TBackend.Subtract(TBackend.Splat(1f), u));
        var radius = TBackend.Sqrt(TBackend.Multiply(TBackend.Splat(-2f), logarithm));
        CosineAndSine(v, out var cosine, out var sine);
        first = TBackend.Multiply(radius, cosine);
        second = TBackend.Multiply(radius, sine);
    }

    // Of 2 pi v, for v from 0 to below 1: the nearest quarter turn, and a polynomial of the rest, which is at most an eighth turn.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void CosineAndSine(TVector v, out TVector cosine, out TVector sine)
    {
        var quarter = TBackend.Floor(TBackend.MultiplyAdd(v, TBackend.Splat(4f), TBackend.Splat(0.5f)));
        var x = TBackend.Multiply(TBackend.Splat(6.28318530718f), TBackend.MultiplyAdd(quarter, TBackend.Splat(-0.25f), v));
        var z = TBackend.Multiply(x, x);
        var s = TBackend.Splat(-1.9515295891e-4f);
        s = TBackend.MultiplyAdd(s, z, TBackend.Splat(8.3321608736e-3f));
        s = TBackend.MultiplyAdd(s, z, TBackend.Splat(-1.6666654611e-1f));
        s = TBackend.MultiplyAdd(TBackend.Multiply(s, z), x, x);
        var c = TBackend.Splat(2.443315711809948e-5f);
        c = TBackend.MultiplyAdd(c, z, TBackend.Splat(-1.388731625493765e-3f));
        c = TBackend.MultiplyAdd(c, z, TBackend.Splat(4.166664568298827e-2f));
        c = TBackend.MultiplyAdd(TBackend.Multiply(c, z), z, TBackend.MultiplyAdd(z, TBackend.Splat(-0.5f), TBackend.Splat(1f)));
        var (minusC, minusS) = (TBackend.Subtract(TBackend.Zero, c), TBackend.Subtract(TBackend.Zero, s));
        var (one, two, three) = (TBackend.Splat(1f), TBackend.Splat(2f), TBackend.Splat(3f));
        cosine = TBackend.SelectEqual(quarter, one, minusS, TBackend.SelectEqual(quarter, two, minusC, TBackend.SelectEqual(quarter, three, s, c)));
        sine = TBackend.SelectEqual(quarter, one, c, TBackend.SelectEqual(quarter, two, minusS, TBackend.SelectEqual(quarter, three, minusC, s)));
    }
}
