namespace Gpu.Training.Data.Digits;

/// <summary>
/// A smooth random displacement of the plane (elastic distortion, Simard, Steinkraus and Platt 2003): a bicubic B-spline over a coarse grid of
/// random vectors. It displaces the strokes rather than the pixels, so lines stay sharp.
/// </summary>
internal sealed class ElasticField
{
    private const int Intervals = 3;
    private const int Knots = Intervals + 3;
    private readonly Point[] _grid = new Point[Knots * Knots];

    /// <summary>Draws a random field. Each component is approximately normal with a standard deviation of about half of <paramref name="strength"/>.</summary>
    public ElasticField(PortableRandom random, double strength)
    {
        for (var i = 0; i < _grid.Length; i++)
            _grid[i] = new Point(random.NextApproximateNormal() * strength, random.NextApproximateNormal() * strength);
    }

    /// <summary>Displaces a point of the square [-1, 1] x [-1, 1]. Points outside are displaced like the nearest point inside.</summary>
    public Point Move(Point p)
    {
        var (column, x) = Locate(p.X);
        var (row, y) = Locate(p.Y);
        var (a, b, c, d) = PortableMath.SplineWeights(x);
        var (e, f, g, h) = PortableMath.SplineWeights(y);
        var first = (row * Knots) + column;
        return p
            + (Row(first, a, b, c, d) * e)
            + (Row(first + Knots, a, b, c, d) * f)
            + (Row(first + (2 * Knots), a, b, c, d) * g)
            + (Row(first + (3 * Knots), a, b, c, d) * h);
    }

    private Point Row(int i, double a, double b, double c, double d) => (_grid[i] * a) + (_grid[i + 1] * b) + (_grid[i + 2] * c) + (_grid[i + 3] * d);

    private static (int Index, double Fraction) Locate(double coordinate)
    {
        var position = Math.Clamp((coordinate + 1) / 2, 0, 1) * Intervals;
        var index = Math.Min((int)position, Intervals - 1);
        return (index, position - index);
    }
}
