using System.Runtime.CompilerServices;

namespace Gpu.Kernels.Backends;

/// <summary>
/// Exponential, logarithm and functions built from them, with the same polynomials on every backend: ILGPU lowers the library functions to approximate
/// instructions on GPUs. Errors in units in the last place, checked by tests on every backend: Exp and Log 1.5, Tanh 2, Sigmoid and LogOnePlus 3.
/// </summary>
/// <remarks>The polynomials are those of S. L. Moshier, Cephes mathematical library (expf, logf, tanhf).</remarks>
internal static class VectorMath<TBackend, TVector>
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>e^x. x is clamped to -87.3 ... 88.3, so the result is a normal number. NaN gives NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Exp(TVector x)
    {
        // The bounds come first because Min and Max return the second operand if it is NaN.
        x = TBackend.Min(TBackend.Splat(88.3762626647949f), x);
        x = TBackend.Max(TBackend.Splat(-87.3365478515625f), x);
        var n = TBackend.Floor(TBackend.MultiplyAdd(x, TBackend.Splat(1.44269504088896341f), TBackend.Splat(0.5f)));
        n = TBackend.Min(TBackend.Splat(127f), n);
        var r = TBackend.MultiplyAdd(n, TBackend.Splat(-0.693359375f), x);
        r = TBackend.MultiplyAdd(n, TBackend.Splat(2.12194440e-4f), r);
        var p = TBackend.Splat(1.9875691500e-4f);
        p = TBackend.MultiplyAdd(p, r, TBackend.Splat(1.3981999507e-3f));
        p = TBackend.MultiplyAdd(p, r, TBackend.Splat(8.3334519073e-3f));
        p = TBackend.MultiplyAdd(p, r, TBackend.Splat(4.1665795894e-2f));
        p = TBackend.MultiplyAdd(p, r, TBackend.Splat(1.6666665459e-1f));
        p = TBackend.MultiplyAdd(p, r, TBackend.Splat(5.0000001201e-1f));
        p = TBackend.MultiplyAdd(p, TBackend.Multiply(r, r), TBackend.Add(r, TBackend.Splat(1f)));
        return TBackend.Multiply(p, TBackend.PowerOfTwo(n));
    }

    /// <summary>The natural logarithm of positive normal numbers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Log(TVector x)
    {
        var e = TBackend.SplitExponent(x, out var m);
        // Halve mantissas above sqrt(2), so that m - 1 lies in -0.293 ... 0.414.
        var root = TBackend.Splat(1.41421356237f);
        e = TBackend.SelectGreater(m, root, TBackend.Add(e, TBackend.Splat(1f)), e);
        m = TBackend.SelectGreater(m, root, TBackend.Multiply(m, TBackend.Splat(0.5f)), m);
        var t = TBackend.Subtract(m, TBackend.Splat(1f));
        var z = TBackend.Multiply(t, t);
        var p = TBackend.Splat(7.0376836292e-2f);
        p = TBackend.MultiplyAdd(p, t, TBackend.Splat(-1.1514610310e-1f));
        p = TBackend.MultiplyAdd(p, t, TBackend.Splat(1.1676998740e-1f));
        p = TBackend.MultiplyAdd(p, t, TBackend.Splat(-1.2420140846e-1f));
        p = TBackend.MultiplyAdd(p, t, TBackend.Splat(1.4249322787e-1f));
        p = TBackend.MultiplyAdd(p, t, TBackend.Splat(-1.6668057665e-1f));
        p = TBackend.MultiplyAdd(p, t, TBackend.Splat(2.0000714765e-1f));
        p = TBackend.MultiplyAdd(p, t, TBackend.Splat(-2.4999993993e-1f));
        p = TBackend.MultiplyAdd(p, t, TBackend.Splat(3.3333331174e-1f));
        p = TBackend.Multiply(p, TBackend.Multiply(t, z));
        p = TBackend.MultiplyAdd(e, TBackend.Splat(-2.12194440e-4f), p);
        p = TBackend.MultiplyAdd(z, TBackend.Splat(-0.5f), p);
        return TBackend.MultiplyAdd(e, TBackend.Splat(0.693359375f), TBackend.Add(t, p));
    }

    /// <summary>log(1 + e) for e from 0 to 1; accurate for small e.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector LogOnePlus(TVector e)
    {
        // The factor e / (u - 1) undoes the rounding of u = 1 + e. Source: W. Kahan (HP-15C handbook).
        var one = TBackend.Splat(1f);
        var u = TBackend.Add(one, e);
        var correction = TBackend.Divide(e, TBackend.Subtract(u, one));
        return TBackend.SelectEqual(u, one, e, TBackend.Multiply(Log(u), correction));
    }

    /// <summary>1 / (1 + e^-x), computed from e^-|x|, which cannot overflow.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Sigmoid(TVector x)
    {
        var one = TBackend.Splat(1f);
        var e = Exp(TBackend.Subtract(TBackend.Zero, TBackend.Abs(x)));
        var small = TBackend.Divide(e, TBackend.Add(one, e));
        return TBackend.SelectGreater(TBackend.Zero, x, small, TBackend.Subtract(one, small));
    }

    /// <summary>
    /// The hyperbolic tangent: 1 - 2 / (e^2|x| + 1) for |x| of 0.625 and above, a polynomial below, where that would cancel.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Tanh(TVector x)
    {
        var one = TBackend.Splat(1f);
        var a = TBackend.Abs(x);
        var e = Exp(TBackend.Add(a, a));
        var large = TBackend.Subtract(one, TBackend.Divide(TBackend.Splat(2f), TBackend.Add(e, one)));
        large = TBackend.SelectGreater(TBackend.Zero, x, TBackend.Subtract(TBackend.Zero, large), large);
        var z = TBackend.Multiply(x, x);
        var p = TBackend.Splat(-5.70498872745e-3f);
        p = TBackend.MultiplyAdd(p, z, TBackend.Splat(2.06390887954e-2f));
        p = TBackend.MultiplyAdd(p, z, TBackend.Splat(-5.37397155531e-2f));
        p = TBackend.MultiplyAdd(p, z, TBackend.Splat(1.33314422036e-1f));
        p = TBackend.MultiplyAdd(p, z, TBackend.Splat(-3.33332819422e-1f));
        var small = TBackend.MultiplyAdd(TBackend.Multiply(p, z), x, x);
        return TBackend.SelectGreater(TBackend.Splat(0.625f), a, small, large);
    }

    /// <summary>
    /// The cumulative distribution function of the normal distribution, Phi(x) = (1 + erf(x / sqrt 2)) / 2, and its density e^(-x^2 / 2) / sqrt(2 pi).
    /// Phi(-|x|) = e^(-x^2 / 2) * t * P(t) with t = 1 / (1 + 0.35 |x|), so nothing cancels in the lower tail; Phi(x) = 1 - Phi(-x).
    /// </summary>
    /// <remarks>
    /// The form is that of C. Hastings, "Approximations for digital computers", 1955. P is a minimax polynomial fitted for this project, with a relative error
    /// of 3.2e-8 for |x| up to 15. The error is below 6 units in the last place; for negative x the rounding of x^2 adds x^2 / 2 units.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector NormalDistribution(TVector x, out TVector density)
    {
        var one = TBackend.Splat(1f);
        var e = Exp(TBackend.Multiply(TBackend.Multiply(x, x), TBackend.Splat(-0.5f)));
        density = TBackend.Multiply(e, TBackend.Splat(0.3989422804f));
        var t = TBackend.Divide(one, TBackend.MultiplyAdd(TBackend.Abs(x), TBackend.Splat(0.35f), one));
        var p = TBackend.Splat(-2.916393311e-2f);
        p = TBackend.MultiplyAdd(p, t, TBackend.Splat(1.440608371e-1f));
        p = TBackend.MultiplyAdd(p, t, TBackend.Splat(-2.559019335e-1f));
        p = TBackend.MultiplyAdd(p, t, TBackend.Splat(1.593929894e-1f));
        p = TBackend.MultiplyAdd(p, t, TBackend.Splat(-2.326388675e-2f));
        p = TBackend.MultiplyAdd(p, t, TBackend.Splat(1.055748225e-1f));
        p = TBackend.MultiplyAdd(p, t, TBackend.Splat(1.198154933e-1f));
        p = TBackend.MultiplyAdd(p, t, TBackend.Splat(1.398643367e-1f));
        p = TBackend.MultiplyAdd(p, t, TBackend.Splat(1.396212584e-1f));
        var tail = TBackend.Multiply(TBackend.Multiply(p, t), e);
        return TBackend.SelectGreater(TBackend.Zero, x, tail, TBackend.Subtract(one, tail));
    }
}
