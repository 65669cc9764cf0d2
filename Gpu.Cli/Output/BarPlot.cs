namespace Gpu.Cli.Output;

/// <summary>Text bar chart with error bars, one line per value.</summary>
internal static class BarPlot
{
    private const int Width = 50;

    /// <summary>
    /// Returns one line per row: label, bar with error bar, and value text. Bars start at 0, or at the smallest value if it is negative, so that small
    /// differences look small.
    /// </summary>
    /// <param name="rows">label, value, its error (NaN for none) and the value as text; a value that is not finite has no bar</param>
    /// <param name="isUnicode">whether to use block characters instead of ASCII</param>
    public static IEnumerable<string> Lines(IReadOnlyList<(string Label, double Value, double Error, string Text)> rows, bool isUnicode)
    {
        var finite = rows.Where(row => double.IsFinite(row.Value)).ToArray();
        if (finite.Length == 0) yield break;
        var low = finite.Min(row => row.Value - Margin(row.Error));
        var high = finite.Max(row => row.Value + Margin(row.Error));

        var start = Math.Min(0, low);
        var range = Math.Max(high - start, 1e-9);
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

        int Column(double value) => Math.Clamp((int)Math.Round((value - start) / range * (Width - 1)), 0, Width - 1);
        static double Margin(double error) => double.IsFinite(error) ? error : 0;
    }
}
