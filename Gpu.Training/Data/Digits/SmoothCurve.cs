namespace Gpu.Training.Data.Digits;

/// <summary>A smooth random function on [0, 1]: a cubic B-spline over random knots. Used for the pressure along a stroke.</summary>
internal sealed class SmoothCurve
{
    private const int Intervals = 3;
    private readonly double[] _knots = new double[Intervals + 3];

    public SmoothCurve(PortableRandom random)
    {
        for (var i = 0; i < _knots.Length; i++)
            _knots[i] = random.NextApproximateNormal();
    }

    /// <summary>The value at <paramref name="t"/> in [0, 1]; approximately normal, with a standard deviation below 1.</summary>
    public double At(double t)
    {
        var position = t * Intervals;
        var i = Math.Min((int)position, Intervals - 1);
        var (a, b, c, d) = PortableMath.SplineWeights(position - i);
        return (a * _knots[i]) + (b * _knots[i + 1]) + (c * _knots[i + 2]) + (d * _knots[i + 3]);
    }
}
