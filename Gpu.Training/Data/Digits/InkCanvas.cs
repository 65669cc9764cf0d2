namespace Gpu.Training.Data.Digits;

/// <summary>A gray image of ink from 0 (none) to 1 (full) per pixel, in row order, with anti-aliased strokes.</summary>
internal sealed class InkCanvas(int size)
{
    private readonly double[] _ink = new double[size * size];
    private readonly double[] _scratch = new double[size * size];

    /// <summary>The ink of each pixel.</summary>
    public ReadOnlySpan<double> Ink => _ink;

    /// <summary>Removes all ink.</summary>
    public void Clear() => Array.Clear(_ink);

    /// <summary>
    /// Draws a line with round ends whose radius and strength are interpolated linearly. Where strokes overlap, the stronger one counts.
    /// </summary>
    /// <param name="from">Start in pixels; the center of the first pixel is (0.5, 0.5).</param>
    /// <param name="to">End in pixels.</param>
    /// <param name="fromPen">Radius in pixels and strength (0 to 1) at the start.</param>
    /// <param name="toPen">Radius and strength at the end.</param>
    /// <param name="softness">Width in pixels of the edge over which the ink fades; 1 is plain anti-aliasing.</param>
    public void Draw(Point from, Point to, Pen fromPen, Pen toPen, double softness)
    {
        var reach = Math.Max(fromPen.Radius, toPen.Radius) + (softness / 2);
        var left = FirstPixel(Math.Min(from.X, to.X) - reach);
        var right = LastPixel(Math.Max(from.X, to.X) + reach);
        var top = FirstPixel(Math.Min(from.Y, to.Y) - reach);
        var bottom = LastPixel(Math.Max(from.Y, to.Y) + reach);
        var line = to - from;
        var squaredLength = (line.X * line.X) + (line.Y * line.Y);
        for (var row = top; row <= bottom; row++)
        {
            for (var column = left; column <= right; column++)
            {
                var offset = new Point(column + 0.5, row + 0.5) - from;
                var t = squaredLength > 0 ? Math.Clamp(((offset.X * line.X) + (offset.Y * line.Y)) / squaredLength, 0, 1) : 0;
                var away = offset - (line * t);
                var distance = Math.Sqrt((away.X * away.X) + (away.Y * away.Y));
                var radius = fromPen.Radius + ((toPen.Radius - fromPen.Radius) * t);
                var strength = fromPen.Strength + ((toPen.Strength - fromPen.Strength) * t);
                var value = strength * Math.Clamp(((radius - distance) / softness) + 0.5, 0, 1);
                ref var pixel = ref _ink[(row * size) + column];
                pixel = Math.Max(pixel, value);
            }
        }
    }

    /// <summary>Mixes the image with itself blurred by the 3x3 binomial filter (1 2 1) x (1 2 1) / 16.</summary>
    /// <param name="amount">Share of the blurred image, 0 to 1.</param>
    public void Blur(double amount)
    {
        for (var row = 0; row < size; row++)
        {
            for (var column = 0; column < size; column++)
            {
                var i = (row * size) + column;
                var before = column > 0 ? _ink[i - 1] : 0;
                var after = column + 1 < size ? _ink[i + 1] : 0;
                _scratch[i] = before + (2 * _ink[i]) + after;
            }
        }

        for (var row = 0; row < size; row++)
        {
            for (var column = 0; column < size; column++)
            {
                var i = (row * size) + column;
                var above = row > 0 ? _scratch[i - size] : 0;
                var below = row + 1 < size ? _scratch[i + size] : 0;
                _ink[i] = ((1 - amount) * _ink[i]) + (amount * ((above + (2 * _scratch[i]) + below) / 16));
            }
        }
    }

    // Clamped before the conversion: a double outside the range of an int converts differently from platform to platform.
    private int FirstPixel(double edge) => (int)Math.Clamp(edge - 0.5, 0, size);

    private int LastPixel(double edge) => (int)Math.Clamp(edge, -1, size - 1);
}
