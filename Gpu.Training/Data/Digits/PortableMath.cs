namespace Gpu.Training.Data.Digits;

/// <summary>
/// Functions whose results are the same bits on every platform: they use only addition, subtraction, multiplication, division and the square
/// root, which IEEE 754 defines exactly. (Math.Sin and its kin come from the platform's C library and differ in the last bit.)
/// </summary>
internal static class PortableMath
{
    /// <summary>Sine and cosine of an angle in [-pi, pi], by their Taylor series; the error is below 1e-9.</summary>
    public static (double Sin, double Cos) SinCos(double angle)
    {
        var square = angle * angle;
        double sin = 1, cos = 1;
        for (var n = 20; n >= 2; n -= 2)
        {
            sin = 1 - (square * sin / (n * (n + 1)));
            cos = 1 - (square * cos / (n * (n - 1)));
        }

        return (sin * angle, cos);
    }

    /// <summary>The four weights of the uniform cubic B-spline at <paramref name="t"/> in [0, 1] between its two middle knots; they sum to 1.</summary>
    public static (double A, double B, double C, double D) SplineWeights(double t)
    {
        var u = 1 - t;
        return (
            u * u * u / 6,
            ((3 * t * t * t) - (6 * t * t) + 4) / 6,
            ((3 * u * u * u) - (6 * u * u) + 4) / 6,
            t * t * t / 6);
    }
}
