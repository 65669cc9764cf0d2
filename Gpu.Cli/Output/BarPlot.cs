namespace Gpu.Cli.Output;

/// <summary>Text bar chart with error bars, one line per value.</summary>
internal static class BarPlot
{
    private const int Width = 50;

    /// <summary>
    /// Returns one line per row: label, bar with error bar, and value text. Bars start at <see cref="Start"/>.
    /// </summary>
    /// <param name="rows">label, value, its error (NaN for none) and the value as text; a value that is not finite has no bar</param>
    /// <param name="isUnicode">whether to use block characters instead of ASCII</param>
    public static IEnumerable<string> Lines(IReadOnlyList<(string Label, double Value, double Error, string Text)> rows, bool isUnicode)
    {
        if (!rows.Any(row => double.IsFinite(row.Value))) yield break;
        var start = Start(rows);
        var high = Ends(rows).High;
        var range = Math.Max(high - start, 1e-12);
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
    }

    /// <summary>
    /// Where the bars start: at 0, or at the smallest value if it is negative; near the smallest value if all are so close together that bars from 0 would look
    /// alike. 0 without values.
    /// </summary>
    public static double Start(IReadOnlyList<(string Label, double Value, double Error, string Text)> rows)
    {
        const double close = 0.25, room = 0.15, least = 0.005;
        if (!rows.Any(row => double.IsFinite(row.Value))) return 0;
        var (low, high) = Ends(rows);
        if (low <= 0 || high - low > close * high || high == low) return Math.Min(0, low);
        // Differences far below a percent stay small. Rounded down to a digit that tells the values apart.
        var range = Math.Max(high - low, least * high);
        var start = high - (1 + room) * range;
        var unit = Math.Pow(10, Math.Floor(Math.Log10(range)));
        return Math.Max(0, Math.Floor(start / unit) * unit);
    }

    private static (double Low, double High) Ends(IReadOnlyList<(string Label, double Value, double Error, string Text)> rows)
    {
        var finite = rows.Where(row => double.IsFinite(row.Value)).ToArray();
        return (finite.Min(row => row.Value - Margin(row.Error)), finite.Max(row => row.Value + Margin(row.Error)));
    }

    private static double Margin(double error) => double.IsFinite(error) ? error : 0;
}
