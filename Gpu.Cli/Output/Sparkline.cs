namespace Gpu.Cli.Output;

/// <summary>A line of block characters whose heights show values.</summary>
internal static class Sparkline
{
    private const string Blocks = "▁▂▃▄▅▆▇█";
    private const string Ascii = "_.-=*#";

    /// <summary>Draws values that are finite; more values than columns are thinned out, the last one kept.</summary>
    /// <param name="values">the values</param>
    /// <param name="width">columns at the most</param>
    /// <param name="isUnicode">whether to use block characters instead of ASCII</param>
    public static string Draw(IReadOnlyList<double> values, int width, bool isUnicode)
    {
        var finite = values.Where(double.IsFinite).ToArray();
        if (finite.Length == 0 || width < 1) return "";
        if (finite.Length > width)
        {
            finite = width == 1 ? [finite[^1]]
                : [.. Enumerable.Range(0, width).Select(i => finite[(int)Math.Round((double)i * (finite.Length - 1) / (width - 1))])];
        }

        var letters = isUnicode ? Blocks : Ascii;
        var (low, high) = (finite.Min(), finite.Max());
        return string.Concat(finite.Select(value => letters[high > low ? (int)Math.Round((value - low) / (high - low) * (letters.Length - 1)) : 0]));
    }
}
