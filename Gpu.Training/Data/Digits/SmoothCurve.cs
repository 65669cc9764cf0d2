namespace Gpu.Training.Data.Digits;

/// <summary>A smooth random function on [0, 1]: a cubic B-spline over random knots. Used for the pressure along a stroke.</summary>
internal sealed class SmoothCurve
{
    private const int Intervals = 3;
    private readonly double[] knots = new double[Intervals + 3];

    public SmoothCurve(PortableRandom random)
    {
        for (var i = 0; i < knots.Length; i++)
            knots[i] = random.NextNormalish();
    }

    /// <summary>The value at <paramref name="t"/> in [0, 1]; about normal, with a standard deviation somewhat below 1.</summary>
    public double At(double t)
    {
        var position = t * Intervals;
        var i = Math.Min((int)position, Intervals - 1);
        var (a, b, c, d) = PortableMath.SplineWeights(position - i);
        return (a * knots[i]) + (b * knots[i + 1]) + (c * knots[i + 2]) + (d * knots[i + 3]);
    }
}
