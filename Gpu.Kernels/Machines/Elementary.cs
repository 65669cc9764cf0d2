using System.Runtime.CompilerServices;

namespace Gpu.Kernels.Machines;

/// <summary>
/// Exponential, logarithm and what follows from them, in the machine's own arithmetic: the same polynomial on every machine, because GPUs lower
/// the library's functions to approximate instructions. Errors, in units in the last place: Exp and Log 1.5, Tanh 2, Sigmoid 3 (held by tests on every machine).
/// </summary>
/// <remarks>Source of the polynomials: S. L. Moshier, Cephes mathematical library (expf, logf).</remarks>
public static class Elementary<TMachine, TVector>
    where TMachine : struct, IMachine<TMachine, TVector>
    where TVector : unmanaged
{
    /// <summary>e^x, with x held to -87.3 ... 88.3 so that the result is a normal number; NaN stays NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Exp(TVector x)
    {
        // Bounds first in Min/Max: with NaN in the second place the x86 instructions return it.
        x = TMachine.Min(TMachine.Splat(88.3762626647949f), x);
        x = TMachine.Max(TMachine.Splat(-87.3365478515625f), x);
        var n = TMachine.Floor(TMachine.MultiplyAdd(x, TMachine.Splat(1.44269504088896341f), TMachine.Splat(0.5f)));
        n = TMachine.Min(TMachine.Splat(127f), n);
        var r = TMachine.MultiplyAdd(n, TMachine.Splat(-0.693359375f), x);
        r = TMachine.MultiplyAdd(n, TMachine.Splat(2.12194440e-4f), r);
        var p = TMachine.Splat(1.9875691500e-4f);
        p = TMachine.MultiplyAdd(p, r, TMachine.Splat(1.3981999507e-3f));
        p = TMachine.MultiplyAdd(p, r, TMachine.Splat(8.3334519073e-3f));
        p = TMachine.MultiplyAdd(p, r, TMachine.Splat(4.1665795894e-2f));
        p = TMachine.MultiplyAdd(p, r, TMachine.Splat(1.6666665459e-1f));
        p = TMachine.MultiplyAdd(p, r, TMachine.Splat(5.0000001201e-1f));
        p = TMachine.MultiplyAdd(p, TMachine.Multiply(r, r), TMachine.Add(r, TMachine.Splat(1f)));
        return TMachine.Multiply(p, TMachine.PowerOfTwo(n));
    }

    /// <summary>The natural logarithm of positive normal numbers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Log(TVector x)
    {
        var e = TMachine.SplitExponent(x, out var m);
        // Mantissas from sqrt(2) on go down by one octave, so that m - 1 lies in -0.293 ... 0.414.
        var root = TMachine.Splat(1.41421356237f);
        e = TMachine.SelectGreater(m, root, TMachine.Add(e, TMachine.Splat(1f)), e);
        m = TMachine.SelectGreater(m, root, TMachine.Multiply(m, TMachine.Splat(0.5f)), m);
        var t = TMachine.Subtract(m, TMachine.Splat(1f));
        var z = TMachine.Multiply(t, t);
        var p = TMachine.Splat(7.0376836292e-2f);
        p = TMachine.MultiplyAdd(p, t, TMachine.Splat(-1.1514610310e-1f));
        p = TMachine.MultiplyAdd(p, t, TMachine.Splat(1.1676998740e-1f));
        p = TMachine.MultiplyAdd(p, t, TMachine.Splat(-1.2420140846e-1f));
        p = TMachine.MultiplyAdd(p, t, TMachine.Splat(1.4249322787e-1f));
        p = TMachine.MultiplyAdd(p, t, TMachine.Splat(-1.6668057665e-1f));
        p = TMachine.MultiplyAdd(p, t, TMachine.Splat(2.0000714765e-1f));
        p = TMachine.MultiplyAdd(p, t, TMachine.Splat(-2.4999993993e-1f));
        p = TMachine.MultiplyAdd(p, t, TMachine.Splat(3.3333331174e-1f));
        p = TMachine.Multiply(p, TMachine.Multiply(t, z));
        p = TMachine.MultiplyAdd(e, TMachine.Splat(-2.12194440e-4f), p);
        p = TMachine.MultiplyAdd(z, TMachine.Splat(-0.5f), p);
        return TMachine.MultiplyAdd(e, TMachine.Splat(0.693359375f), TMachine.Add(t, p));
    }

    /// <summary>1 / (1 + e^-x), from the exponential of -|x|, so that neither end overflows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Sigmoid(TVector x)
    {
        var one = TMachine.Splat(1f);
        var e = Exp(TMachine.Subtract(TMachine.Zero, TMachine.Abs(x)));
        var small = TMachine.Divide(e, TMachine.Add(one, e));
        return TMachine.SelectGreater(TMachine.Zero, x, small, TMachine.Subtract(one, small));
    }

    /// <summary>
    /// The hyperbolic tangent: a polynomial below |x| = 0.625 (no cancellation there), 1 - 2 / (e^2|x| + 1) above.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Tanh(TVector x)
    {
        var one = TMachine.Splat(1f);
        var a = TMachine.Abs(x);
        var e = Exp(TMachine.Add(a, a));
        var large = TMachine.Subtract(one, TMachine.Divide(TMachine.Splat(2f), TMachine.Add(e, one)));
        large = TMachine.SelectGreater(TMachine.Zero, x, TMachine.Subtract(TMachine.Zero, large), large);
        var z = TMachine.Multiply(x, x);
        var p = TMachine.Splat(-5.70498872745e-3f);
        p = TMachine.MultiplyAdd(p, z, TMachine.Splat(2.06390887954e-2f));
        p = TMachine.MultiplyAdd(p, z, TMachine.Splat(-5.37397155531e-2f));
        p = TMachine.MultiplyAdd(p, z, TMachine.Splat(1.33314422036e-1f));
        p = TMachine.MultiplyAdd(p, z, TMachine.Splat(-3.33332819422e-1f));
        var small = TMachine.MultiplyAdd(TMachine.Multiply(p, z), x, x);
        return TMachine.SelectGreater(TMachine.Splat(0.625f), a, small, large);
    }

    /// <summary>
    /// The distribution function Phi(x) = (1 + erf(x / sqrt 2)) / 2 of the normal distribution, and its density e^(-x^2 / 2) / sqrt(2 pi) on the way.
    /// Phi(-|x|) = e^(-x^2 / 2) * t * P(t) with t = 1 / (1 + 0.35 |x|), so that nothing cancels in the lower tail; Phi(x) = 1 - Phi(-x).
    /// </summary>
    /// <remarks>
    /// The form is that of C. Hastings, "Approximations for digital computers", 1955; P is a minimax fit made for this project, relative error 3.2e-8
    /// for |x| up to 15. The error is below 6 units in the last place, and the rounding of x^2 adds x^2 / 2 units below 0.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector NormalDistribution(TVector x, out TVector density)
    {
        var one = TMachine.Splat(1f);
        var e = Exp(TMachine.Multiply(TMachine.Multiply(x, x), TMachine.Splat(-0.5f)));
        density = TMachine.Multiply(e, TMachine.Splat(0.3989422804f));
        var t = TMachine.Divide(one, TMachine.MultiplyAdd(TMachine.Abs(x), TMachine.Splat(0.35f), one));
        var p = TMachine.Splat(-2.916393311e-2f);
        p = TMachine.MultiplyAdd(p, t, TMachine.Splat(1.440608371e-1f));
        p = TMachine.MultiplyAdd(p, t, TMachine.Splat(-2.559019335e-1f));
        p = TMachine.MultiplyAdd(p, t, TMachine.Splat(1.593929894e-1f));
        p = TMachine.MultiplyAdd(p, t, TMachine.Splat(-2.326388675e-2f));
        p = TMachine.MultiplyAdd(p, t, TMachine.Splat(1.055748225e-1f));
        p = TMachine.MultiplyAdd(p, t, TMachine.Splat(1.198154933e-1f));
        p = TMachine.MultiplyAdd(p, t, TMachine.Splat(1.398643367e-1f));
        p = TMachine.MultiplyAdd(p, t, TMachine.Splat(1.396212584e-1f));
        var tail = TMachine.Multiply(TMachine.Multiply(p, t), e);
        return TMachine.SelectGreater(TMachine.Zero, x, tail, TMachine.Subtract(one, tail));
    }
}
