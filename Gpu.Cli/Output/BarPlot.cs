namespace Gpu.Cli.Output;

/// <summary>A plot of values with their errors, a line each, for a terminal or a log.</summary>
internal static class BarPlot
{
    private const int Width = 50;

    /// <summary>
    /// The lines: a label, a bar from the smallest value's left margin, an error interval where there is one, and the value.
    /// </summary>
    /// <param name="rows">label, value, its error (NaN for none) and the value as text; a value that is NaN has no bar</param>
    /// <param name="isUnicode">whether block characters can be written</param>
    public static IEnumerable<string> Lines(IReadOnlyList<(string Label, double Value, double Error, string Text)> rows, bool isUnicode)
    {
        var finite = rows.Where(row => double.IsFinite(row.Value)).ToArray();
        if (finite.Length == 0) yield break;
        var low = finite.Min(row => row.Value - Margin(row.Error));
        var high = finite.Max(row => row.Value + Margin(row.Error));

        // The bars do not begin at 0, where all would look the same; the smallest keeps a tenth of the width.
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
