using System.Globalization;

namespace Gpu.Training.Data.Digits;

/// <summary>
/// A pen stroke of lines and Bezier curves in the syntax of SVG paths: M moves to the start, L draws a line, Q a quadratic and C a cubic curve;
/// coordinates are absolute, in hundredths.
/// </summary>
internal sealed class StrokePath
{
    private const int PointsPerLine = 6;
    private const int PointsPerCurve = 14;

    private readonly List<(int Degree, int Start)> _segments = [];
    private readonly List<Point> _controls = [];

    /// <summary>Parses a description such as "M -40 -60 L 5 -100 L 5 100".</summary>
    public StrokePath(string description)
    {
        var words = description.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        for (var i = 0; i < words.Length;)
        {
            var degree = words[i++] switch
            {
                "M" => 0,
                "L" => 1,
                "Q" => 2,
                "C" => 3,
                var other => throw new FormatException($"'{other}' in the stroke '{description}' is none of the commands M, L, Q and C."),
            };
            if (degree > 0)
                _segments.Add((degree, _controls.Count - 1));
            for (var k = 0; k < Math.Max(1, degree); k++, i += 2)
                _controls.Add(new Point(Coordinate(words[i]), Coordinate(words[i + 1])));
        }
    }

    /// <summary>Samples points along the stroke, after every control point is moved at random.</summary>
    /// <param name="random">The random generator.</param>
    /// <param name="jitter">Standard deviation of the movement, in template units (a digit is 2 high).</param>
    public Point[] Trace(PortableRandom random, double jitter)
    {
        var moved = new Point[_controls.Count];
        for (var i = 0; i < moved.Length; i++)
            moved[i] = _controls[i] + new Point(random.NextApproximateNormal() * jitter, random.NextApproximateNormal() * jitter);

        var points = new List<Point> { moved[0] };
        foreach (var (degree, start) in _segments)
        {
            var count = degree == 1 ? PointsPerLine : PointsPerCurve;
            for (var k = 1; k <= count; k++)
                points.Add(Evaluate(moved.AsSpan(start, degree + 1), (double)k / count));
        }

        return [.. points];
    }

    // De Casteljau: repeated linear interpolation, for any degree up to three.
    private static Point Evaluate(ReadOnlySpan<Point> controls, double t)
    {
        Span<Point> work = stackalloc Point[4];
        controls.CopyTo(work);
        for (var remaining = controls.Length - 1; remaining > 0; remaining--)
        {
            for (var i = 0; i < remaining; i++)
                work[i] = (work[i] * (1 - t)) + (work[i + 1] * t);
        }

        return work[0];
    }

    private static double Coordinate(string word) => int.Parse(word, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture) / 100.0;
}
