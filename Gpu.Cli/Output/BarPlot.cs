namespace Gpu.Cli.Output;

/// <summary>Text bar chart with error bars, one line per value.</summary>
internal static class BarPlot
{
    private const int Width = 50;

    /// <summary>
    /// Returns one line per row: label, bar with error bar, and value text. Bars do not start at 0, but below the smallest value.
    /// </summary>
    /// <param name="rows">label, value, its error (NaN for none) and the value as text; a value that is not finite has no bar</param>
    /// <param name="isUnicode">whether to use block characters instead of ASCII</param>
    public static IEnumerable<string> Lines(IReadOnlyList<(string Label, double Value, double Error, string Text)> rows, bool isUnicode)
    {
        var finite = rows.Where(row => double.IsFinite(row.Value)).ToArray();
        if (finite.Length == 0) yield break;
        var low = finite.Min(row => row.Value - Margin(row.Error));
        var high = finite.Max(row => row.Value + Margin(row.Error));

        // Bars that start at 0 would all look alike. The shortest bar gets a tenth of the width.
        var range = high > low ? high - low : Math.Max(Math.Abs(high), 1e-9);
        var start = low - range / 9;
        var labels = rows.Max(row => row.Label.Length);
        foreach (var (label, value, error, text) in rows)
        {
            var line = new char[Width];
            Array.Fill(line, ' ');
            if (double.IsFinite(value))
            {
                var end = Column(value);
                Array.Fill(line, isUnicode ? '█' : '#', 0, end + 1);
                if (double.IsFinite(error) && error > 0)
                {
                    var (from, to) = (Column(value - error), Column(value + error));
                    for (var at = from; at <= to; at++) line[at] = isUnicode ? '─' : '-';
                    (line[from], line[to], line[end]) = ('|', '|', isUnicode ? '█' : '#');
                }
            }

            yield return $"{label.PadLeft(labels)}  {new string(line)}  {text}".TrimEnd();
        }

        int Column(double value) => Math.Clamp((int)Math.Round((value - start) / (high - start) * (Width - 1)), 0, Width - 1);
        static double Margin(double error) => double.IsFinite(error) ? error : 0;
    }
}
