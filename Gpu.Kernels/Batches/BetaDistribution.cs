namespace Gpu.Kernels.Batches;

/// <summary>Quantiles of the symmetric Beta distribution, from which kernels draw by linear interpolation: without rejection.</summary>
internal static class BetaDistribution
{
    /// <summary>Intervals of equal probability in the table.</summary>
    public const int Intervals = 1024;

    /// <summary>The quantiles of the probabilities 0, 1/<see cref="Intervals"/>, ..., 1 of Beta(alpha, alpha); all 1 for alpha = 0.</summary>
    public static float[] Quantiles(double alpha)
    {
        var table = new float[Intervals + 1];
        if (alpha <= 0)
        {
            Array.Fill(table, 1);
            return table;
        }

        // Symmetric about 1/2.
        for (var i = 0; i <= Intervals / 2; i++)
        {
            var x = Invert(alpha, (double)i / Intervals);
            (table[i], table[Intervals - i]) = ((float)x, (float)(1 - x));
        }

        return table;
    }

    // Bisection on a logarithmic scale: for small alpha, quantiles are as small as 1e-30.
    private static double Invert(double alpha, double probability)
    {
        if (probability <= 0) return 0;
        if (probability >= 0.5) return 0.5;
        var (low, high) = (-700.0, Math.Log(0.5));
        for (var i = 0; i < 60; i++)
        {
            var middle = (low + high) / 2;
            if (Cumulative(alpha, Math.Exp(middle)) < probability) low = middle;
            else high = middle;
        }

        return Math.Exp((low + high) / 2);
    }

    // The regularized incomplete Beta function I_x(a, a) for x <= 1/2 by its continued fraction (Abramowitz and Stegun 26.5.8, modified Lentz's method).
    private static double Cumulative(double a, double x)
    {
        const double tiny = 1e-300;
        var front = Math.Exp(LogGamma(2 * a) - 2 * LogGamma(a) + a * Math.Log(x) + a * Math.Log(1 - x)) / a;
        var c = 1.0;
        var d = 1 / NotZero(1 - 2 * a * x / (a + 1));
        var fraction = d;
        for (var m = 1; m <= 300; m++)
        {
            var even = m * (a - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
            d = 1 / NotZero(1 + even * d);
            c = NotZero(1 + even / c);
            fraction *= c * d;
            var odd = -(a + m) * (2 * a + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
            d = 1 / NotZero(1 + odd * d);
            c = NotZero(1 + odd / c);
            fraction *= c * d;
            if (Math.Abs(c * d - 1) < 1e-15) break;
        }

        return front * fraction;

        static double NotZero(double value) => Math.Abs(value) < tiny ? tiny : value;
    }

    // Lanczos' approximation with g = 7 and 9 coefficients, for x > 0.
    private static double LogGamma(double x)
    {
        if (x < 0.5) return Math.Log(Math.PI / Math.Sin(Math.PI * x)) - LogGamma(1 - x);
        ReadOnlySpan<double> coefficients =
        [
            0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059, 12.507343278686905, -0.13857109526572012,
            9.9843695780195716e-6, 1.5056327351493116e-7,
        ];
        x--;
        var sum = coefficients[0];
        for (var i = 1; i < coefficients.Length; i++) sum += coefficients[i] / (x + i);
        var t = x + 7.5;
        return 0.5 * Math.Log(2 * Math.PI) + (x + 0.5) * Math.Log(t) - t + Math.Log(sum);
    }
}
